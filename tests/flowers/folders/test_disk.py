"""Every file below a folder is found once or said to be left aside."""

import os
import sys
from pathlib import Path

import pytest

from flowers.errors import DatasetError
from flowers.folders.aside import Kind
from flowers.folders.find import find_on_disk
from tests.support.photos import pattern


def put(root: Path, *names: str, content: bytes = b"") -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def photo_names(root: Path, leave: tuple[Path, ...] = ()) -> list[str]:
    return [photo.name for photo in find_on_disk(root, leave).photos]


def aside(root: Path, leave: tuple[Path, ...] = ()) -> dict[Kind, list[str]]:
    return {k: sorted(v) for k, v in find_on_disk(root, leave).aside.names.items()}


def test_what_systems_leave_behind_is_counted_and_not_read(tmp_path):
    put(tmp_path, "rose/1.jpg", "rose/.hidden.jpg", ".cache/rose/2.jpg")
    put(tmp_path, "__MACOSX/rose/._1.jpg", "rose/@eaDir/1.jpg/SYNOPHOTO_THUMB_M.jpg")
    put(tmp_path, "rose/Thumbs.db", "rose/.DS_Store", "rose/._1.jpg", "thumbnails/1.jpg")
    assert photo_names(tmp_path) == ["rose/1.jpg"]
    assert aside(tmp_path) == {
        Kind.HIDDEN: [".cache/rose/2.jpg", "rose/.hidden.jpg"],
        Kind.SYSTEM: [
            "__MACOSX/rose/._1.jpg",
            "rose/.DS_Store",
            "rose/._1.jpg",
            "rose/@eaDir/1.jpg/SYNOPHOTO_THUMB_M.jpg",
            "rose/Thumbs.db",
        ],
        Kind.THUMBNAIL: ["thumbnails/1.jpg"],
    }
    assert find_on_disk(tmp_path).folders == ["rose"]


def test_files_of_any_ending_are_known_by_what_they_hold(tmp_path):
    (tmp_path / "rose").mkdir()
    for number, form in enumerate(("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIF")):
        with (tmp_path / "rose" / str(number)).open("wb") as file:
            pattern(number).save(file, form)
    (tmp_path / "rose" / "0").rename(tmp_path / "rose" / "0.jpe")
    (tmp_path / "rose" / "7").rename(tmp_path / "rose" / "DSC7.HIF")
    assert photo_names(tmp_path) == [
        "rose/0.jpe",
        *(f"rose/{i}" for i in range(1, 7)),
        "rose/DSC7.HIF",
    ]


def test_other_files_are_listed_by_their_endings(tmp_path):
    put(
        tmp_path, "rose/1.jpg", "rose/a.txt", "rose/b.txt", "rose/c.json", "README", content=b"BM x"
    )
    put(tmp_path, "rose/IMG.CR2", content=b"II*\0")
    put(tmp_path, "rose/IMG.MOV", content=b"\0\0\0\x14ftypqt  ")
    found = find_on_disk(tmp_path)
    assert [photo.name for photo in found.photos] == ["rose/1.jpg"]
    assert found.aside.lines() == [
        "left aside, camera raw files, of which only an export as JPEG can be read: 1 "
        "(rose/IMG.CR2)",
        "left aside, films: 1 (rose/IMG.MOV)",
        "left aside, other files: 4 (.txt: 2, no ending: 1, .json: 1)",
    ]


def test_a_linked_folder_is_followed_once(tmp_path):
    elsewhere = put(tmp_path / "elsewhere", "3.jpg", "4.jpg")
    root = put(tmp_path / "data", "daisy/1.jpg", "rose/2.jpg")
    (root / "rose" / "second camera").symlink_to(elsewhere, target_is_directory=True)
    (root / "rose" / "the same again").symlink_to(elsewhere, target_is_directory=True)
    (root / "all roses").symlink_to(root / "rose", target_is_directory=True)
    assert photo_names(root) == [
        "daisy/1.jpg",
        "rose/2.jpg",
        "rose/second camera/3.jpg",
        "rose/second camera/4.jpg",
    ]
    assert aside(root) == {Kind.LINK: ["all roses", "rose/the same again"]}


