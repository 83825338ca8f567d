"""Measures the serving artifacts of a weights folder on labelled photos."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from flowers.backbones import Model, Variant
from flowers.errors import PhotoError, WeightsError
from flowers.files import sha256_of, whole_file
from flowers.folders.disk import DiskFile
from flowers.folders.find import Found
from flowers.folders.layout import Labelled, PhotoSet
from flowers.folders.names import class_named, nearest_class
from flowers.models.classifier import Classifier
from flowers.photos import read_photo
from flowers.weights.folder import (
    MANIFEST,
    VariantSettings,
    backbone_folders,
    check_artifact,
    read_config,
)
from flowers.weights.results import VariantResult
from train.artifact.measure import (
    Answers,
    failure_table,
    figures_table,
    measure,
    measure_refusal,
    predict_all,
    refusal_lines,
)
from train.data.dataset import Dataset

Results = dict[Model, VariantResult]
CsvRow = tuple[list[str], dict[str, float]]
"""Photo, label, backbone, variant, predicted class; and the probability of each class."""


def evaluate_folder(
    weights: Path,
    data: PhotoSet[DiskFile],
    out: Path | None = None,
    every_photo: bool = False,
    unknown: Mapping[str, Found[DiskFile]] | None = None,
) -> Results:
    """Measure every backbone of a weights folder on a labelled folder; print tables.

    Photos that the weights were trained or tuned on, by the manifest in the folder, are left out
    unless `every_photo`. With `out`, writes one CSV row per photo and model. For each set of
    `unknown` photos, of none of the classes, by its name, tells how many are taken for one of them.
    Raises `WeightsError`, `DatasetError`, OSError.
    """
    folders = backbone_folders(weights)
    if not folders:
        raise WeightsError(f"{weights} holds no trained backbone; give the folder that fit wrote.")
    manifest = weights / MANIFEST
    dataset = Dataset.load_manifest(manifest) if manifest.exists() and not every_photo else None
    if dataset:
        _check_split(folders, dataset)
    photos = _labelled_photos(data, dataset)
    others = {name: _unseen(name, other, dataset) for name, other in (unknown or {}).items()}
    told = every_photo or (dataset and dataset.unknown_seen)
    if others and not told and any(_has_background(folder) for folder in folders):
        print("No manifest says which photos of --unknown the weights saw: all are measured.")
    results: Results = {}
    rows: list[CsvRow] = []
    for folder in folders:
        classifier = Classifier(check_artifact(folder))
        found, lines = _evaluate_backbone(classifier, data.found.root, photos, others)
        results |= found
        rows += lines
    print("\n".join([figures_table(results), *data.found.aside.lines()]))
    for name, other in others.items():
        for line in other.aside.lines():
            print(f"{name}: {line}")
    print(failure_table(results))
    if others:
        print(refusal_lines({model: r.refusal for model, r in results.items() if r.refusal}))
    if out is not None:
        _write_csv(out, rows)
        print(f"Predictions of every photo: {out}")
    return results


def _has_background(folder: Path) -> bool:
    """Whether a backbone was trained on photos of none of its classes."""
    return any(v.refusal and v.refusal.background for v in read_config(folder).variants.values())


def _check_split(folders: Sequence[Path], dataset: Dataset) -> None:
    """Raises `WeightsError` where a backbone was trained on another split than the manifest's."""
    others = [f.name for f in folders if read_config(f).data_fingerprint != dataset.fingerprint]
    if others:
        raise WeightsError(
            f"The {MANIFEST} there does not tell which photos {', '.join(others)} saw; measure on "
            f"photos that nothing was trained on, with --every-photo."
        )


def _labelled_photos(data: PhotoSet[DiskFile], dataset: Dataset | None) -> list[Labelled[DiskFile]]:
    """Photos in class folders, less those that the weights have seen by their manifest."""
    seen = {photo.sha256 for photo in dataset.photos if photo.part != "test"} if dataset else set()
    kept = [photo for photo in data.photos if sha256_of(photo.file.path) not in seen]
    if left_out := len(data.photos) - len(kept):
        print(f"{left_out} photos that the weights were trained or tuned on are left out.")
    if not kept:
        raise WeightsError(
            f"{data.found.root} holds no photo that these weights have not seen; add others."
        )
    return kept


