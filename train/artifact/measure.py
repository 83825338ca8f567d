"""From probabilities to figures, by scikit-learn: accuracy, F1, confusion, calibration."""

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
)

from flowers.weights.results import CalibrationBin, ClassResult, Outcome, VariantResult

CALIBRATION_BINS = 15


def measure(
    photos: Sequence[str], labels: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]
) -> VariantResult:
    """Measure a variant from its calibrated probabilities.

    `labels` is int[n], `probabilities` float[n, classes]; both in the order of `photos`.
    """
    probabilities = probabilities.astype(np.float64)
    probabilities /= probabilities.sum(axis=1, keepdims=True)  # float32 sums are off by 1e-7.
    predicted = probabilities.argmax(axis=1)
    confidence = probabilities.max(axis=1)
    every = range(len(classes))
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predicted, labels=every, zero_division=0
    )
    bins = calibration_bins(labels == predicted, confidence)
    return VariantResult(
        accuracy=float(accuracy_score(labels, predicted)),
        macro_precision=float(precision.mean()),
        macro_recall=float(recall.mean()),
        macro_f1=float(f1.mean()),
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
