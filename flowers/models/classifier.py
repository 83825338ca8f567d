"""Loads artifacts and predicts, on LiteRT. Knows nothing of Keras or TensorFlow.

One pass through a backbone's artifact gives the predictions of both its variants.
"""

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from flowers.backbones import BACKBONES, VARIANTS, Variant
from flowers.errors import WeightsError
from flowers.weights.folder import ARTIFACT, Config, check_file, read_config

PROBABILITIES = "{variant}_probabilities"
FOCUS = "{variant}_focus"
"""Names of the artifact's outputs: float32[1, classes] and float32[1, h, w, classes]."""


@dataclass(frozen=True)
class Prediction:
    """What one model says of one photo."""

    backbone: str
    variant: Variant
    classes: tuple[str, ...]
    probabilities: np.ndarray
    """Calibrated, float32[classes]."""
    focus: np.ndarray
    """Grad-CAM of every class, float32[h, w, classes], not negative, not normalized."""
    known: bool
    """Whether the top probability reaches the model's unknown-threshold."""
    milliseconds: float
    """Of the pass through the backbone, which serves both variants."""

    @property
    def label(self) -> str:
        """The most probable class."""
        return self.classes[int(self.probabilities.argmax())]

    @property
    def probability(self) -> float:
        """Calibrated probability of `label`."""
        return float(self.probabilities.max())


def calibrate(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Temperature scaling of float[..., classes] probabilities (Guo et al. 2017)."""
    logits = np.log(np.maximum(probabilities, 1e-12)) / temperature
    scaled = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return scaled / scaled.sum(axis=-1, keepdims=True)


class Classifier:
    """One backbone's artifact, ready to predict. Safe to call from several threads."""

    def __init__(self, folder: Path, config: Config | None = None, threads: int | None = None):
        """Load the artifact in `folder` after checking it. Raises `WeightsError`."""
        self.config = config or read_config(folder)
        self.backbone = BACKBONES[self.config.backbone]
        path = check_file(folder, self.config, ARTIFACT)
        try:
            self._interpreter = Interpreter(str(path), num_threads=threads or os.cpu_count() or 1)
            self._runner = self._interpreter.get_signature_runner()
            self._check_signature(folder)
        except WeightsError:
            raise
        except Exception as error:  # LiteRT raises ValueError and RuntimeError of many kinds.
            raise WeightsError(
                f"{folder.name}/{ARTIFACT} cannot be loaded; pull or train it again. "
                f"Received: {str(error).splitlines()[0]}"
            ) from error
        self._lock = threading.Lock()  # An interpreter is not thread-safe.

    def predict(self, photo: np.ndarray) -> dict[Variant, Prediction]:
        """Predictions of all variants for one photo, uint8[size, size, 3]."""
        size = self.config.image_size
        if photo.shape != (size, size, 3) or photo.dtype != np.uint8:
            raise ValueError(
                f"{self.backbone.name} takes uint8[{size}, {size}, 3]. "
                f"Received: {photo.dtype}{list(photo.shape)}"
            )
        with self._lock:
            start = time.perf_counter()
            outputs = self._runner(photo=photo[np.newaxis])
            milliseconds = (time.perf_counter() - start) * 1000
        return {
            variant: self._read(variant, outputs, milliseconds)
            for variant in VARIANTS
            if variant in self.config.variants
        }

    def _read(
        self, variant: Variant, outputs: dict[str, np.ndarray], milliseconds: float
    ) -> Prediction:
        settings = self.config.variants[variant]
        raw = outputs[PROBABILITIES.format(variant=variant)][0]
        probabilities = calibrate(raw, settings.temperature).astype(np.float32)
        return Prediction(
            backbone=self.backbone.key,
            variant=variant,
            classes=tuple(self.config.classes),
            probabilities=probabilities,
            focus=outputs[FOCUS.format(variant=variant)][0],
            known=bool(probabilities.max() >= settings.unknown_threshold),
            milliseconds=milliseconds,
        )

    def _check_signature(self, folder: Path) -> None:
        size, classes = self.config.image_size, len(self.config.classes)
        inputs = self._runner.get_input_details()
        outputs = self._runner.get_output_details()
        fits = "photo" in inputs and list(inputs["photo"]["shape"]) == [1, size, size, 3]
        for variant in self.config.variants:
            for name in (PROBABILITIES, FOCUS):
                detail = outputs.get(name.format(variant=variant))
                fits = fits and detail is not None and detail["shape"][-1] == classes
        if not fits:
            raise WeightsError(
                f"{folder.name}/{ARTIFACT} does not have the inputs and outputs that its "
                f"config.json describes; pull or train it again."
            )


class Runtime:
    """Classifiers of several backbones, each loaded when it is first used."""

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads
        self._classifiers: dict[Path, Classifier] = {}
        self._lock = threading.Lock()

    def classifier(self, folder: Path) -> Classifier:
        """The classifier of a backbone's folder, loaded once. Raises `WeightsError`."""
        with self._lock:
            if folder not in self._classifiers:
                self._classifiers[folder] = Classifier(folder, threads=self._threads)
            return self._classifiers[folder]
