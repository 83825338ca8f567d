"""Uploads have a folder of their own, a limit, and an end."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flowers.errors import StorageError, UserError
from flowers.page.requests import storage
from flowers.page.requests.storage import Storage

HUGE = 10**15
"""More bytes than any disk here has."""


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "base"))
    return tmp_path / "base"


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Files seem so many seconds older."""
    real = time.time

    def go_on(seconds: float) -> None:
        monkeypatch.setattr(storage.time, "time", lambda: real() + seconds)

    return go_on


def test_what_a_killed_process_left_is_deleted_and_what_a_living_one_holds_stays(base) -> None:
    killed = Storage()
    (killed.folder / "photo.jpg").write_bytes(b"photo")
    killed._lock.release()  # What the system does with the files of a killed process.
    living = Storage()
    Storage().close()
    assert [path.name for path in base.iterdir()] == [living.folder.name]
    living.close()
    assert list(base.iterdir()) == []


def test_old_uploads_make_room_for_new_ones_and_young_ones_and_kept_ones_stay(base, later) -> None:
    found = Storage(most=100)
    for name in "ab":
        (found.folder / name).write_bytes(b"x" * 40)
    with pytest.raises(StorageError, match=r"no room .* try again in 15 minutes.* 50 bytes"):
        found.make_room(50)
    later(16 * 60)
    found.make_room(50, keep=lambda: {str(found.folder / "a")})
    assert [name for name in "ab" if (found.folder / name).exists()] == ["a"]
    found.make_room(60)
    with pytest.raises(StorageError):
        found.make_room(61, keep=lambda: {str(found.folder / "a")})


def test_old_uploads_go_with_their_folders_and_kept_ones_stay(base, later) -> None:
    found = Storage()
    for name in ("old", "shown"):
        (found.folder / name).mkdir()
        (found.folder / name / "photo.jpg").write_bytes(b"photo")
    (found.folder / "begun").mkdir()
    shown = found.folder / "shown" / "photo.jpg"
    found.delete_old(3600, {str(shown)})
    assert len(list(found.folder.glob("*/photo.jpg"))) == 2
    assert (found.folder / "begun").exists()
    later(4000)
    found.delete_old(3600, {str(shown)})
    assert list(found.folder.glob("*/photo.jpg")) == [shown]
    assert [path.name for path in found.folder.iterdir() if path.is_dir()] == ["shown"]
    assert (found.folder / storage.IN_USE).exists()


def test_no_name_keeps_an_upload_from_being_counted(base, later) -> None:
    found = Storage(most=100)
    (found.folder / "upload").mkdir()
    (found.folder / "upload" / storage.IN_USE).write_bytes(b"x" * 90)
    with pytest.raises(StorageError):
        found.make_room(50)
    later(16 * 60)
    found.make_room(50)
    assert list((found.folder / "upload").iterdir()) == []
    assert (found.folder / storage.IN_USE).exists()


def test_a_disk_that_is_almost_full_takes_no_more(base) -> None:
    with pytest.raises(StorageError, match="no room"):
        Storage(most=2 * HUGE).make_room(HUGE)


def test_no_folder_to_write_to_is_one_sentence(tmp_path, monkeypatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "file" / "below"))
    with pytest.raises(UserError, match="or set GRADIO_TEMP_DIR to another folder"):
        Storage()
    assert os.environ["GRADIO_TEMP_DIR"].endswith("below")
