"""The two sides that are compared: what runs in the process of one row.

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

Output = tuple[str, Variant, np.ndarray]
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
    def answers(self, photo: Path, backbone: str | None = None) -> Iterator[Output]:
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

    def answers(self, photo: Path, backbone: str | None = None) -> Iterator[Output]:
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
            model = build_plain(backbone.builder, self.assets.classes, self.assets.image_size)
            model.load_weights(weights)
            self._models[weights] = model
        ready = preprocessing(backbone.builder)(pixels.copy())  # It changes what it is given.
        return self._models[weights].predict(ready, verbose=0)


class ThisApp(Engine):
    """This project's runtime, by the calls that the page makes."""

    def __init__(self, assets: Assets, kind: str) -> None:
        super().__init__(assets)
        from flowers.models.zoo import Zoo
        from flowers.weights.source import Source

        root = assets.scratch / "weights"
        if not root.exists():
            weights_folder(assets.made, kind, root)
        self._zoo = Zoo(Source(root))

    def answers(self, photo: Path, backbone: str | None = None) -> Iterator[Output]:
        """As on the tab of one photo: one pass gives both variants of a backbone."""
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
        from flowers.models.batch import read_batch
        from flowers.models.shots import collect

        shots = collect(list(photos), self._zoo.classes()).shots
        for row in read_batch(self._zoo, shots, self._zoo.choose(None, None).models):
            for reason in row.left_out.values():
                raise RuntimeError(reason)
