"""A run that was killed, or comes again, asks only about what is missing or has changed."""

import hashlib
import json
import os
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from filelock import FileLock

from flowers.errors import UserError
from tests.support import ROOT
from tests.support.photos import write_patterns
from tests.support.predict_runs import (
    MODELS,
    command,
    models_of,
    parts_of,
    predict,
    rows_of,
)


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
@pytest.mark.long
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
            os.kill(run.pid, signal.SIGSTOP)  # It would write on while they are looked for.
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
