"""Measures serving artifacts on labelled photos, and sets what needs held-out photos to be set."""

import csv
import os
import platform
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar
from tqdm import tqdm

from flowers.backbones import BACKBONES, Variant
from flowers.errors import PhotoError, WeightsError
from flowers.files import sha256_of, whole_file
from flowers.models.classifier import Classifier, calibrate
from flowers.photos import read_photo
from flowers.stats import accuracy_interval
from flowers.weights.folder import MANIFEST, backbone_folders
from flowers.weights.results import VariantResult
from train.artifact.measure import measure
from train.data.dataset import Dataset, class_folders, photo_files

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


def evaluate_folder(
    weights: Path, data: Path, out: Path | None = None, every_photo: bool = False
) -> dict[tuple[str, Variant], VariantResult]:
    """Measure every backbone of a weights folder on a labelled folder; print a table.

    Photos that the weights were trained or tuned on, by the manifest in the folder, are left out
    unless `every_photo`. With `out`, writes one CSV row a photo and model. Raises `WeightsError`,
    `DatasetError`.
    """
    folders = backbone_folders(weights)
    if not folders:
        raise WeightsError(f"{weights} holds no trained backbone; give the folder that fit wrote.")
    labelled = [
        (file, folder.name) for folder in class_folders(data) for file in photo_files(folder)
    ]
    seen = set() if every_photo else _seen_in_training(weights)
    kept = [(file, label) for file, label in labelled if sha256_of(file) not in seen]
    if left_out := len(labelled) - len(kept):
        print(f"{left_out} photos that the weights were trained or tuned on are left out.")
    if not kept:
        raise WeightsError(f"{data} holds no photo that these weights have not seen; add others.")

    results: dict[tuple[str, Variant], VariantResult] = {}
    rows: list[list[str]] = []
    for folder in folders:
        classifier = Classifier(folder)
        classes = classifier.config.classes
        usable, arrays = [], []
        for file, label in kept:
            if label not in classes:
                raise WeightsError(
                    f"{folder.name} does not know the class {label!r}; rename or remove that "
                    f"folder. It knows {', '.join(classes)}."
                )
            try:
                arrays.append(read_photo(file, classifier.config.image_size))
                usable.append((file.relative_to(data).as_posix(), label))
            except PhotoError as error:
                print(f"skipped: {error}")
        if not usable:
            raise WeightsError(f"{data} holds no photo that can be read; add JPEG or PNG files.")
        files = [file for file, _ in usable]
        labels = np.array([classes.index(label) for _, label in usable])
        probabilities, _ = predict_all(classifier, arrays, len(arrays), folder.name)
        for variant, values in probabilities.items():
            results[folder.name, variant] = measure(files, labels, values, classes)
            for name, label, row in zip(files, labels, values, strict=True):
                rows.append(
                    [name, classes[label], folder.name, variant, classes[int(row.argmax())]]
                    + [f"{p:.5f}" for p in row]
                )
    print(results_table(results))
    if out is not None:
        with whole_file(out) as partial, partial.open("w", newline="", encoding="utf-8") as text:
            writer = csv.writer(text)
            writer.writerow(["photo", "label", "backbone", "variant", "predicted", *classes])
            writer.writerows(rows)
        print(f"Predictions of every photo: {out}")
    return results


def results_table(results: dict[tuple[str, Variant], VariantResult]) -> str:
    """A table of results for the terminal."""
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
    return "\n".join(lines)


def _seen_in_training(weights: Path) -> set[str]:
    path = weights / MANIFEST
    if not path.exists():
        return set()
    return {photo.sha256 for photo in Dataset.load_manifest(path).photos if photo.part != "test"}
