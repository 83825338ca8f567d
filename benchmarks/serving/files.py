"""What the serving benchmark keeps: where the files of every row lie, and its photos."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from flowers.backbones import VARIANTS, Variant
from flowers.files import whole_file
from flowers.weights.folder import ARTIFACT, CONFIG, Precision

PACKAGES = {
    "onnx-float32": ("tf2onnx", "onnx"),
    "onnx-int8": ("tf2onnx", "onnx", "onnxruntime"),
    "openvino-float32": ("tf2onnx", "onnx", "openvino"),
    "openvino-int8": ("tf2onnx", "onnx", "openvino", "nncf"),
}
"""What must be installed to make a kind of file, where it is not this project's own need."""

SERVED: dict[str, Precision] = {"int8": "int8", "float16": "float16"}
"""Kinds of this project's artifacts -> precision."""

SIDES = (1024, 768)
"""Of a photo, in pixels: what the web shows, and more than any network takes."""


@dataclass(frozen=True)
class Made:
    """All that is made of one backbone's weights."""

    folder: Path
    """Holds the files of one set of weights, of several backbones perhaps."""
    backbone: str

    def plain(self, variant: Variant) -> Path:
        """Weights of one model as a user of Keras keeps them."""
        return self.folder / "plain" / f"{self.backbone}-{variant}.weights.h5"

    def served(self, kind: str) -> Path:
        """A backbone's folder as the app serves it."""
        return self.folder / kind / self.backbone

    def onnx(self, precision: str) -> Path:
        """The fused graph for ONNX Runtime."""
        return self.folder / "onnx" / f"{self.backbone}-{precision}.onnx"

    def openvino(self, precision: str) -> Path:
        """The fused graph for OpenVINO; its weights lie beside it in a `.bin`."""
        return self.folder / "openvino" / f"{self.backbone}-{precision}.xml"

    @property
    def graph(self) -> Path:
        """The Keras weights of the fused graph, of which all else is made."""
        return self.folder / "graph" / f"{self.backbone}.weights.h5"

    @property
    def work(self) -> Path:
        """Multiply-adds for one photo, `{"plain": …, "fused": …}`."""
        return self.folder / "work" / f"{self.backbone}.json"

    @property
    def failures(self) -> Path:
        """Why other engines' files could not be made, by the kind of file."""
        return self.folder / "failures" / f"{self.backbone}.json"

    def files(self, kind: str) -> list[Path]:
        """The files that rows of a kind load: plain, one of `SERVED`, onnx-…, openvino-…."""
        engine, _, precision = kind.partition("-")
        if engine == "plain":
            return [self.plain(variant) for variant in VARIANTS]
        if engine == "onnx":
            return [self.onnx(precision)]
        if engine == "openvino":
            path = self.openvino(precision)
            return [path, path.with_suffix(".bin")]
        return [self.served(kind) / ARTIFACT, self.served(kind) / CONFIG]

    def has(self, kind: str) -> bool:
        """Whether the files of a kind are there."""
        return all(path.exists() for path in self.files(kind))

    def multiply_adds(self) -> dict[str, int]:
        """What `work` holds."""
        return json.loads(self.work.read_text(encoding="utf-8"))

    def why_not(self, kind: str) -> str | None:
        """Why the files of a kind could not be made, where that is known."""
        if not self.failures.exists():
            return None
        return json.loads(self.failures.read_text(encoding="utf-8")).get(kind)


def weights_folder(made: Sequence[Made], kind: str, root: Path) -> Path:
    """Make `root` a weights folder that leads to what `made` has of a kind."""
    root.mkdir(parents=True)
    for one in made:
        (root / one.backbone).symlink_to(one.served(kind).resolve())
    return root


def write_photos(folder: Path, count: int) -> list[Path]:
    """Write so many JPEG photos of light and shade, unless they are there; return their paths."""
    paths = [folder / f"{number:03}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        if not path.exists():
            with whole_file(path) as partial:
                _photo(number).save(partial, format="JPEG", quality=90)
    return paths


def _photo(seed: int) -> Image.Image:
    """Blurred patches under fine grain, so that decoding takes what a real photo takes."""
    rng = np.random.default_rng(seed)
    patches = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    smooth = np.asarray(patches.resize(SIDES, Image.Resampling.BICUBIC), dtype=np.int16)
    grain = rng.integers(-12, 13, smooth.shape, dtype=np.int16)
    return Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8))
