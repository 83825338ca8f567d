"""Loads artifacts and predicts, on LiteRT. Knows nothing of Keras or TensorFlow.

One pass through a backbone's artifact gives the predictions of both its variants.
"""

import os
import threading
import time
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from flowers.backbones import BACKBONES, FOCUS, KNOWN, PROBABILITIES, VARIANTS, Variant
from flowers.errors import WeightsError
from flowers.weights.folder import ARTIFACT, Config, Refusal, check_file, read_config


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
    """Whether the model takes the photo for one of its classes."""
    milliseconds: float
    """Of the pass through the backbone, which serves both variants."""
    p_known: float | None = None
    """P(known), 0 to 1: see `known_probability`. None for a model without `refusal`."""

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


def known_probability(score: float, refusal: Refusal) -> float:
    """P(known) of a photo, from the score that an artifact gives it.

    For `background` that is the score: the summed probability of the classes. For `neighbours` it
    is the share of reference photos whose score is not above it: a conformal p-value (Vovk et al.
    2005), so 5 % of photos like those of the reference fall below 0.05.
    """
    if refusal.method == "background":
        return min(1.0, max(0.0, score))
    return bisect_right(refusal.reference, score) / len(refusal.reference)


def read_outputs(
    config: Config, outputs: Mapping[str, np.ndarray], milliseconds: float
) -> dict[Variant, Prediction]:
    """What the outputs of an artifact say, by the names in `backbones.py`."""
    return {
        variant: _read_variant(config, variant, outputs, milliseconds)
        for variant in VARIANTS
        if variant in config.variants
    }


def _read_variant(
    config: Config, variant: Variant, outputs: Mapping[str, np.ndarray], milliseconds: float
) -> Prediction:
    settings = config.variants[variant]
    raw = outputs[PROBABILITIES.format(variant=variant)][0]
    probabilities = calibrate(raw, settings.temperature).astype(np.float32)
    if settings.refusal:
        score = float(outputs[KNOWN.format(variant=variant)][0, 0])
        p_known = known_probability(score, settings.refusal)
        known = p_known >= settings.refusal.threshold
    else:
        p_known = None
        known = bool(probabilities.max() >= settings.unknown_threshold)
    return Prediction(
        backbone=config.backbone,
        variant=variant,
        classes=tuple(config.classes),
        probabilities=probabilities,
        focus=outputs[FOCUS.format(variant=variant)][0],
        known=known,
        milliseconds=milliseconds,
        p_known=p_known,
    )


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
        return read_outputs(self.config, outputs, milliseconds)

    def _check_signature(self, folder: Path) -> None:
        size, classes = self.config.image_size, len(self.config.classes)
        inputs = self._runner.get_input_details()
        outputs = self._runner.get_output_details()
        fits = "photo" in inputs and list(inputs["photo"]["shape"]) == [1, size, size, 3]
        for variant, settings in self.config.variants.items():
            for name in (PROBABILITIES, FOCUS):
                detail = outputs.get(name.format(variant=variant))
                fits = fits and detail is not None and detail["shape"][-1] == classes
            if settings.refusal:
                detail = outputs.get(KNOWN.format(variant=variant))
                fits = fits and detail is not None and list(detail["shape"]) == [1, 1]
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
