"""`evaluate` takes folders for the classes that they mean, and writes every name."""

import csv
import os
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flowers.files import sha256_of
from flowers.weights.folder import MANIFEST, read_config, write_config
from tests.support.artifact import write_backbone
from tests.support.photos import COLOURS
from train.__main__ import main
from train.data.dataset import Dataset

CLASSES = ["Gänseblümchen", "Rose", "rose"]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model that tells three classes by their colour; two differ only in capitals."""
    for name, colour in zip(CLASSES, ((250, 250, 250), (200, 20, 40), (20, 20, 200)), strict=True):
        monkeypatch.setitem(COLOURS, name, colour)
    write_backbone(tmp_path / "weights", "mobilenetv2", CLASSES)
    return tmp_path / "weights"


def put(folder: Path, of: str, photos: int = 2) -> None:
    """Photos of the colour of a class."""
    folder.mkdir(parents=True)
    for i in range(photos):
        colour = np.array(COLOURS[of]) - i
        Image.new("RGB", (40, 40), tuple(colour.tolist())).save(folder / f"{i}.png")


def evaluate(weights: Path, data: Path, out: Path) -> int:
    arguments = ["--weights", str(weights), "--data", str(data), "--out", str(out)]
    return main(["evaluate", *arguments, "--every-photo"])


def test_folders_are_taken_for_the_classes_that_they_mean(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = tmp_path / "data", tmp_path / "out.csv"
    put(data / "test" / "Ga\u0308nseblu\u0308mchen", "Gänseblümchen")
    put(data / "test" / "Rose", "Rose")
    put(data / "test" / "rose", "rose", photos=3)
    put(data / "train" / "rose", "rose")
    (data / "test" / "notes.txt").write_text("text")
    assert evaluate(weights, data, out) == 0
    rows = [row for row in read(out) if row["variant"] == "transfer"]
    assert len(rows) == 2 + 2 + 3
    assert all(row["label"] == row["predicted"] for row in rows)
    assert {row["label"] for row in rows} == set(CLASSES)
    said = capsys.readouterr().out
    assert "Only the photos below test are measured; left aside: train." in said
    assert "anew" not in said
    assert "left aside, photos of other parts of the set: 2 (train/rose/0.png" in said
    assert "left aside, other files: 1 (test/notes.txt)" in said


def test_every_row_stands_under_the_classes_of_its_own_model(weights: Path, tmp_path: Path) -> None:
    write_backbone(weights, "vgg16", ["sunflower", "rose"])
    put(tmp_path / "data" / "rose", "rose", photos=1)
    assert evaluate(weights, tmp_path / "data", tmp_path / "out.csv") == 0
    rows = read(tmp_path / "out.csv")
    filled = {row["backbone"]: {name for name in row if row[name]} for row in rows}
    assert {"Gänseblümchen", "Rose", "rose"} <= filled["mobilenetv2"]
    assert "sunflower" not in filled["mobilenetv2"]
    assert {"sunflower", "rose"} <= filled["vgg16"]
    assert not {"Gänseblümchen", "Rose"} & filled["vgg16"]
    for row in rows:
        said = {name: float(row[name]) for name in (*CLASSES, "sunflower") if row[name]}
        assert sum(said.values()) == pytest.approx(1, abs=1e-3)
        assert row["predicted"] == max(said, key=lambda name: said[name])


def test_a_folder_that_means_no_class_is_one_sentence(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path / "data" / "Gaensebluemchen", "rose")
    assert evaluate(weights, tmp_path / "data", tmp_path / "out.csv") == 1
    *_, last = capsys.readouterr().err.splitlines()
    assert last.startswith(
        "error: mobilenetv2 does not know the class 'Gaensebluemchen'; perhaps it means "
        "Gänseblümchen; rename or remove that folder."
    )


def test_a_linked_folder_is_measured_and_a_link_to_nowhere_is_said(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path / "data" / "rose", "rose")
    put(tmp_path / "elsewhere", "rose", photos=3)
    (tmp_path / "data" / "rose" / "second_camera").symlink_to("../../elsewhere")
    (tmp_path / "data" / "rose" / "gone").symlink_to("../../nowhere")
    assert evaluate(weights, tmp_path / "data", tmp_path / "out.csv") == 0
    rows = [row for row in read(tmp_path / "out.csv") if row["variant"] == "transfer"]
    assert len(rows) == 2 + 3
    assert "read anyway: 1 (rose/gone)" in capsys.readouterr().out


def test_photos_of_none_of_the_classes_may_be_folders_and_zips_of_one_name(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path / "data" / "rose", "rose")
    put(tmp_path / "a" / "other" / "tower", "Rose")
    put(tmp_path / "b" / "other" / "thistle", "Rose", photos=3)
    shutil.make_archive(str(tmp_path / "b" / "other"), "zip", tmp_path / "b" / "other")
    arguments = ["--weights", str(weights), "--data", str(tmp_path / "data"), "--every-photo"]
    for unknown in (tmp_path / "a" / "other", tmp_path / "b" / "other.zip"):
        arguments += ["--unknown", str(unknown)]
    assert main(["evaluate", *arguments]) == 0
    said = capsys.readouterr().out
    assert re.search(r"\bother\b.* 2\b", said), said
    assert re.search(r"other\.zip.* 3\b", said), said


def test_photos_that_the_weights_saw_are_left_out_of_the_unknown_too(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path / "data" / "rose", "rose")
    put(tmp_path / "other" / "tower", "Rose", photos=5)
    first, second, *_ = sorted((tmp_path / "other" / "tower").iterdir())
    arguments = ["--weights", str(weights), "--data", str(tmp_path / "data")]
    arguments += ["--unknown", str(tmp_path / "other")]
    manifest = Dataset(weights, CLASSES, [], seed=0)
    manifest.unknown_seen = {sha256_of(first), sha256_of(second)}
    manifest.save_manifest(weights / MANIFEST)
    # Which photos it saw stands in the manifest of its own training alone.
    assert main(["evaluate", *arguments]) == 1
    assert "does not tell which photos mobilenetv2 saw" in capsys.readouterr().err
    folder = weights / "mobilenetv2"
    trained_on = {"data_fingerprint": manifest.fingerprint}
    write_config(folder, read_config(folder).model_copy(update=trained_on))
    assert main(["evaluate", *arguments]) == 0
    said = capsys.readouterr().out
    assert "other: 2 photos that the weights were trained on are left out." in said
    assert re.search(r"\bother\b +3\b", said), said
    assert main(["evaluate", *arguments, "--every-photo"]) == 0
    assert re.search(r"\bother\b +5\b", capsys.readouterr().out)
    manifest.unknown_seen = {sha256_of(path) for path in (tmp_path / "other" / "tower").iterdir()}
    manifest.save_manifest(weights / MANIFEST)
    assert main(["evaluate", *arguments]) == 1
    assert "other holds no photo that these weights have not seen" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow only text")
def test_names_that_are_not_text_reach_the_csv(weights: Path, tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out.csv"
    put(data / "rose", "rose")
    path = os.fsencode(data / "rose")
    os.rename(path + b"/0.png", path + b"/\xe9t\xe9.png")  # noqa: PTH104
    assert evaluate(weights, data, out) == 0
    assert {row["photo"] for row in read(out)} == {"rose/1.png", r"rose/\xe9t\xe9.png"}
