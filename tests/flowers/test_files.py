"""A file is whole or not there, whatever happens while it is written."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from flowers.errors import UserError
from flowers.files import ABANDONED, check_temporary_folder, sha256_of, whole_file, write_text


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_written_file_is_in_place(tmp_path):
    path = tmp_path / "new" / "folder" / "a.txt"
    with whole_file(path) as partial:
        assert partial.parent == path.parent  # So that taking the place is one step.
        assert partial.name.endswith("a.txt")  # Some writers go by the ending.
        partial.write_bytes(b"first")
        assert not path.exists()
    assert path.read_bytes() == b"first"
    assert names(path.parent) == ["a.txt"]
    write_text(path, "zwölf 🌻\n")
    assert path.read_bytes() == "zwölf 🌻\n".encode()
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("error", [OSError(28, "No space left"), KeyboardInterrupt(), ValueError()])
def test_a_failure_leaves_the_old_file(tmp_path, error):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write_half() -> None:
        with whole_file(path) as partial:
            partial.write_text("half of the n")
            raise error

    with pytest.raises(type(error)):
        write_half()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_failure_leaves_nothing_where_nothing_was(tmp_path):
    with pytest.raises(ZeroDivisionError), whole_file(tmp_path / "a.txt") as partial:
        partial.write_text(str(1 / 0))
    assert names(tmp_path) == []


def test_a_partial_file_that_its_writer_removed(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(FileNotFoundError), whole_file(path) as partial:
        partial.unlink()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_text_that_cannot_be_written_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\udcff")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_killed_writer_leaves_the_old_file_and_the_next_one_tidies_up(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    program = """
import sys, time
from pathlib import Path
from flowers.files import whole_file
with whole_file(Path(sys.argv[1])) as partial:
    partial.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""
    writer = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "writing\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    assert path.read_text() == "old"
    (left,) = [name for name in names(tmp_path) if name != "a.txt"]
    assert left.startswith(".")

    write_text(path, "new")  # Another process may still be at work on it.
    assert names(tmp_path) == [left, "a.txt"]
    long_ago = time.time() - ABANDONED - 1
    os.utime(tmp_path / left, (long_ago, long_ago))
    write_text(path, "newer")
    assert names(tmp_path) == ["a.txt"]
    assert path.read_text() == "newer"


def test_tidying_up_spares_other_files(tmp_path):
    others = [".abcdefgh-b.txt", ".hidden-a.txt", "abcdefgh-a.txt", ".abcdefgh-xa.txt"]
    long_ago = time.time() - 2 * ABANDONED
    for name in others:
        (tmp_path / name).write_text("mine")
        os.utime(tmp_path / name, (long_ago, long_ago))
    write_text(tmp_path / "a.txt", "new")
    assert names(tmp_path) == sorted([*others, "a.txt"])


def test_readers_see_only_whole_files(tmp_path):
    path = tmp_path / "a.txt"
    texts = {letter * 200_000 for letter in "abcdef"}
    write_text(path, "a" * 200_000)
    seen: set[str] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add(path.read_text())

    def write(text: str) -> None:
        for _ in range(10):
            write_text(path, text)

    reader = threading.Thread(target=read)
    reader.start()
    writers = [threading.Thread(target=write, args=(text,)) for text in texts]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    stop.set()
    reader.join()
    assert seen <= texts
    assert names(tmp_path) == ["a.txt"]


def test_hash_of_a_file(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"photo" * 100_000)
    assert sha256_of(path) == hashlib.sha256(b"photo" * 100_000).hexdigest()
    path.write_bytes(b"")
    assert sha256_of(path).startswith("e3b0c44298fc1c14")


def test_a_temporary_folder_that_cannot_be_written_to_is_one_sentence(tmp_path):
    check_temporary_folder("GRADIO_TEMP_DIR", tmp_path / "made")
    assert list((tmp_path / "made").iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="or set GRADIO_TEMP_DIR to another folder") as caught:
        check_temporary_folder("GRADIO_TEMP_DIR", tmp_path / "file" / "gradio")
    assert str(tmp_path / "file" / "gradio") in str(caught.value)
