"""Predictions of a folder: one row per photo and model, whatever happens in between."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from zipfile import ZipFile

import pyarrow.parquet as pq
import pytest
from filelock import FileLock

from flowers.backbones import VARIANTS, find_backbone
from flowers.errors import UserError
from flowers.models.classifier import Classifier
from flowers.photos import read_photo
from flowers.weights.folder import check_artifact
from tests.support import ROOT
from tests.support.folders import files_of
from tests.support.photos import write_patterns
from train.predict.run import LEAST_PORTION, PredictJob, portions, run_predict
from train.predict.shards import Shards
from train.predict.worker import ReadPhoto, RowMaker

WEIGHTS = ROOT / "weights"
MODELS = [("mobilenetv2", "transfer"), ("mobilenetv2", "finetuned")]
BACKBONES = [find_backbone("mobilenetv2")]


def command(*arguments: object) -> list[str]:
    """The command line, where nothing is installed but what serving needs, and pyarrow."""
    prefix = [sys.executable, "-m", "tests.support.serving_only", "+pyarrow", "train", "predict"]
    return [*prefix, "--backbones", "mobilenetv2", *map(str, arguments)]


def parts_of(out: Path) -> list[Path]:
    """Files that are there; one that a killed run was writing has a dot before its name."""
    return sorted(out.glob("[!.]*.parquet"))


def rows_of(out: Path) -> list[dict]:
    return [row for part in parts_of(out) for row in pq.read_table(part).to_pylist()]


def models_of(rows: list[dict]) -> list[tuple[str, str]]:
    return [(row["backbone"], row["variant"]) for row in rows]


@pytest.fixture
def photos(tmp_path) -> Path:
    return write_patterns(tmp_path / "photos", {"daisy": 20, "rose": 17})


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


def descendants(parent: int) -> set[int]:
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, _, rest = stat.read_text().partition(" (")
        except OSError:
            continue
        if int(rest.rpartition(") ")[2].split()[1]) == parent:
            found |= {int(pid), *descendants(int(pid))}
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc")
def test_a_killed_run_goes_on_with_exactly_one_row_each(tmp_path):
    photos = write_patterns(tmp_path / "photos", {"daisy": 120, "rose": 120})
    out = tmp_path / "out"
    line = command("--data", photos, "--out", out, "--workers", 2, "--photos-per-file", 20)
    left: dict[Path, int] = {}
    for _ in range(2):
        with subprocess.Popen(line, cwd=ROOT, stderr=subprocess.DEVNULL) as run:
            deadline = time.monotonic() + 90
            while len(parts_of(out)) < len(left) + 3:
                assert run.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.02)
            workers = descendants(run.pid)
            assert len(workers) >= 2
            os.kill(run.pid, signal.SIGKILL)
        parts = {part: part.stat().st_mtime_ns for part in parts_of(out)}
        assert left.items() <= parts.items()  # What is written is not written again.
        left = parts
        while any(Path(f"/proc/{pid}/exe").exists() for pid in workers):
            assert time.monotonic() < deadline, "the workers outlive a killed run"
            time.sleep(0.02)
    assert 0 < len(rows_of(out)) < 480
    subprocess.run(line, cwd=ROOT, check=True, timeout=120)
    rows = rows_of(out)
    expected = {
        (f"{name}/{i:03}.jpg", *model)
        for name in ("daisy", "rose")
        for i in range(120)
        for model in MODELS
    }
    assert len(rows) == 480
    assert {(row["photo"], row["backbone"], row["variant"]) for row in rows} == expected


def test_a_zip_and_a_dataset_of_the_hub_are_read_as_well(hub, photos, tmp_path):
    zipped = tmp_path / "flowers.zip"
    with ZipFile(zipped, "w") as archive:
        for path in photos.rglob("*.jpg"):
            archive.write(path, path.relative_to(photos))
    predict(zipped, tmp_path / "from-zip")
    files = {f"test/{name}": content for name, content in files_of(photos / "rose").items()}
    hub.put("somebody/roses", files | {"train/a.jpg": b"no photo"}, kind="dataset")
    environment = {**os.environ, "HF_HOME": str(tmp_path / "home"), "HF_ENDPOINT": hub.url}
    address = "hf://datasets/somebody/roses"
    subprocess.run(
        command("--data", address, "--out", tmp_path / "from-hub", "--workers", 1),
        cwd=ROOT,
        env=environment | {"HF_HUB_DISABLE_XET": "1"},
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


def predict(photos: Path, out: Path, **options):
    settings = {"backbones": BACKBONES, "workers": 1, **options}
    return run_predict(PredictJob(str(photos), str(WEIGHTS), out, **settings))


def test_photos_that_came_later_are_added(photos, tmp_path):
    out = tmp_path / "out"
    assert predict(photos, out).photos == 37
    write_patterns(photos, {"tulip": 2}, first_seed=99)
    again = predict(photos, out)
    assert (again.photos, again.before, again.models) == (2, 37, 2)
    assert predict(photos, out).photos == 0
    assert len(rows_of(out)) == 2 * 39


def test_a_photo_that_changed_under_its_name_is_asked_about_again(photos, tmp_path):
    out = tmp_path / "out"
    predict(photos, out, photos_per_file=10)
    before = {row["photo"]: row for row in rows_of(out)}
    one, other, third = (photos / "daisy" / f"{i:03}.jpg" for i in (3, 4, 5))
    one.write_bytes((photos / "rose" / "001.jpg").read_bytes())
    os.utime(other)  # Copied anew, say: another date on the same photo.
    same_size = bytearray(third.read_bytes())
    same_size[-20] ^= 1
    third.write_bytes(same_size)
    again = predict(photos, out)
    assert (again.photos, again.before, again.changed) == (2, 35, 2)
    assert "2 had changed since and were asked about again" in str(again)
    rows = rows_of(out)
    assert Counter(row["photo"] for row in rows) == dict.fromkeys(before, 2)
    for row in rows:
        path = photos / row["photo"]
        assert row["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert row["bytes"] == path.stat().st_size
    after = {row["photo"]: row for row in rows}
    assert after["daisy/003.jpg"]["probabilities"] == before["rose/001.jpg"]["probabilities"]
    assert predict(photos, out).photos == 0


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


def test_other_predictions_are_not_mixed_in(photos, tmp_path):
    out = tmp_path / "out"
    predict(photos, out, variants=("transfer",))
    assert models_of(rows_of(out)) == [MODELS[0]] * 37
    with pytest.raises(UserError, match="holds predictions with other models; choose another"):
        predict(photos, out)
    with pytest.raises(UserError, match="holds predictions with other data; choose another"):
        predict(photos / "daisy", out, variants=("transfer",))
    run = json.loads((out / "_run.json").read_text())
    run["weights"]["mobilenetv2"]["sha256"] = "0" * 64
    (out / "_run.json").write_text(json.dumps(run))
    with pytest.raises(UserError, match="holds predictions with other weights; choose another"):
        predict(photos, out, variants=("transfer",))
    (out / "_run.json").unlink()
    with pytest.raises(UserError, match="holds Parquet files of others"):
        predict(photos, out)


def test_two_runs_do_not_write_to_one_folder(photos, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    with (
        FileLock(out / ".lock"),
        pytest.raises(UserError, match="Another run writes to "),
    ):
        predict(photos, out)


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
