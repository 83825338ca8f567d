"""`predict --cluster` gives one row per photo and model, whoever dies in between."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.support import ROOT
from tests.support.photos import write_patterns
from train.__main__ import main

pytestmark = pytest.mark.cluster
PHOTOS = 240


def arguments(photos: Path, out: Path) -> list[str]:
    options = ["predict", "--data", str(photos), "--out", str(out)]
    options += ["--weights", str(ROOT / "weights"), "--backbones", "mobilenetv2"]
    return [*options, "--photos-per-file", "20"]


def parts(out: Path) -> list[Path]:
    return sorted(out.glob("part-*.parquet"))  # Not one on its way, whose name has a dot first.


def rows_of(out: Path) -> list[dict]:
    return [row for part in parts(out) for row in pq.read_table(part).to_pylist()]


def wait_for_parts(out: Path, number: int) -> None:
    deadline = time.monotonic() + 120
    while len(parts(out)) < number and time.monotonic() < deadline:
        time.sleep(0.01)


def test_each_photo_has_its_rows_once_after_the_command_and_a_node_were_killed(
    cluster, second_node, tmp_path
):
    photos = write_patterns(tmp_path / "photos", {"daisy": PHOTOS // 2, "rose": PHOTOS // 2 - 1})
    (photos / "rose" / "broken.jpg").write_bytes(b"no photo")
    out, local = tmp_path / "cluster", tmp_path / "local"
    line = [*arguments(photos, out), "--cluster", cluster.address]
    with subprocess.Popen([sys.executable, "-m", "train", *line], cwd=ROOT) as run:
        wait_for_parts(out, 2)
        os.kill(run.pid, signal.SIGKILL)
    before = {part: part.stat().st_mtime_ns for part in parts(out)}
    assert 2 <= len(before) < PHOTOS // 20

    def kill() -> None:
        wait_for_parts(out, len(before) + 2)
        written.append(len(parts(out)))
        second_node()

    written: list[int] = []
    watch = threading.Thread(target=kill)
    watch.start()
    assert main(line) == 0
    watch.join()
    assert written[0] < len(parts(out))  # It was killed while there was work left.
    assert before.items() <= {part: part.stat().st_mtime_ns for part in parts(out)}.items()

    assert main([*arguments(photos, local), "--workers", "1"]) == 0
    ours, theirs = rows_of(out), rows_of(local)
    models = Counter((row["photo"], row["backbone"], row["variant"]) for row in ours)
    assert len(models) == 2 * PHOTOS
    assert set(models.values()) == {1}

    def in_order(rows: list[dict]) -> list[dict]:
        return sorted(rows, key=lambda row: (row["photo"], row["variant"]))

    assert in_order(ours) == in_order(theirs)
    assert sum(row["reason"] is not None for row in ours) == 2
