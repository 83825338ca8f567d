"""Which precision the serving artifact gets: int8 where it costs next to nothing."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from flowers.files import write_bytes
from flowers.models.classifier import Classifier
from flowers.weights.folder import ARTIFACT, Artifact, Config, FileRecord, Precision, record_of
from train.artifact.convert import artifacts
from train.artifact.measure import Answers, Probabilities, predict_all
from train.data.dataset import Dataset
from train.data.decoded import DecodedPhotos
from train.network.graph import keras_probabilities
from train.work import PrecisionChoice

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
    answers: Answers


def choose_artifact(
    graph: keras.Model,
    folder: Path,
    describe: Callable[[Precision, FileRecord], Config],
    choice: PrecisionChoice,
    sample: np.ndarray,
    validation: np.ndarray,
    labels: np.ndarray,
) -> ChosenArtifact:
    """Write the artifact of `graph` to `folder` in the precision of `choice`.

    With "auto" that is int8 where it is good enough, else float16. An artifact that is not good
    enough is kept only as the last resort, and a line says so. `sample` and `validation` are
    uint8[n, size, size, 3], `labels` int64[n] of the latter; `describe` makes the config of an
    artifact that is there. Raises OSError.
    """
    expected = keras_probabilities(graph, validation)
    chosen: ChosenArtifact | None = None
    for precision in precisions(choice):
        for artifact in artifacts(graph, precision, sample):
            write_bytes(folder / ARTIFACT, artifact)
            config = describe(precision, record_of(folder / ARTIFACT))
            classifier = Classifier(Artifact(folder / ARTIFACT, config))
            name = classifier.backbone.name
            tqdm.write(f"{name}: an artifact in {precision}, {len(artifact) / 1e6:.1f} MB.")
            found = predict_all(classifier, validation, len(validation), "validation")
            chosen = ChosenArtifact(config, classifier, found)
            agreement = agree(expected, found.probabilities, labels)
            tqdm.write(
                f"{name}: it agrees with float32 on {agreement.same_class:.1%} of the validation "
                f"photos; its accuracy differs by {100 * agreement.gap:.1f} points."
            )
            if agreement.is_good_enough(len(labels)):
                return chosen
    if chosen is None:
        raise ValueError("A precision has one artifact at least.")
    tqdm.write(
        f"{name}: no artifact is as near to float32 as wanted; the last one, {precision}, is kept. "
        f"See keras_accuracy in its metrics.json."
    )
    return chosen


def precisions(choice: PrecisionChoice) -> tuple[Precision, ...]:
    """What to try, the smallest first."""
    return ("int8", "float16") if choice == "auto" else (choice,)


@dataclass(frozen=True)
class Agreement:
    """How near an artifact is to the float32 graph, in the worse of its variants."""

    gap: float
    """Difference of accuracies, whichever is better."""
    same_class: float
    """Share of photos with the same class on top."""

    def is_good_enough(self, photos: int) -> bool:
        """Whether it may be served, by its answers to `photos`; one off is always granted."""
        one = 1.001 / max(1, photos)
        return self.gap <= max(MAX_GAP, one) and 1 - self.same_class <= max(1 - MIN_AGREEMENT, one)


def agree(expected: Probabilities, found: Probabilities, labels: np.ndarray) -> Agreement:
    """Compare float[n, classes] of each variant, with labels int64[n]."""
    gaps = [abs(accuracy(expected[v], labels) - accuracy(found[v], labels)) for v in found]
    same = [accuracy(found[v], expected[v].argmax(axis=1)) for v in found]
    return Agreement(max(gaps), min(same))


def accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Share of float[n, classes] whose top class is the label."""
    return float((probabilities.argmax(axis=1) == labels).mean())


def calibration_sample(dataset: Dataset, cache: DecodedPhotos) -> np.ndarray:
    """Training photos, uint8[n, s, s, 3], evenly over the part and so over all classes."""
    train = dataset.part("train")
    step = max(1, math.ceil(len(train) / CALIBRATION_PHOTOS))
    photos, rows = cache.rows([photo.sha256 for photo in train[::step]])
    return photos[rows]
