"""What a model says of photos, what is set on held-out ones, and the figures that follow."""

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
)
from tqdm import tqdm

from flowers.backbones import BACKBONES, Variant
from flowers.models.classifier import Classifier, calibrate
from flowers.stats import accuracy_interval
from flowers.weights.results import (
    CalibrationBin,
    ClassResult,
    Outcome,
    VariantResult,
)

CALIBRATION_BINS = 15
ACCEPTED = 0.95
"""Share of validation photos that the unknown-threshold accepts where no other photos are given."""

Probabilities = dict[Variant, np.ndarray]
"""float32[n, classes] for every variant."""


def predict_all(
    classifier: Classifier, photos: Iterable[np.ndarray], total: int, title: str
) -> tuple[Probabilities, float]:
    """Probabilities of every photo, uint8[size, size, 3], and the median milliseconds of a pass."""
    rows: dict[Variant, list[np.ndarray]] = {variant: [] for variant in classifier.config.variants}
    milliseconds = []
    for photo in tqdm(photos, total=total, desc=title, unit="photo", leave=False):
        for variant, prediction in classifier.predict(photo).items():
            rows[variant].append(prediction.probabilities)
            milliseconds.append(prediction.milliseconds)
    stacked = {variant: np.stack(values) for variant, values in rows.items()}
    return stacked, float(np.median(milliseconds))


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The temperature with the least log-loss on float[n, classes] (Guo et al. 2017)."""

    def loss(log_temperature: float) -> float:
        scaled = calibrate(probabilities, float(np.exp(log_temperature)))
        return float(-np.log(np.maximum(scaled[np.arange(len(labels)), labels], 1e-12)).mean())

    best = minimize_scalar(loss, bounds=(np.log(0.2), np.log(5.0)), method="bounded")
    return round(float(np.exp(best.x)), 4)


def choose_threshold(known: np.ndarray, unknown: np.ndarray | None = None) -> float:
    """The top probability from which on a photo counts as one of the classes.

    `known` and `unknown` are top probabilities, float[n]. With `unknown`, the threshold at which
    the shares of known photos accepted and of unknown ones refused add up to most (Youden 1950);
    without, the one that 95 % of the known photos reach.
    """
    if unknown is None or not len(unknown):
        return round(float(np.quantile(known, 1 - ACCEPTED)), 4)
    candidates = np.unique(np.concatenate([known, unknown]))
    accepted = 1 - np.searchsorted(np.sort(known), candidates) / len(known)
    refused = np.searchsorted(np.sort(unknown), candidates) / len(unknown)
    return round(float(candidates[np.argmax(accepted + refused)]), 4)


def measure(
    photos: Sequence[str], labels: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]
) -> VariantResult:
    """Measure a variant from its calibrated probabilities.

    `labels` is int[n], `probabilities` float[n, classes]; both in the order of `photos`. Macro
    averages are over the classes that have photos.
    """
    probabilities = probabilities.astype(np.float64)
    probabilities /= probabilities.sum(axis=1, keepdims=True)  # float32 sums are off by 1e-7.
    predicted = probabilities.argmax(axis=1)
    confidence = probabilities.max(axis=1)
    every = range(len(classes))
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predicted, labels=every, zero_division=0
    )
    there = support > 0
    bins = calibration_bins(labels == predicted, confidence)
    return VariantResult(
        accuracy=float(accuracy_score(labels, predicted)),
        macro_precision=float(precision[there].mean()),
        macro_recall=float(recall[there].mean()),
        macro_f1=float(f1[there].mean()),
        log_loss=float(log_loss(labels, probabilities, labels=list(every))),
        expected_calibration_error=expected_calibration_error(bins),
        per_class={
            name: ClassResult(
                photos=int(support[i]),
                precision=float(precision[i]),
                recall=float(recall[i]),
                f1=float(f1[i]),
            )
            for i, name in enumerate(classes)
        },
        confusion=confusion_matrix(labels, predicted, labels=every).tolist(),
        calibration=bins,
        predictions=[
            Outcome(
                photo=photo,
                label=classes[label],
                predicted=classes[guess],
                probability=round(float(p), 5),
            )
            for photo, label, guess, p in zip(photos, labels, predicted, confidence, strict=True)
        ],
    )


def calibration_bins(correct: np.ndarray, confidence: np.ndarray) -> list[CalibrationBin]:
    """Group bool[n] by float[n] confidence into 15 equal bins; empty bins are left out."""
    index = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    return [
        CalibrationBin(
            photos=int((index == i).sum()),
            confidence=min(1.0, float(confidence[index == i].mean())),
            accuracy=float(correct[index == i].mean()),
        )
        for i in np.unique(index)
    ]


def expected_calibration_error(bins: Sequence[CalibrationBin]) -> float:
    """Mean distance of confidence and accuracy over the photos (Guo et al. 2017)."""
    photos = sum(b.photos for b in bins)
    return float(sum(b.photos * abs(b.confidence - b.accuracy) for b in bins) / max(1, photos))


def results_table(results: Mapping[tuple[str, Variant], VariantResult]) -> str:
    """A table of results for the terminal, one row per backbone's key and variant."""
    head = f"{'model':<32} {'photos':>6} {'accuracy':>8}  {'95 % interval':<15} {'macro F1':>8}"
    lines = [head + f" {'log-loss':>8} {'ECE':>6}"]
    for (backbone, variant), result in results.items():
        photos = len(result.predictions)
        low, high = accuracy_interval(result.correct, photos)
        lines.append(
            f"{BACKBONES[backbone].name + ' ' + variant:<32} {photos:>6} {result.accuracy:>8.1%}  "
            f"{f'{low:.1%} to {high:.1%}':<15} {result.macro_f1:>8.3f} {result.log_loss:>8.3f} "
            f"{result.expected_calibration_error:>6.3f}"
        )
    empty = {n for r in results.values() for n, c in r.per_class.items() if not c.photos}
    if empty:
        lines.append(f"Without photos, so left out of macro F1: {', '.join(sorted(empty))}.")
    return "\n".join(lines)


def machine_name() -> str:
    """Processor and number of cores, for figures that depend on them."""
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                processor = line.split(":", 1)[1].strip()
                break
    return f"{processor}, {os.cpu_count()} cores"
