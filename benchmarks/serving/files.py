"""What the serving benchmark keeps: where the files of every row lie, and its photos."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flowers.backbones import VARIANTS, Variant
from flowers.files import whole_file
from flowers.weights.folder import ARTIFACT, CONFIG, Precision
from tests.support.photos import pattern

SERVED_PRECISIONS: dict[str, Precision] = {"int8": "int8", "float16": "float16"}
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

    @property
    def graph(self) -> Path:
        """The Keras weights of the fused graph, of which all else is made."""
        return self.folder / "graph" / f"{self.backbone}.weights.h5"

    @property
    def work(self) -> Path:
        """Multiply-adds for one photo, `{"plain": …, "fused": …}`."""
        return self.folder / "work" / f"{self.backbone}.json"

    def files(self, kind: str) -> list[Path]:
        """The files that rows of a kind load: plain or one of `SERVED_PRECISIONS`."""
        if kind == "plain":
            return [self.plain(variant) for variant in VARIANTS]
        return [self.served(kind) / ARTIFACT, self.served(kind) / CONFIG]

    def has(self, kind: str) -> bool:
        """Whether the files of a kind are there."""
        return all(path.exists() for path in self.files(kind))

    def multiply_adds(self) -> dict[str, int]:
        """What `work` holds."""
        return json.loads(self.work.read_text(encoding="utf-8"))


def weights_folder(made: Sequence[Made], kind: str, root: Path) -> Path:
    """Make `root` a weights folder that leads to what `made` has of a kind."""
    root.mkdir(parents=True)
    for one in made:
        (root / one.backbone).symlink_to(one.served(kind).resolve())
    return root


def write_photos(folder: Path, count: int) -> list[Path]:
    """Write `count` JPEG photos, unless they are there; return their paths."""
    paths = [folder / f"{number:03}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        if not path.exists():
            with whole_file(path) as partial:
                # With grain, so that decoding takes what a real photo takes.
                pattern(number, SIDES, grain=12).save(partial, format="JPEG", quality=90)
    return paths
