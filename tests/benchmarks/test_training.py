"""The training benchmark measures both sides on equal terms, once, and says what it found."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.machine import ProcessError, run_measured
from benchmarks.training.data import held_out_photos_seen, split_photos, take_photos
from benchmarks.training.run import _order
from benchmarks.training.tables import Run, TrainingRow, terminal, training_text
from flowers.errors import DatasetError
from flowers.weights.folder import MANIFEST
from tests.support.photos import SIZE, write_patterns
from train.recipe import Recipe


def run_of(seconds: float, accuracy: float | None = 0.5) -> Run:
    usage = {
        "seconds": seconds,
        "processor_seconds": seconds,
        "peak_bytes": 1,
        "anonymous_bytes": 1,
    }
    return Run(usage, accuracy)


def row_of(plain: float, own: float, accuracy: float) -> TrainingRow:
    own_runs = [run_of(own, accuracy), run_of(100 * own, accuracy), run_of(own, accuracy)]
    return TrainingRow(
        "MobileNetV2",
        "transfer",
        1000,
        100,
        "random",
        0,
        [run_of(plain)],
        own_runs,
        run_of(1, None),
    )


@pytest.mark.slow  # Four processes; the serving benchmark measures some in `make test`.
def test_a_quick_run_measures_both_sides_and_a_second_one_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.training", "--quick"]
    command += ["--work", str(tmp_path / "work"), "--out", str(tmp_path / "out")]
    first = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "| MobileNetV2 transfer |" in first
    saved = json.loads((tmp_path / "out" / "training.json").read_text())
    (row,) = saved["rows"]
    for run in [*row["plain"], *row["own"]]:
        assert run["usage"]["seconds"] > 0
        assert run["usage"]["processor_seconds"] > 0
        assert 0 <= run["accuracy"] <= 1
    assert row["ratio"] > 0
    again = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert again.count("measured already") == 3
    assert json.loads((tmp_path / "out" / "training.json").read_text())["rows"] == saved["rows"]


def test_every_class_gives_its_share_and_the_same_photos_each_time(tmp_path: Path) -> None:
    root = write_patterns(tmp_path / "photos", {"a": 30, "b": 20, "c": 7})
    taken = take_photos(root, 19, 0, tmp_path / "taken")
    files = sorted(taken.rglob("*.jpg"))
    assert Counter(file.parent.name for file in files) == {"a": 10, "b": 7, "c": 2}
    links = {file.resolve() for file in files}
    assert len(links) == 19
    again = take_photos(root, 19, 0, tmp_path / "again")
    assert {file.resolve() for file in again.rglob("*.jpg")} == links
    with pytest.raises(DatasetError, match="fewer JPEG photos"):
        take_photos(root, 58, 0, tmp_path / "taken")


def test_a_base_that_saw_test_photos_is_told(tmp_path: Path) -> None:
    root = write_patterns(tmp_path / "photos", {"a": 20, "b": 20})
    dataset = split_photos(root, 0, SIZE, tmp_path)
    other = split_photos(root, 1, SIZE, tmp_path)
    other.save_manifest(tmp_path / MANIFEST)
    expected = {p.sha256 for p in other.part("train")} & {p.sha256 for p in dataset.part("test")}
    assert held_out_photos_seen(str(tmp_path), dataset) == len(expected) > 0
    assert held_out_photos_seen("imagenet", dataset) == 0


def test_own_runs_stand_around_the_plain_ones() -> None:
    assert list(_order(1, 3)) == ["own", "plain", "own", "own"]
    assert list(_order(1, 1)) == ["own", "plain"]  # To try it out.
    assert list(_order(3, 3)) == ["own", "plain"] * 3 + ["own"]


def test_medians_are_compared_and_a_worse_accuracy_is_told() -> None:
    good, bad = row_of(80, 10, 0.45), row_of(79, 10, 0.2)
    assert good.ratio() == 8.0
    verdicts = terminal([good, bad]).splitlines()
    assert "8.0 times faster, asked 8, reached" in verdicts[0]
    assert "no lower than plain Keras" in verdicts[0]
    assert "missed" in verdicts[1]
    assert "LOWER than plain Keras" in verdicts[1]
    page = training_text([good], Recipe(), drawn=True)
    assert "-5.0" in page
    assert "accuracies say nothing" in page


def test_a_failing_process_says_what_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "measured.py").write_text("import sys; sys.exit('no such luck')")
    with pytest.raises(ProcessError, match=r"measured --now failed.*no such luck"):
        run_measured("measured", "--now", log=tmp_path / "log")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_memory_is_that_of_the_process_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "measured.py").write_text("import time; b = b'x' * 100_000_000; time.sleep(0.5)")
    ballast = bytearray(300_000_000)  # A child of fork would start with this on its account.
    usage = run_measured("measured", log=tmp_path / "log")
    assert len(ballast) > 0
    assert usage.anonymous_bytes is not None
    assert usage.peak_bytes is not None
    assert 100e6 < usage.anonymous_bytes <= usage.peak_bytes < 200e6
