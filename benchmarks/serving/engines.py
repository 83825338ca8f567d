"""The engines that are compared: what runs in the process of one row.

Each loads a backbone when it is first asked, as the app does. Nothing is imported before its engine
is made: importing is part of a cold start.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.serving.files import Made, weights_folder
from flowers.backbones import BACKBONES, VARIANTS, Variant

ORDER = ("mobilenetv2", "densenet121", "inceptionv3", "vgg16", "resnet101", "inceptionresnetv2")
"""Small artifacts first, as the app goes where no latencies were measured."""

Answer = tuple[str, Variant, np.ndarray]
"""Backbone, variant, float32[classes]."""


@dataclass(frozen=True)
class Assets:
    """What a row may use."""

    made: Sequence[Made]
    classes: int
    image_size: int
    scratch: Path
    """An empty folder, or what an earlier process of the same row left in it."""

    def in_order(self) -> list[Made]:
        """The backbones in the order in which they are asked."""
        return sorted(self.made, key=lambda made: ORDER.index(made.backbone))


class Engine(ABC):
    """One way to serve the models."""

    def __init__(self, assets: Assets) -> None:
        self.assets = assets

    @abstractmethod
    def answers(self, photo: Path, backbone: str | None = None) -> Iterator[Answer]:
        """Read a photo with all models, or with both of one backbone; yield what is there."""

    @abstractmethod
    def batch(self, photos: Sequence[Path]) -> None:
        """Read many photos with all models."""

    def _wanted(self, backbone: str | None) -> list[Made]:
        return [m for m in self.assets.in_order() if backbone in (None, m.backbone)]


class PlainKeras(Engine):
    """Every model by itself, with `model.predict`."""

    def __init__(self, assets: Assets) -> None:
        super().__init__(assets)
        import keras

        self._keras = keras
        self._models: dict[Path, Any] = {}

    def answers(self, photo: Path, backbone: str | None = None) -> Iterator[Answer]:
        """One prediction after the other."""
        pixels = self._pixels([photo])
        for made in self._wanted(backbone):
            for variant in VARIANTS:
                yield made.backbone, variant, self._predict(made, variant, pixels)[0]

    def batch(self, photos: Sequence[Path]) -> None:
        """All photos at once, one model after the other."""
        pixels = self._pixels(photos)
        for made in self.assets.in_order():
            for variant in VARIANTS:
                self._predict(made, variant, pixels)

    def _pixels(self, photos: Sequence[Path]) -> np.ndarray:
        size = (self.assets.image_size, self.assets.image_size)
        load = self._keras.utils.load_img
        images = [load(path, target_size=size, interpolation="bilinear") for path in photos]
        return np.stack([self._keras.utils.img_to_array(image) for image in images])

    def _predict(self, made: Made, variant: Variant, pixels: np.ndarray) -> np.ndarray:
        from benchmarks.plain_keras import build_plain, preprocessing

        backbone, weights = BACKBONES[made.backbone], made.plain(variant)
        if weights not in self._models:
            model = build_plain(backbone, self.assets.classes, self.assets.image_size)
            model.load_weights(weights)
            self._models[weights] = model
        ready = preprocessing(backbone.builder)(pixels.copy())  # It changes what it is given.
        return self._models[weights].predict(ready, verbose=0)


class App(Engine):
    """This project's runtime, by the calls that the page makes."""

    def __init__(self, assets: Assets, kind: str) -> None:
        super().__init__(assets)
        from flowers.models.zoo import Zoo
        from flowers.weights.source import Source

        root = assets.scratch / "weights"
        if not root.exists():
            weights_folder(assets.made, kind, root)
        self._zoo = Zoo(Source(root))

    def answers(self, photo: Path, backbone: str | None = None) -> Iterator[Answer]:
        """As on the tab of one photo."""
        from flowers.photos import load_photo

        image = load_photo(photo, at_least=self._zoo.detail())
        models = self._zoo.choose(None if backbone is None else [backbone], None).models
        for answer in self._zoo.predict(image, models):
            if answer.reason:
                raise RuntimeError(answer.reason)
            for p in answer.predictions:
                yield p.backbone, p.variant, p.probabilities

    def batch(self, photos: Sequence[Path]) -> None:
        """As on the tab of many photos."""
        from flowers.models.batch import collect, read_batch

        shots = collect(list(photos), self._zoo.classes()).shots
        for row in read_batch(self._zoo, shots, self._zoo.choose(None, None).models):
            for reason in row.left_out.values():
                raise RuntimeError(reason)


