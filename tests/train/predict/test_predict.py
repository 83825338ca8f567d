"""Predictions of a folder: one row per photo and model, whatever happens in between."""

import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from zipfile import ZipFile

import pytest

from flowers.backbones import VARIANTS, find_backbone
from flowers.errors import UserError
from flowers.models.classifier import Classifier
from flowers.photos import read_photo
from flowers.weights.folder import check_artifact
from tests.support import ROOT
from tests.support.folders import files_of
from tests.support.hub.machine import DIRECT
from tests.support.predict_runs import MODELS, WEIGHTS, command, models_of, predict, rows_of
from train.predict.run import LEAST_PORTION, PredictJob, portions, run_predict
from train.predict.shards import Shards
from train.predict.worker import ReadPhoto, RowMaker


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier(check_artifact(WEIGHTS / "mobilenetv2"))


def test_the_command_needs_only_what_serving_needs_and_answers_as_it_does(
    photos, tmp_path, classifier
):
    out = tmp_path / "out"
    (photos / "rose" / "broken.jpg").write_bytes(b"no photo")
    (photos / "rose" / "notes.txt").write_bytes(b"no photo")
    (photos / ".cache").mkdir()
    shutil.copy(photos / "rose" / "000.jpg", photos / ".cache" / "000.jpg")
    result = subprocess.run(
        command("--data", photos, "--out", out, "--workers", 2),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    assert "38 photos by 2 models" in result.stdout
    assert "1 could not be read" in result.stdout
    assert "left aside, other files: 1 (rose/notes.txt)" in result.stdout
    rows = rows_of(out)
    names = [p.relative_to(photos).as_posix() for p in photos.glob("[!.]*/*.jpg")]
    assert Counter(row["photo"] for row in rows) == dict.fromkeys(names, 2)
    for name in names:
        found = [row for row in rows if row["photo"] == name]
        assert models_of(found) == MODELS
        if name == "rose/broken.jpg":
            for row in found:
                assert row["reason"].startswith("broken.jpg is not a photo that can be read")
                assert row["label"] is row["probability"] is row["known"] is None
                assert row["probabilities"] is None
            continue
        said = classifier.predict(read_photo(photos / name, classifier.config.image_size))
        for row in found:
            prediction = said[row["variant"]]
            assert row["label"] == prediction.label
            assert row["known"] == prediction.known
            assert row["p_known"] == pytest.approx(prediction.p_known)
            assert row["probability"] == pytest.approx(prediction.probability, abs=1e-3)
            of_class = dict(row["probabilities"])
            assert list(of_class) == classifier.config.classes
            assert max(of_class, key=of_class.__getitem__) == row["label"]
            assert row["reason"] is None


def test_a_zip_and_a_dataset_of_the_hub_are_read_as_well(hub, photos, tmp_path):
    zipped = tmp_path / "flowers.zip"
    with ZipFile(zipped, "w") as archive:
        for path in photos.rglob("*.jpg"):
            archive.write(path, path.relative_to(photos))
    predict(zipped, tmp_path / "from-zip")
    files = {f"test/{name}": content for name, content in files_of(photos / "rose").items()}
    hub.put("somebody/roses", files | {"train/a.jpg": b"no photo"}, kind="dataset")
    home = {"HF_HOME": str(tmp_path / "home"), "HF_ENDPOINT": hub.url}
    address = "hf://datasets/somebody/roses"
    subprocess.run(
        command("--data", address, "--out", tmp_path / "from-hub", "--workers", 1),
        cwd=ROOT,
        env={**os.environ, **DIRECT, **home, "HF_HUB_DISABLE_XET": "1"},
        check=True,
        timeout=120,
    )
    predict(photos, tmp_path / "from-folder")
    by_photo = [
        {(row["photo"], row["variant"]): row["probability"] for row in rows_of(tmp_path / name)}
        for name in ("from-folder", "from-zip", "from-hub")
    ]
    assert by_photo[0] == by_photo[1]
    # Of the parts of a set, all are asked about.
    assert {name for name, _ in by_photo[2]} == {*files, "train/a.jpg"}
    for (name, variant), probability in by_photo[2].items():
        assert probability == by_photo[0].get((name.replace("test/", "rose/"), variant))


def test_a_file_that_cannot_be_opened_gets_rows_that_say_so_and_is_tried_again(tmp_path):
    path = tmp_path / "gone.jpg"
    maker = RowMaker([check_artifact(WEIGHTS / "mobilenetv2")], VARIANTS)
    rows = maker.rows(ReadPhoto.read(("rose/gone.jpg", path)))
    assert models_of(rows) == MODELS
    for row in rows:
        assert row["photo"] == "rose/gone.jpg"
        assert row["reason"] == "gone.jpg cannot be read: No such file or directory."
    shards = Shards(tmp_path / "out", {})
    shards.add(rows)
    path.write_bytes(b"here now")
    assert not shards.done()["rose/gone.jpg"].is_still(path)


def test_what_cannot_be_predicted_is_said_in_one_sentence(photos, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(UserError, match="none is not a folder; give"):
        predict(tmp_path / "none", out)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no photos; give a folder"):
        predict(tmp_path / "empty", out)
    weights = str(lone_weights(tmp_path))
    missing = PredictJob(str(photos), weights, out, backbones=[find_backbone("vgg16")])
    with pytest.raises(UserError, match=r"train fit --data PHOTOS --out FOLDER --backbones vgg16"):
        run_predict(missing)
    assert not list(out.glob("*.parquet"))


def lone_weights(root: Path) -> Path:
    shutil.copytree(WEIGHTS / "mobilenetv2", root / "weights" / "mobilenetv2")
    return root / "weights"


def test_weights_that_are_damaged_are_refused(photos, tmp_path):
    weights = lone_weights(tmp_path)
    with (weights / "mobilenetv2" / "model.tflite").open("r+b") as file:
        file.seek(1000)
        file.write(b"damage")
    with pytest.raises(UserError, match="is not the file its config"):
        run_predict(PredictJob(str(photos), str(weights), tmp_path / "out", workers=1))


def test_portions_get_smaller_towards_the_end():
    photos = [(str(i), Path(str(i))) for i in range(1234)]
    made = list(portions(photos, workers=2, most=200))
    assert [photo for portion in made for photo in portion] == photos
    sizes = [len(portion) for portion in made]
    assert sizes[0] == 200
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] <= LEAST_PORTION
    assert list(portions(photos[:5], workers=2, most=200)) == [photos[:5]]
