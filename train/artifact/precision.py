"""Which precision the serving artifact gets: int8 where it costs next to nothing."""

import math
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from flowers.backbones import BACKBONES
from flowers.files import whole_file
from flowers.models.classifier import Classifier
from flowers.weights.folder import ARTIFACT, Config, Precision, record_of
from train.artifact.convert import artifacts
from train.artifact.keras_graph import keras_probabilities
from train.data.cache import PhotoCache
from train.data.dataset import Dataset
from train.evaluate import Probabilities, predict_all
from train.trained import PrecisionChoice

MAX_GAP = 0.005
MIN_AGREEMENT = 0.99
"""An artifact is good enough when, in every variant, it is no further than this from the float32
graph's validation accuracy, and has the same class on top for this share of the photos. One photo
off is always granted."""
CALIBRATION_PHOTOS = 200
"""From the training part; int8 conversion learns the ranges of activations from them."""


@dataclass(frozen=True)
class ChosenArtifact:
    """An artifact in its folder, and what it says of the validation part."""

    config: Config
    classifier: Classifier
    probabilities: Probabilities


def choose_artifact(
    graph: keras.Model,
    folder: Path,
    config: Config,
    choice: PrecisionChoice,
    sample: np.ndarray,
    validation: np.ndarray,
    labels: np.ndarray,
) -> ChosenArtifact:
    """Write the artifact of `graph` to `folder` in the precision of `choice`.

    `sample` and `validation` are uint8[n, size, size, 3], `labels` int64[n] of the latter.
    """
    order: tuple[Precision, ...] = ("int8", "float16") if choice == "auto" else (choice,)
    expected = keras_probabilities(graph, validation)
    name = BACKBONES[config.backbone].name
    one = 1.001 / max(1, len(labels))
    for precision in order:
        for artifact in artifacts(graph, precision, sample):
            tqdm.write(f"{name}: writing the artifact, {precision}, {len(artifact) / 1e6:.1f} MB.")
            with whole_file(folder / ARTIFACT) as partial:
                partial.write_bytes(artifact)
            files = {ARTIFACT: record_of(folder / ARTIFACT)}
            config = config.model_copy(update={"precision": precision, "files": files})
            classifier = Classifier(folder, config)
            found, _ = predict_all(classifier, validation, len(validation), "validation")
            gap = max(
                abs(accuracy(expected[v], labels) - accuracy(found[v], labels)) for v in found
            )
            agreement = min(accuracy(found[v], expected[v].argmax(axis=1)) for v in found)
            tqdm.write(
                f"{name}: the artifact agrees with float32 on {agreement:.1%} of the validation "
                f"photos; its accuracy differs by {100 * gap:.1f} points."
            )
            if gap <= max(MAX_GAP, one) and 1 - agreement <= max(1 - MIN_AGREEMENT, one):
                return ChosenArtifact(config, classifier, found)
    return ChosenArtifact(config, classifier, found)


def accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Share of float[n, classes] whose top class is the label."""
    return float((probabilities.argmax(axis=1) == labels).mean())


def calibration_sample(dataset: Dataset, cache: PhotoCache) -> np.ndarray:
    """Photos of the training part, evenly over it and so over all classes."""
    train = dataset.part("train")
    step = max(1, math.ceil(len(train) / CALIBRATION_PHOTOS))
    photos, rows = cache.rows([photo.sha256 for photo in train[::step]])
    return photos[rows]
