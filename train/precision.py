"""Which precision the serving artifact gets: int8 where it costs next to nothing."""

import math
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from flowers.backbones import BACKBONES
from flowers.dataset import Dataset
from flowers.photocache import PhotoCache
from flowers.runtime import Classifier
from flowers.weights import ARTIFACT, Config, Precision, record_of
from train.evaluate import Probabilities, predict_all
from train.export import export_artifact
from train.trained import PrecisionChoice

INT8_GAP = 0.005
"""With `auto`, int8 is kept while it costs no more validation accuracy than this in any variant."""
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
    for precision in order:
        tqdm.write(f"{name}: writing the artifact, {precision}.")
        export_artifact(graph, folder / ARTIFACT, precision, sample)
        files = {ARTIFACT: record_of(folder / ARTIFACT)}
        config = config.model_copy(update={"precision": precision, "files": files})
        classifier = Classifier(folder, config)
        found, _ = predict_all(classifier, validation, len(validation), "validation")
        gap = max(accuracy(expected[v], labels) - accuracy(found[v], labels) for v in found)
        if gap <= INT8_GAP:
            break
        tqdm.write(f"{name}: {precision} costs {gap:.1%} of validation accuracy.")
    return ChosenArtifact(config, classifier, found)


def keras_probabilities(graph: keras.Model, photos: np.ndarray) -> Probabilities:
    """What the float32 graph says of uint8[n, size, size, 3]."""
    outputs = graph.predict(photos, batch_size=32, verbose=0)
    ending = "_probabilities"
    return {name.removesuffix(ending): p for name, p in outputs.items() if name.endswith(ending)}


def accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Share of float[n, classes] whose top class is the label."""
    return float((probabilities.argmax(axis=1) == labels).mean())


def calibration_sample(dataset: Dataset, cache: PhotoCache) -> np.ndarray:
    """Photos of the training part, evenly over it and so over all classes."""
    train = dataset.part("train")
    step = max(1, math.ceil(len(train) / CALIBRATION_PHOTOS))
    photos, rows = cache.rows([photo.sha256 for photo in train[::step]])
    return photos[rows]
