"""What int8 costs: the served artifact against the float32 Keras graph on the test photos."""

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Table
from flowers.backbones import BACKBONES
from flowers.errors import PhotoError, WeightsError
from flowers.photos import read_photo
from flowers.weights.folder import (
    KERAS_WEIGHTS,
    MANIFEST,
    backbone_folders,
    check_artifact,
    read_config,
)
from train.data.dataset import Dataset

MOST_POINTS = 0.3
LEAST_EQUAL = 0.985


def check_accuracy(weights: Path, data: Path) -> tuple[str, dict[str, Any]]:
    """Compare every backbone with Keras weights in `weights`; return a table and the figures.

    The test part is the one that the manifest beside the weights names. Raises `WeightsError`,
    `DatasetError`.
    """
    folders = [f for f in backbone_folders(weights) if (f / KERAS_WEIGHTS).exists()]
    if not folders:
        raise WeightsError(
            f"{weights} holds no backbone with {KERAS_WEIGHTS}; give what fit wrote."
        )
    dataset = Dataset.load_manifest(weights / MANIFEST)
    test = dataset.part("test")
    labels = dataset.labels(test)
    figures: dict[tuple[str, str], dict[str, Any]] = {}
    for folder in folders:
        photos = _photos(data, [photo.file for photo in test], read_config(folder).image_size)
        figures.update(_compare(folder, dataset.classes, photos, labels))
    rows = [
        [
            f"{BACKBONES[backbone].name} {variant}, {row['precision']}",
            f"{row['keras']:.2%}",
            f"{row['artifact']:.2%}",
            f"{row['points']:+.2f}",
            f"{row['equal']:.2%}",
            "yes" if row["points"] >= -MOST_POINTS and row["equal"] >= LEAST_EQUAL else "no",
        ]
        for (backbone, variant), row in figures.items()
    ]
    columns = [f"{len(test)} test photos", "Keras float32", "artifact", "points", "same class"]
    text = Table([*columns, "within bounds"], rows).markdown()
    text += (
        f"\n\nBounds: the artifact at most {MOST_POINTS} points less accurate, and the same top "
        f"class on at least {LEAST_EQUAL:.1%} of the photos."
    )
    models = {f"{backbone}/{variant}": row for (backbone, variant), row in figures.items()}
    return text, {"test_photos": len(test), "models": models}


def _photos(data: Path, files: list[str], size: int) -> np.ndarray:
    try:
        return np.stack([read_photo(data / file, size) for file in files])
    except PhotoError as error:
        raise WeightsError(
            f"{data} is not what the weights were trained on; give that folder. Received: {error}"
        ) from error


def _compare(
    folder: Path, classes: list[str], photos: np.ndarray, labels: np.ndarray
) -> dict[tuple[str, str], dict[str, Any]]:
    """Both variants of a backbone on uint8[n, size, size, 3] with int64[n]."""
    from flowers.models.classifier import Classifier
    from train.artifact.measure import predict_all
    from train.artifact.precision import accuracy
    from train.network.graph import keras_probabilities, load_graph

    classifier = Classifier(check_artifact(folder))
    config = classifier.config
    if config.classes != classes:
        raise WeightsError(f"{folder.name} has other classes than the manifest; train it again.")
    expected = keras_probabilities(load_graph(folder), photos)
    said = predict_all(classifier, photos, len(photos), classifier.backbone.name)
    found = said.probabilities
    figures: dict[tuple[str, str], dict[str, Any]] = {}
    for variant in found:
        keras_accuracy = accuracy(expected[variant], labels)
        artifact_accuracy = accuracy(found[variant], labels)
        figures[folder.name, variant] = {
            "precision": config.precision,
            "keras": keras_accuracy,
            "artifact": artifact_accuracy,
            "points": 100 * (artifact_accuracy - keras_accuracy),
            "equal": accuracy(found[variant], expected[variant].argmax(axis=1)),
        }
    return figures
