"""Loads artifacts and predicts, on LiteRT. Knows nothing of Keras or TensorFlow.

One pass through a backbone's artifact gives the predictions of both its variants.
"""

import os
import threading
import time
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from flowers.backbones import BACKBONES, FOCUS, KNOWN, PROBABILITIES, VARIANTS, Model, Variant
from flowers.errors import WeightsError, said
from flowers.weights.folder import ARTIFACT, Artifact, Config, Refusal

PROBE = 127
"""Value of all pixels of the photo that every artifact is tried with when it is loaded."""


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
    def model(self) -> Model:
        """Who says it."""
        return self.backbone, self.variant

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

    For `background` that is the score, which was learned beside background classes. For
    `neighbours` it is the share of reference photos whose score is not above it: a conformal
    p-value (Vovk et al. 2005), so 5 % of photos like those of the reference fall below 0.05.
    """
    if refusal.method == "background":
        return min(1.0, max(0.0, score))
    return bisect_right(refusal.reference, score) / len(refusal.reference)


def read_outputs(
    config: Config, outputs: Mapping[str, np.ndarray], milliseconds: float
) -> dict[Variant, Prediction]:
    """What the outputs of an artifact say of one photo, by the names in `backbones.py`.

    Each is of a batch of one: probabilities float32[1, classes], focus maps float32[1, h, w], the
    score behind P(known) float32[1, 1].
    """
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

    def __init__(self, artifact: Artifact, threads: int | None = None):
        """Load an artifact and try it with one grey photo. Raises `WeightsError`.

        The file is trusted: whoever made the `Artifact` has checked it.
        """
        self.config = artifact.config
        self.backbone = BACKBONES[self.config.backbone]
        self._lock = threading.Lock()  # An interpreter is not thread-safe.
        try:
            self._interpreter = Interpreter(
                str(artifact.path), num_threads=threads or os.cpu_count() or 1
            )
            self._runner = self._interpreter.get_signature_runner()
            self._check_signature()
        except WeightsError:
            raise
        except Exception as error:  # LiteRT raises ValueError and RuntimeError of many kinds.
            raise WeightsError(
                f"{self.backbone.key}/{ARTIFACT} cannot be loaded; pull or train it again. "
                f"Received: {said(error)}"
            ) from error
        size = self.config.image_size
        self.predict(np.full((size, size, 3), PROBE, dtype=np.uint8))

    def predict(self, photo: np.ndarray) -> dict[Variant, Prediction]:
        """Predictions of all variants for one photo, uint8[size, size, 3].

        Raises `WeightsError` when the artifact fails, or says what are not probabilities.
        """
        size = self.config.image_size
        if photo.shape != (size, size, 3) or photo.dtype != np.uint8:
            raise ValueError(
                f"{self.backbone.name} takes uint8[{size}, {size}, 3]. "
                f"Received: {photo.dtype}{list(photo.shape)}"
            )
        try:
            with self._lock:
                start = time.perf_counter()
                outputs = self._runner(photo=photo[np.newaxis])
                milliseconds = (time.perf_counter() - start) * 1000
        except Exception as error:
            raise self._failure(said(error)) from error
        for name, values in outputs.items():
            if not np.isfinite(values).all():
                raise self._failure(f"{name} holds what is not a number")
        slack = 0.01 + len(self.config.classes) / 256  # int8 rounds each to 1/256.
        for variant in self.config.variants:
            shares = outputs[PROBABILITIES.format(variant=variant)]
            if shares.min() < 0 or abs(float(shares.sum()) - 1) > slack:
                raise self._failure(f"probabilities of {variant} whose sum is not 1")
        return read_outputs(self.config, outputs, milliseconds)

    def _failure(self, received: str) -> WeightsError:
        return WeightsError(
            f"{self.backbone.key}/{ARTIFACT} fails at a photo; pull or train it again. "
            f"Received: {received}"
        )

    def _check_signature(self) -> None:
        size, classes = self.config.image_size, len(self.config.classes)
        inputs = self._runner.get_input_details()
        outputs = self._runner.get_output_details()
        fits = "photo" in inputs and list(inputs["photo"]["shape"]) == [1, size, size, 3]

        def shape(name: str, variant: Variant) -> list[int]:
            detail = outputs.get(name.format(variant=variant))
            return [] if detail is None else [int(n) for n in detail["shape"]]

        for variant, settings in self.config.variants.items():
            focus = shape(FOCUS, variant)
            fits = fits and shape(PROBABILITIES, variant) == [1, classes]
            fits = fits and len(focus) == 4 and focus[::3] == [1, classes]
            fits = fits and min(focus) > 0 and max(focus[1:3]) <= size
            if settings.refusal:
                fits = fits and shape(KNOWN, variant) == [1, 1]
        if not fits:
            raise WeightsError(
                f"{self.backbone.key}/{ARTIFACT} does not have the inputs and outputs that its "
                f"config.json describes; pull or train it again."
            )
