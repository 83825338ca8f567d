"""What a model says of photos, what is set on held-out ones, and the figures that follow."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
)
from tqdm import tqdm

from flowers.backbones import Model, Variant, model_name
from flowers.models.classifier import Classifier, calibrate
from flowers.stats import accuracy_interval
from flowers.weights.folder import Refusal
from flowers.weights.results import (
    CalibrationBin,
    ClassResult,
    ConfusedPair,
    HardPhoto,
    Outcome,
    RefusalResult,
    UnknownResult,
    VariantResult,
)
from train.network.separation import separation
from train.work import RefusalMethod

CALIBRATION_BINS = 15
MOST_CONFUSED = 10
"""Pairs of classes that are listed."""
HARDEST = 20
"""Photos of high loss that are listed."""
ACCEPTED = 0.95
"""Share of validation photos of the classes that a model takes for one of them."""
REFERENCE = 200
"""Quantiles of the scores of validation photos that are kept to tell P(known)."""

Probabilities = dict[Variant, np.ndarray]
"""float32[n, classes] for every variant."""


@dataclass(frozen=True)
class Answers:
    """What a classifier says of n photos."""

    probabilities: Probabilities
    known: dict[Variant, np.ndarray]
    """P(known), float32[n]; only of variants that have one."""
    accepted: dict[Variant, np.ndarray]
    """Whether a photo is taken for one of the classes, bool[n]."""
    milliseconds: float
    """Median of a pass, which serves all variants."""


def predict_all(
    classifier: Classifier, photos: Iterable[np.ndarray], total: int, title: str
) -> Answers:
    """Ask for photos, uint8[size, size, 3], behind a progress bar."""
    said = [
        classifier.predict(photo)
        for photo in tqdm(photos, total=total, desc=title, unit="photo", leave=False)
    ]
    variants = list(said[0]) if said else []
    scored = [variant for variant in variants if said[0][variant].p_known is not None]
    return Answers(
        {v: np.stack([answer[v].probabilities for answer in said]) for v in variants},
        {v: np.array([answer[v].p_known for answer in said], np.float32) for v in scored},
        {v: np.array([answer[v].known for answer in said]) for v in variants},
        float(np.median([next(iter(answer.values())).milliseconds for answer in said])),
    )


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The temperature with the least log-loss on float[n, classes] (Guo et al. 2017)."""

    def loss(log_temperature: float) -> float:
        scaled = calibrate(probabilities, float(np.exp(log_temperature)))
        return float(-np.log(np.maximum(scaled[np.arange(len(labels)), labels], 1e-12)).mean())

    best = minimize_scalar(loss, bounds=(np.log(0.2), np.log(5.0)), method="bounded")
    return round(float(np.exp(best.x)), 4)


def set_refusal(
    method: RefusalMethod, scores: np.ndarray, background: Sequence[str] = ()
) -> Refusal:
    """When to refuse a photo, from the scores of validation photos of the classes, float[n].

    For `background` the score is P(known), and 95 % of these photos reach the threshold. For
    `neighbours` P(known) is the share of these photos that score no higher, and the threshold 5 %.
    """
    if method == "background":
        # Rounded down: a photo that sets the threshold reaches it.
        threshold = math.floor(float(np.quantile(scores, 1 - ACCEPTED)) * 1e6) / 1e6
        return Refusal(method=method, threshold=threshold, background=tuple(background))
    quantiles = np.quantile(scores, np.linspace(0, 1, min(REFERENCE, len(scores))))
    reference = tuple(round(float(q), 6) for q in quantiles)
    return Refusal(method=method, threshold=round(1 - ACCEPTED, 6), reference=reference)