class Fused(Engine):
    """Another engine on the same fused graph, one photo after the other."""

    def __init__(self, assets: Assets) -> None:
        super().__init__(assets)
        self._loaded: dict[str, Any] = {}

    @abstractmethod
    def load(self, made: Made) -> Any:
        """Load a backbone's graph."""

    @abstractmethod
    def run(self, loaded: Any, photo: np.ndarray) -> dict[str, np.ndarray]:
        """Outputs by name for uint8[1, size, size, 3]."""

    def answers(self, photo: Path, backbone: str | None = None) -> Iterator[Answer]:
        """Both variants of a backbone come from one pass."""
        from flowers.photos import read_photo

        pixels = read_photo(photo, self.assets.image_size)[np.newaxis]
        for made in self._wanted(backbone):
            if made.backbone not in self._loaded:
                self._loaded[made.backbone] = self.load(made)
            outputs = self.run(self._loaded[made.backbone], pixels)
            for variant in VARIANTS:
                yield made.backbone, variant, outputs[f"{variant}_probabilities"][0]

    def batch(self, photos: Sequence[Path]) -> None:
        """One by one: a graph of fixed shape is what these engines run best."""
        for photo in photos:
            for _ in self.answers(photo):
                pass


class OnnxRuntime(Fused):
    """ONNX Runtime with its default settings, on the CPU."""

    def __init__(self, assets: Assets, precision: str) -> None:
        super().__init__(assets)
        self.precision = precision

    def load(self, made: Made) -> Any:
        """An `InferenceSession`, with the names of its outputs."""
        import onnxruntime

        path = str(made.onnx(self.precision))
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        return session, [output.name for output in session.get_outputs()]

    def run(self, loaded: Any, photo: np.ndarray) -> dict[str, np.ndarray]:
        """One pass."""
        session, names = loaded
        return dict(zip(names, session.run(names, {"photo": photo}), strict=True))


class OpenVino(Fused):
    """OpenVINO on the CPU, set for latency, with its cache of compiled models filled before."""

    def __init__(self, assets: Assets, precision: str) -> None:
        super().__init__(assets)
        import openvino

        self.precision = precision
        self._core = openvino.Core()
        self._core.set_property({"CACHE_DIR": str(assets.scratch / "compiled")})

    def load(self, made: Made) -> Any:
        """A compiled model, with the names of its outputs."""
        # bfloat16 is a way to run the float32 file; int8 sets its precision itself.
        file = "int8" if self.precision == "int8" else "float32"
        hints = {"float32": {"INFERENCE_PRECISION_HINT": "f32"}}
        hints["bfloat16"] = {"INFERENCE_PRECISION_HINT": "bf16"}
        settings = {"PERFORMANCE_HINT": "LATENCY", **hints.get(self.precision, {})}
        compiled = self._core.compile_model(str(made.openvino(file)), "CPU", settings)
        names = [next(iter(output.get_names())) for output in compiled.outputs]
        return compiled.create_infer_request(), names

    def run(self, loaded: Any, photo: np.ndarray) -> dict[str, np.ndarray]:
        """One pass."""
        request, names = loaded
        request.infer({"photo": photo})
        return {name: request.get_output_tensor(i).data.copy() for i, name in enumerate(names)}