def test_links_that_lead_back_end(tmp_path):
    root = put(tmp_path / "data", "rose/1.jpg")
    put(tmp_path, "private.jpg")
    (root / "rose" / "up").symlink_to(root, target_is_directory=True)
    (root / "rose" / "over").symlink_to(tmp_path, target_is_directory=True)
    (root / "rose" / "self").symlink_to(root / "rose" / "self")
    (root / "rose" / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    assert photo_names(root) == ["rose/1.jpg"]
    assert aside(root) == {Kind.LINK: ["rose/gone.jpg", "rose/over", "rose/self", "rose/up"]}


def test_linked_photos_are_photos(tmp_path):
    root, elsewhere = tmp_path / "data", put(tmp_path, "elsewhere.jpg")
    (root / "rose").mkdir(parents=True)
    (root / "rose" / "1.jpg").symlink_to(elsewhere / "elsewhere.jpg")
    assert photo_names(root) == ["rose/1.jpg"]


def test_the_runs_own_folder_is_left_aside(tmp_path):
    put(tmp_path, "rose/1.jpg", "model/.work/photos/x.u8", "model/examples/rose-1.jpg")
    assert photo_names(tmp_path, (tmp_path / "model",)) == ["rose/1.jpg"]
    assert aside(tmp_path, (tmp_path / "model",)) == {Kind.WEIGHTS: ["model"]}


def test_other_weights_folders_are_left_aside(tmp_path):
    put(
        tmp_path,
        "rose/1.jpg",
        "model/published.json",
        "model/manifest.json",
        "model/examples/2.jpg",
    )
    assert photo_names(tmp_path) == ["rose/1.jpg"]
    put(tmp_path, "published.json", "manifest.json", "examples/3.jpg", "vgg16/config.json")
    put(tmp_path, "vgg16/metrics.json", "vgg16/model.tflite")
    assert photo_names(tmp_path) == ["rose/1.jpg"]
    assert aside(tmp_path)[Kind.WEIGHTS] == ["examples", "model", "vgg16"]


def test_what_is_not_a_file_is_said(tmp_path):
    put(tmp_path, "rose/1.jpg")
    os.mkfifo(tmp_path / "rose" / "pipe.jpg")
    assert photo_names(tmp_path) == ["rose/1.jpg"]
    assert aside(tmp_path) == {Kind.OTHER: ["rose/pipe.jpg"]}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_folders_that_may_not_be_read_are_said(tmp_path):
    put(tmp_path, "rose/1.jpg", "tulip/2.jpg")
    (tmp_path / "tulip").chmod(0)
    try:
        assert photo_names(tmp_path) == ["rose/1.jpg"]
        assert aside(tmp_path) == {Kind.CLOSED: ["tulip"]}
    finally:
        (tmp_path / "tulip").chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="there, backslashes part folders")
def test_names_that_a_zip_with_backslashes_left_are_paths(tmp_path):
    put(tmp_path, "daisy\\1.jpg", "rose\\2024\\2.jpg")
    found = find_on_disk(tmp_path)
    assert [photo.name for photo in found.photos] == ["daisy/1.jpg", "rose/2024/2.jpg"]
    assert all(photo.read() == b"" for photo in found.photos)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow only text")
def test_names_that_are_not_text_cost_an_escape(tmp_path):
    folder = os.fsencode(tmp_path) + b"/r\xf6schen"
    os.mkdir(folder)  # noqa: PTH102
    Path(os.fsdecode(folder + b"/\xe9t\xe9.jpg")).write_bytes(b"photo")
    (photo,) = find_on_disk(tmp_path).photos
    assert photo.name == r"r\xf6schen/\xe9t\xe9.jpg"
    assert photo.read() == b"photo"


def test_a_missing_folder_is_one_sentence(tmp_path):
    with pytest.raises(DatasetError, match="nowhere is not a folder; give the one that holds"):
        find_on_disk(tmp_path / "nowhere")


class Reversed:
    """What `os.scandir` gives, in the other order, as another disk may list it."""

    def __init__(self, path):
        with scandir(path) as found:
            self.children = sorted(found, key=lambda child: child.name, reverse=True)

    def __enter__(self):
        return self.children

    def __exit__(self, *raised):
        pass


scandir = os.scandir


def test_the_order_in_which_a_disk_lists_its_files_makes_no_difference(tmp_path, monkeypatch):
    """Else the same photos would be split otherwise on another machine."""
    put(tmp_path / "data", "rose/b.jpg", "rose/a.jpg", "daisy/c.jpg", "Rose/d.jpg")
    put(tmp_path / "elsewhere", "1.jpg", "2.jpg")
    for name in ("rose", "daisy"):
        (tmp_path / "data" / name / "link").symlink_to(tmp_path / "elsewhere")
    once = find_on_disk(tmp_path / "data")
    monkeypatch.setattr(os, "scandir", Reversed)
    again = find_on_disk(tmp_path / "data")
    assert once == again
    assert [photo.name for photo in once.photos] == [
        *("Rose/d.jpg", "daisy/c.jpg", "daisy/link/1.jpg", "daisy/link/2.jpg"),
        *("rose/a.jpg", "rose/b.jpg"),
    ]