def measure_refusal(
    known: np.ndarray, unknown: Mapping[str, np.ndarray], threshold: float
) -> RefusalResult:
    """Tell how well P(known), float[n], separates test photos of the classes from others.

    `unknown` are others by what they have in common.
    """
    every = np.concatenate([np.empty(0, np.float32), *unknown.values()])
    groups = {
        name: UnknownResult(
            photos=len(values),
            accepted=float((values >= threshold).mean()),
            accepted_at_95=float((values >= np.quantile(known, 1 - ACCEPTED)).mean()),
            auroc=separation(known, values),
        )
        for name, values in unknown.items()
        if len(values)
    }
    return RefusalResult(
        known_photos=len(known),
        known_accepted=float((known >= threshold).mean()),
        unknown_photos=len(every),
        unknown_accepted=float((every >= threshold).mean()) if len(every) else None,
        auroc=separation(known, every) if len(every) else None,
        groups=groups,
    )


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
    matrix = confusion_matrix(labels, predicted, labels=every)
    of_label = probabilities[np.arange(len(labels)), labels]
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
        confusion=matrix.tolist(),
        confused=most_confused(matrix, classes),
        hardest=tuple(
            HardPhoto(
                photo=photos[i],
                label=classes[labels[i]],
                predicted=classes[predicted[i]],
                probability=round(float(of_label[i]), 5),
            )
            for i in np.argsort(of_label, kind="stable")[:HARDEST]
        ),
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


def most_confused(matrix: np.ndarray, classes: Sequence[str]) -> tuple[ConfusedPair, ...]:
    """The pairs with the most photos in a confusion matrix int[classes, classes], rows true."""
    wrong = matrix - np.diag(np.diag(matrix))
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_CONFUSED]
    pairs = [divmod(int(place), len(classes)) for place in order]
    return tuple(
        ConfusedPair(label=classes[i], predicted=classes[j], photos=int(wrong[i, j]))
        for i, j in pairs
        if wrong[i, j]
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


def figures_table(results: Mapping[Model, VariantResult]) -> str:
    """A table of results for the terminal, one row per backbone's key and variant."""
    head = f"{'model':<32} {'photos':>6} {'accuracy':>8}  {'95 % interval':<15} {'macro F1':>8}"
    lines = [head + f" {'log-loss':>8} {'ECE':>6}"]
    for model, result in results.items():
        photos = len(result.predictions)
        low, high = accuracy_interval(result.correct, photos)
        lines.append(
            f"{model_name(model):<32} {photos:>6} {result.accuracy:>8.1%}  "
            f"{f'{low:.1%} to {high:.1%}':<15} {result.macro_f1:>8.3f} {result.log_loss:>8.3f} "
            f"{result.expected_calibration_error:>6.3f}"
        )
    for model, result in results.items():
        if found := result.seed_range:
            lines.append(
                f"{model_name(model)}, {found.seeds} seeds: accuracy {found.mean:.1%} in the "
                f"mean, {found.low:.1%} to {found.high:.1%}"
            )
    empty = {n for r in results.values() for n, c in r.per_class.items() if not c.photos}
    if empty:
        lines.append(f"Without photos, so left out of macro F1: {', '.join(sorted(empty))}.")
    return "\n".join(lines)


def failure_table(results: Mapping[Model, VariantResult], most: int = 3) -> str:
    """Where each model fails: the most confused pairs and the hardest photos, for the terminal."""
    lines = []
    for model, result in results.items():
        pairs = [f"{p.label} taken for {p.predicted} ({p.photos})" for p in result.confused[:most]]
        lines.append(f"{model_name(model)}, most confused: {', '.join(pairs) or 'none'}")
        lines += [
            f"  {photo.photo}: {photo.probability:.1%} {photo.label}, rather {photo.predicted}?"
            for photo in result.hardest[:most]
            if photo.predicted != photo.label
        ]
    return "\n".join(lines)


def refusal_lines(results: Mapping[Model, RefusalResult]) -> str:
    """A table of how photos of none of the classes are told from the classes, for the terminal."""
    head = f"{'model':<32} {'photos of none of the classes':<30} {'photos':>6} {'AUROC':>6}"
    lines = [f"{head} {'accepted':>8} {'at 95 %':>8} {'of the classes':>14}"]
    for model, result in results.items():
        for name, group in result.groups.items():
            lines.append(
                f"{model_name(model):<32} {name:<30} {group.photos:>6} {group.auroc:>6.3f} "
                f"{group.accepted:>8.1%} {group.accepted_at_95:>8.1%} "
                f"{result.known_accepted:>14.1%}"
            )
    return "\n".join(lines) if len(lines) > 1 else ""
