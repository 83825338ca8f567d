"""Train here, push, pull elsewhere by hash: the same predictions, bit for bit."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from flowers.errors import WeightsError
from flowers.models.classifier import Classifier
from flowers.photos import read_photo
from flowers.weights.folder import Artifact, check_artifact
from tests.support.hub.machine import Machine
from tests.support.hub.standin import Hub
from tests.support.photos import SIZE

REPO = "somebody/flowers"

Predictions = dict[str, tuple[np.ndarray, np.ndarray, bool]]


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub()
    yield hub
    hub.stop()


@pytest.fixture
def machines(hub, tmp_path) -> Iterator[tuple[Machine, Machine]]:
    first = Machine(hub.url, tmp_path / "first")
    second = Machine(hub.url, tmp_path / "second", token=None)
    yield first, second
    first.stop()
    second.stop()


def predict(artifact: Artifact, photos: list[Path]) -> list[Predictions]:
    classifier = Classifier(artifact)
    return [
        {
            variant: (p.probabilities, p.focus, p.known)
            for variant, p in classifier.predict(read_photo(photo, SIZE)).items()
        }
        for photo in photos
    ]


def push(folder: Path) -> str | None:
    """Runs on the first machine."""
    from train.hub.push import push

    return push(folder, REPO).commit


def pull_and_predict(revision: str, photos: list[Path]) -> tuple[str | None, list[Predictions]]:
    """Runs on the second machine."""
    from flowers.weights.source import Source

    weights = Source.of_hub(REPO, revision)
    return weights.commit, predict(weights.fetch("mobilenetv2"), photos)


def test_a_second_machine_predicts_the_same(hub, machines, weights_folder, generated_photos):
    first, second = machines
    photos = sorted(generated_photos.rglob("*.jpg"))[::7]
    here = predict(check_artifact(weights_folder / "mobilenetv2"), photos)
    commit = first.run(push, weights_folder)
    assert commit is not None
    # Whatever happens to the repository later, a hash stands for these weights.
    head = hub.repo(REPO).head.files["mobilenetv2/model.tflite"].content
    hub.put(REPO, {"mobilenetv2/model.tflite": head[:-1] + b"!"})

    resolved, there = second.run(pull_and_predict, commit, photos)
    assert resolved == commit
    assert len(there) == len(here) >= 8
    for ours, theirs in zip(here, there, strict=True):
        assert ours.keys() == theirs.keys() == {"transfer", "finetuned"}
        for variant, (probabilities, focus, known) in ours.items():
            assert np.array_equal(probabilities, theirs[variant][0])
            assert np.array_equal(focus, theirs[variant][1])
            assert known == theirs[variant][2]
    with hub.down():
        assert np.array_equal(
            second.run(pull_and_predict, commit, photos)[1][0]["transfer"][0],
            here[0]["transfer"][0],
        )
    with pytest.raises(WeightsError, match="is not the file its config"):
        second.run(pull_and_predict, "main", photos)
