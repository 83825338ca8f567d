"""A `fit` that cannot begin, or is stopped, says so in one sentence and leaves nothing behind."""

import os
import signal
import time
from pathlib import Path

import pytest

from flowers.errors import PhotoError
from flowers.weights.folder import MANIFEST
from tests.support.photos import SIZE, write_patterns
from train.__main__ import main
from train.data.cache import PIPELINE, PhotoCache
from train.data.dataset import Dataset
from train.work import TRAINED, WORK, only_run


def fit_command(photos: Path, out: Path) -> list[str]:
    arguments = ["fit", "--data", str(photos), "--out", str(out)]
    return [*arguments, "--base", "none", "--image-size", str(SIZE)]


def error_of(capsys: pytest.CaptureFixture[str]) -> str:
    *_, last = capsys.readouterr().err.strip().splitlines()
    return last


def test_two_runs_do_not_share_a_folder(tmp_path, capsys):
    photos, out = write_patterns(tmp_path / "photos", {"a": 4, "b": 4}), tmp_path / "out"
    with only_run(out / WORK):
        assert main(fit_command(photos, out)) == 1
    assert error_of(capsys).startswith(f"error: Another run is at work in {out}; wait for it")
    with only_run(out / WORK):  # It was let go of.
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_sentence(tmp_path, capsys):
    photos, out = write_patterns(tmp_path / "photos", {"a": 4, "b": 4}), tmp_path / "out"
    rows = out / WORK / "photos" / f"photos-{SIZE}-v{PIPELINE}.u8"
    rows.parent.mkdir(parents=True)
    rows.symlink_to("/dev/full")
    assert main(fit_command(photos, out)) == 1
    message = "The disk is full; free some space and run the same command again."
    assert error_of(capsys) == f"error: {message}"
    assert [path.name for path in out.iterdir()] == [WORK]


@pytest.mark.parametrize("name", ["nowhere", "one.jpg", "single", "text.zip"])
def test_data_that_cannot_be_trained_on_leave_nothing(tmp_path, capsys, name):
    write_patterns(tmp_path / "single", {"rose": 4})
    (tmp_path / "one.jpg").write_bytes((tmp_path / "single" / "rose" / "000.jpg").read_bytes())
    (tmp_path / "text.zip").write_text("text")
    out = tmp_path / "out"
    assert main(fit_command(tmp_path / name, out)) == 1
    assert error_of(capsys).startswith("error: ")
    assert not out.exists()


def test_a_stopped_command_says_so(tmp_path, capsys, monkeypatch):
    photos, out = write_patterns(tmp_path / "photos", {"a": 4, "b": 4}), tmp_path / "out"

    # A process that was started in the background ignores the signal until it is told otherwise.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    stopped = []

    def interrupted(self, path):
        if not stopped:
            stopped.append(path)
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)
        raise PhotoError("Stopped by then.")

    monkeypatch.setattr(PhotoCache, "_decode", interrupted)
    try:
        assert main(fit_command(photos, out)) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert error_of(capsys) == "error: Stopped; the same command goes on from here."


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--examples", "2"], "--examples N and --examples-license TEXT go together"),
        (["--examples-license", "CC0"], "--examples N and --examples-license TEXT go together"),
        (["--private"], "add --push USER/REPO"),
        (["--push", "me/flowers", "--no-export"], "cannot be pushed; leave out --push"),
    ],
)
def test_options_that_do_not_fit_are_told_before_anything_is_done(tmp_path, capsys, options, said):
    photos, out = write_patterns(tmp_path / "photos", {"a": 4, "b": 4}), tmp_path / "out"
    assert main([*fit_command(photos, out), *options]) == 1
    assert said in error_of(capsys)
    assert not out.exists()


def test_what_waits_for_its_export_is_not_measured_by_another_split(tmp_path, capsys):
    photos, out = write_patterns(tmp_path / "photos", {"a": 4, "b": 4}), tmp_path / "out"
    (out / WORK / "vgg16").mkdir(parents=True)
    (out / WORK / "vgg16" / TRAINED).touch()
    Dataset(out, ["a", "b"], [], seed=1).save_manifest(out / MANIFEST)
    before = (out / MANIFEST).read_bytes()
    assert main(fit_command(photos, out)) == 1
    assert "holds weights trained on other photos or another split" in error_of(capsys)
    assert (out / MANIFEST).read_bytes() == before
