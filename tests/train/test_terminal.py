"""What a terminal or a disk lacks costs an escape or is one sentence."""

import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from train.__main__ import main

SHOW = "from train.terminal import show_any_name; show_any_name(); print(*map(chr, {}), 'rose')"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_any_name_can_be_shown(encoding: str) -> None:
    letters = [0x0420, 0x96CF, 0xDCF6]  # Cyrillic, Chinese, a byte that is not UTF-8.
    result = subprocess.run(
        [sys.executable, "-c", SHOW.format(letters)],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
    )
    said = result.stdout.decode(encoding)
    assert said.endswith(" rose\n")
    assert (r"\u96cf" if encoding != "utf-8" else "雏") in said
    assert r"\udcf6" in said


def test_no_temporary_folder_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: [str(tmp_path / "nowhere")])
    assert main(["push", "--weights", str(tmp_path), "--repo", "a/b"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: No temporary files can be written to any folder for them;")
    assert "set TMPDIR to another folder." in line


def test_a_full_disk_is_said_whatever_library_finds_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    class ResourceExhaustedError(Exception):
        """As TensorFlow has it."""

    def full(options: object) -> None:
        raise ResourceExhaustedError(f"/tmp/x/variables; {os.strerror(errno.ENOSPC)} [Op:SaveV2]")

    monkeypatch.setattr("train.__main__._push", full)
    assert main(["push", "--weights", str(tmp_path), "--repo", "a/b"]) == 1
    message = "The disk is full; free some space and run the same command again."
    assert capsys.readouterr().err == f"error: {message}\n"
