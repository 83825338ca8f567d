"""How well the consensus of a weights folder is calibrated, beside its models.

    python -m benchmarks.consensus --data DIR [--weights weights]

DIR are the photos that the weights were trained on; those of the test part of `manifest.json` are
read. Prints accuracy and expected calibration error of each model, of the consensus, and of what
the arithmetic mean of probabilities would be, the error that chance alone gives perfectly
calibrated answers of the same confidences, and how many photos have no majority.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from flowers.backbones import model_name
from flowers.errors import PhotoError, UserError
from flowers.files import sha256_of
from flowers.models.classifier import Prediction
from flowers.models.consensus import consensus
from flowers.models.verdicts import verdict_of
from flowers.models.zoo import Zoo
from flowers.photos import load_photo
from flowers.weights.folder import DEFAULT_FOLDER, MANIFEST
from flowers.weights.source import Source
from train.artifact.measure import calibration_bins, expected_calibration_error
from train.data.dataset import Dataset

Answered = tuple[str, list[Prediction]]
"""A photo's label, and what each model says."""


def read_test_photos(zoo: Zoo, data: Path, dataset: Dataset) -> list[Answered]:
    """What all models say of the test photos that are still what they were. Raises `UserError`."""
    models = zoo.choose(None, None).models
    answered = []
    for photo in tqdm(dataset.part("test"), unit="photo", leave=False):
        path = data / photo.file
        if not path.is_file() or sha256_of(path) != photo.sha256:
            continue
        try:
            image = load_photo(path, at_least=zoo.detail())
        except PhotoError:
            continue
        found = [p for answer in zoo.predict(image, models) for p in answer.predictions]
        answered.append((photo.label, sorted(found, key=lambda p: models.index(p.model))))
    if not answered:
        raise UserError(f"{data} holds none of the test photos; give the folder of the training.")
    return answered


def calibration(said: Iterable[tuple[str, str, float]]) -> tuple[float, float]:
    """Accuracy and expected calibration error of (label, predicted, probability)."""
    rows = list(said)
    right = np.array([label == predicted for label, predicted, _ in rows])
    confidence = np.array([min(1.0, probability) for *_, probability in rows])
    return float(right.mean()), expected_calibration_error(calibration_bins(right, confidence))


def chance_error(confidence: np.ndarray, draws: int = 2000) -> np.ndarray:
    """The calibration errors of perfectly calibrated answers, drawn `draws` times.

    `confidence` is float[n] in [0, 1]. Returns float[draws]. After Broecker and Smith (2007),
    "Increasing the reliability of reliability diagrams".
    """
    rng = np.random.default_rng(0)
    drawn = rng.random((draws, len(confidence))) < confidence
    return np.array(
        [expected_calibration_error(calibration_bins(right, confidence)) for right in drawn]
    )


def report(answered: list[Answered]) -> str:
    """The table."""
    lines = [f"{len(answered)} test photos{'':<16} accuracy    ECE"]

    def add(name: str, said: Iterable[tuple[str, str, float]]) -> None:
        accuracy, error = calibration(said)
        lines.append(f"{name:<28} {accuracy:>8.1%} {error:>6.3f}")

    for i, first in enumerate(answered[0][1]):
        name = model_name(first.model)
        add(name, ((label, ps[i].label, ps[i].probability) for label, ps in answered))
    summed = [(label, consensus(ps), ps) for label, ps in answered]
    add("consensus", ((label, c.label, c.probability) for label, c, _ in summed))
    add(
        "with the arithmetic mean",
        ((label, c.label, _mean(c.label, ps)) for label, c, ps in summed),
    )
    drawn = chance_error(np.array([min(1.0, c.probability) for _, c, _ in summed]))
    lines.append(
        f"chance alone gives such a consensus {drawn.mean():.3f}, "
        f"and {np.quantile(drawn, 0.95):.3f} or more in one of twenty"
    )
    looks = [verdict_of(ps).look for _, ps in answered]
    lines.append(f"split: {looks.count('split')}, none of these: {looks.count('none')}")
    return "\n".join(lines)


def _mean(label: str, predictions: list[Prediction]) -> float:
    shares = [dict(zip(p.classes, p.probabilities, strict=True)).get(label, 0) for p in predictions]
    return float(np.mean(shares))


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks.consensus", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, default=DEFAULT_FOLDER)
    arguments = parser.parse_args()
    try:
        dataset = Dataset.load_manifest(arguments.weights / MANIFEST)
        print(report(read_test_photos(Zoo(Source(arguments.weights)), arguments.data, dataset)))
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