def _unseen(name: str, unknown: Found[DiskFile], dataset: Dataset | None) -> Found[DiskFile]:
    """Photos of none of the classes, less those that the weights have seen by their manifest."""
    seen = dataset.unknown_seen if dataset else set()
    kept = tuple(photo for photo in unknown.photos if sha256_of(photo.path) not in seen)
    if left_out := len(unknown.photos) - len(kept):
        print(f"{name}: {left_out} photos that the weights were trained on are left out.")
    if unknown.photos and not kept:
        raise WeightsError(
            f"{name} holds no photo that these weights have not seen; give --unknown others."
        )
    return replace(unknown, photos=kept)


def _evaluate_backbone(
    classifier: Classifier,
    data: Path,
    photos: Sequence[Labelled[DiskFile]],
    unknown: Mapping[str, Found[DiskFile]],
) -> tuple[Results, list[CsvRow]]:
    key, classes = classifier.backbone.key, classifier.config.classes
    known = {label: _class(label, classes, key) for label in {photo.label for photo in photos}}
    readable, said = _ask(classifier, [photo.file for photo in photos], data)
    label_of = {photo.file: known[photo.label] for photo in photos}
    files = [file.name for file in readable]
    labels = np.array([classes.index(label_of[file]) for file in readable])
    others = {name: _ask(classifier, o.photos, o.root)[1] for name, o in unknown.items()}
    results: Results = {}
    rows: list[CsvRow] = []
    for variant, values in said.probabilities.items():
        result = measure(files, labels, values, classes)
        if others:
            refusal = measure_refusal(
                _scores(said, variant),
                {name: _scores(answers, variant) for name, answers in others.items()},
                _threshold(classifier.config.variants[variant]),
            )
            result = result.model_copy(update={"refusal": refusal})
        results[key, variant] = result
        for name, label, row in zip(files, labels, values, strict=True):
            line = [name, classes[label], key, variant, classes[int(row.argmax())]]
            rows.append((line, dict(zip(classes, row.tolist(), strict=True))))
    return results, rows


def _class(folder: str, classes: Sequence[str], key: str) -> str:
    """The class that a folder means to a backbone. Raises `WeightsError`."""
    if (name := class_named(folder, classes)) is not None:
        return name
    nearest = nearest_class(folder, classes)
    raise WeightsError(
        f"{key} does not know the class {folder!r}; "
        f"{f'perhaps it means {nearest}; ' if nearest else ''}rename or remove that folder. "
        f"It knows {', '.join(classes)}."
    )


def _ask(
    classifier: Classifier, files: Sequence[DiskFile], root: Path
) -> tuple[list[DiskFile], Answers]:
    """The files that can be read, and what the classifier says of them. Raises `WeightsError`."""
    readable, arrays = [], []
    for file in files:
        try:
            arrays.append(read_photo(file.path, classifier.config.image_size))
            readable.append(file)
        except PhotoError as error:
            print(f"skipped: {error}")
    if not readable:
        raise WeightsError(f"{root} holds no photo that can be read; add JPEG or PNG files.")
    return readable, predict_all(classifier, arrays, len(arrays), classifier.backbone.name)


def _scores(said: Answers, variant: Variant) -> np.ndarray:
    """P(known), float32[n]; of a model without one, its top probability, by which it refuses."""
    return said.known.get(variant, said.probabilities[variant].max(axis=1))


def _threshold(settings: VariantSettings) -> float:
    return settings.refusal.threshold if settings.refusal else settings.unknown_threshold


def _write_csv(out: Path, rows: list[CsvRow]) -> None:
    """Write rows of models whose classes may differ: what a model does not know stays empty."""
    classes = list(dict.fromkeys(name for _, probabilities in rows for name in probabilities))
    with whole_file(out) as partial, partial.open("w", newline="", encoding="utf-8") as text:
        writer = csv.writer(text)
        writer.writerow(["photo", "label", "backbone", "variant", "predicted", *classes])
        for said, p in rows:
            writer.writerow(said + [f"{p[name]:.5f}" if name in p else "" for name in classes])
