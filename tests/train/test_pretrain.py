"""What `pretrain` begins with, and what it notes; the training itself is left out here."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from flowers.backbones import BACKBONES, Backbone
from flowers.weights.folder import PretrainingStage
from tests.support.photos import SIZE, write_photos
from train import pretrain as module
from train.__main__ import main
from train.data.dataset import Dataset
from train.network.base import beside, find_base, photos_seen
from train.network.progress import Progress
from train.network.student import Student


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def nothing(backbone: Backbone, student: Student, *others: object) -> Progress:
        resume = others[-1]
        assert isinstance(resume, Path)
        resume.mkdir()
        return Progress(curves=[{"loss": 1.0}])

    monkeypatch.setattr(module, "_train", nothing)
    return write_photos(tmp_path / "photos", 5)


def pretrained(photos: Path, folder: Path, *options: str, backbone: str = "mobilenetv2") -> Path:
    """The base that one stage of two epochs leaves."""
    arguments = ["pretrain", "--data", str(photos), "--out", str(folder), "--epochs", "2"]
    arguments += ["--backbone", backbone, "--image-size", str(SIZE), "--batch-size", "8"]
    assert main([*arguments, *options]) == 0
    return folder / f"{backbone}.base.weights.h5"


def kernel(weights: Path) -> np.ndarray:
    with h5py.File(weights) as file:
        return np.asarray(file["layers/conv2d/vars/0"])


def test_the_seed_alone_decides_on_random_weights(photos: Path, tmp_path: Path) -> None:
    one = kernel(pretrained(photos, tmp_path / "one", "--seed", "3"))
    again = kernel(pretrained(photos, tmp_path / "again", "--seed", "3"))
    other = kernel(pretrained(photos, tmp_path / "other", "--seed", "4"))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 0.01


def test_a_base_knows_all_stages_that_it_had(photos: Path, tmp_path: Path) -> None:
    first = pretrained(photos, tmp_path / "one")
    second = pretrained(photos, tmp_path / "two", "--base", str(first), "--image-size", "128")
    _, source = find_base(BACKBONES["mobilenetv2"], str(second))
    assert source.stages == tuple(PretrainingStage(image_size=s, epochs=2) for s in (SIZE, 128))
    assert source.epochs == 4
    second.with_name("mobilenetv2.recipe.json").unlink()
    _, source = find_base(BACKBONES["mobilenetv2"], str(second))
    assert (source.stages, source.epochs) == ((), None)


def test_other_photos_are_another_training_be_they_as_many(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pretrained(photos, tmp_path / "out")
    pretrained(photos, tmp_path / "out")
    assert "is trained already" in capsys.readouterr().out
    (photos / "daisy").rename(photos / "aside")
    (photos / "rose").rename(photos / "daisy")
    (photos / "aside").rename(photos / "rose")
    pretrained(photos, tmp_path / "out")
    assert "is trained already" not in capsys.readouterr().out


def test_bases_of_several_backbones_lie_in_one_folder(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each tells of its own training, and all of them what is not to be tested on."""
    one = pretrained(photos, tmp_path, backbone="mobilenetv2")
    other = pretrained(photos, tmp_path, "--seed", "1", backbone="vgg16")
    before = one.read_bytes()
    capsys.readouterr()
    pretrained(photos, tmp_path, backbone="mobilenetv2")
    assert "is trained already" in capsys.readouterr().out
    assert one.read_bytes() == before
    seen = [photos_seen(str(path)) for path in (one, other, tmp_path)]
    assert seen[0] == seen[1] == seen[2]
    manifests = [Dataset.load_manifest(beside(path, "manifest.json")) for path in (one, other)]
    parts = [{photo.sha256 for photo in manifest.photos} for manifest in manifests]
    assert parts[0] != parts[1]
    assert seen[0] == parts[0] | parts[1]
