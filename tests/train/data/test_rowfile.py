"""Rows are there after a write, and a full disk raises an error."""

import subprocess
import sys

import numpy as np
import pytest

from train.data.rowfile import RowFile


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(10, 3, 4)).astype(np.float16)


def test_rows_are_read_as_written(tmp_path, values):
    file = RowFile(tmp_path / "a.npy", 10, (3, 4), np.float16)
    assert not file.exists()
    file.create()
    assert file.exists()
    np.testing.assert_array_equal(file.read(), 0)
    file.write(6, values[6:])
    file.write(0, values[:6].astype(np.float64))
    np.testing.assert_array_equal(file.read(), values)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), values)
    again = RowFile(tmp_path / "a.npy", 10, (3, 4), np.float16)
    assert again.exists()
    np.testing.assert_array_equal(again.read(), values)


def test_a_file_of_another_kind_is_not_taken(tmp_path, values):
    path = tmp_path / "a.npy"
    np.save(path, values)
    assert RowFile(path, 10, (3, 4), np.float16).exists()
    assert not RowFile(path, 11, (3, 4), np.float16).exists()
    assert not RowFile(path, 10, (4, 3), np.float16).exists()
    assert not RowFile(path, 10, (3, 4), np.float32).exists()
    path.write_bytes(path.read_bytes()[:-1])
    assert not RowFile(path, 10, (3, 4), np.float16).exists()
    for content in (b"", b"text"):
        path.write_bytes(content)
        assert not RowFile(path, 10, (3, 4), np.float16).exists()


def test_room_that_runs_out_raises_an_error(tmp_path):
    # A limit on the size of files stands in for a full disk; both fail in the same call.
    program = """
import resource, sys
from pathlib import Path
import numpy as np
from train.data.rowfile import RowFile
file = RowFile(Path(sys.argv[1]), 100, (1000,), np.float32)
file.create()
resource.setrlimit(resource.RLIMIT_FSIZE, (240_000, resource.RLIM_INFINITY))
file.write(0, np.ones((50, 1000)))
try:
    file.write(40, np.ones((20, 1000)))
except OSError as error:
    print("refused")
"""
    path = tmp_path / "a.npy"
    result = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert result.stdout == "refused\n", result.stderr
    np.testing.assert_array_equal(np.load(path)[:40], 1)
