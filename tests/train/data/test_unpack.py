"""`--data` as a zip: zips of strangers do no harm."""

import os
import shutil
import stat
import struct
import time
import zipfile
from pathlib import Path

import pytest

from flowers.errors import DatasetError
from flowers.folders.aside import Kind
from tests.support.folders import files_of
from tests.support.photos import write_patterns
from tests.support.sources import COUNTS, contents, counted, refusal, root_of
from tests.support.zips import locked, zip_of
from train.data import unpack as unpacking
from train.data.sources import open_source, source_name
from train.data.unpack import safe_names


@pytest.mark.parametrize("prefix", ["", "flowers/", "flowers/train/", "a/b/c/"])
def test_a_zip_with_or_without_a_folder_at_its_top(photos, tmp_path, prefix):
    archive = zip_of(photos, tmp_path / "my flowers.zip", prefix)
    unpacked = open_source(str(archive), tmp_path / "cache")
    assert unpacked.found.root.is_relative_to(tmp_path / "cache")
    assert contents(unpacked) == files_of(photos)
    assert counted(unpacked.found.root) == COUNTS
    assert source_name(str(archive)) == "my flowers"


def test_a_zip_is_unpacked_once(photos, tmp_path):
    archive = zip_of(photos, tmp_path / "flowers.ZIP")
    cache = tmp_path / "cache"
    root = root_of(archive, cache)
    times = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    assert root_of(archive, cache) == root
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == times
    write_patterns(photos, {"tulip": 5}, first_seed=300)
    other = root_of(zip_of(photos, archive), cache)
    assert other != root
    assert counted(other) == {**COUNTS, "tulip": 5}


def test_a_mac_zip_with_its_resource_forks(photos, tmp_path):
    archive = zip_of(photos, tmp_path / "flowers.zip", "flowers/")
    with zipfile.ZipFile(archive, "a") as zipped:
        for name in files_of(photos):
            zipped.writestr(f"__MACOSX/flowers/{name.replace('/', '/._')}", b"\0\5\x16\7")
        zipped.writestr("flowers/.DS_Store", b"x")
        zipped.writestr("flowers/readme.txt", b"x")
        zipped.writestr("flowers/run.py", b"x")
    unpacked = open_source(str(archive), tmp_path / "cache")
    assert contents(unpacked) == files_of(photos)
    aside = unpacked.found.aside
    assert (aside.count(Kind.SYSTEM), aside.count(Kind.OTHER)) == (len(files_of(photos)) + 1, 2)


def test_a_zip_with_backslashes(photos, tmp_path):
    archive = tmp_path / "flowers.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for name, content in files_of(photos).items():
            entry = zipfile.ZipInfo()
            entry.filename = "flowers\\" + name.replace("/", "\\")
            zipped.writestr(entry, content)
    assert contents(open_source(str(archive), tmp_path / "cache")) == files_of(photos)


def test_names_that_are_too_long_are_cut(photos, tmp_path, capsys):
    archive = zip_of(photos, tmp_path / "flowers.zip")
    long = "花" * 85 + ".jpg"
    assert len(long.encode()) == 259
    with zipfile.ZipFile(archive, "a") as zipped:
        zipped.writestr(f"rose/{long}", (photos / "rose" / "000.jpg").read_bytes() + b"0")
        zipped.writestr(
            f"rose/{long[:-4]}花.jpg", (photos / "rose" / "001.jpg").read_bytes() + b"0"
        )
    unpacked = open_source(str(archive), tmp_path / "cache")
    names = [photo.file.path.name for photo in unpacked.photos if photo.label == "rose"]
    assert len(set(names)) == COUNTS["rose"] + 2
    assert max(len(name.encode()) for name in names) <= 240
    assert "2 names that are too long, or equal but for capitals, are" in capsys.readouterr().out


def test_names_that_some_disks_take_for_one_are_kept_apart():
    names = ["rose/A.jpg", "rose/a.jpg", "rose/\u00e9.jpg", "rose/e\u0301.jpg", "rose/b"]
    assert safe_names(names) == [
        "rose/A.jpg",
        "rose/a~2.jpg",
        "rose/\u00e9.jpg",
        "rose/e\u0301~2.jpg",
        "rose/b",
    ]


def test_twins_in_a_zip_lose_no_photo(photos, tmp_path):
    archive = tmp_path / "twins.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for name, content in files_of(photos).items():
            zipped.writestr(name, content)
            zipped.writestr(
                name.replace("rose/", "Rose/").replace("daisy/", "Daisy/"), content + b"0"
            )
    unpacked = open_source(str(archive), tmp_path / "cache")
    assert unpacked.classes == ["Daisy", "Rose"]
    assert len(unpacked.photos) == 2 * sum(COUNTS.values())


@pytest.mark.parametrize(
    "name",
    [
        "../evil.jpg",
        "rose/../../evil.jpg",
        "/evil.jpg",
        "..\\evil.jpg",
        "\\evil.jpg",
        "../evil.txt",
    ],
)
def test_nothing_leaves_the_folder(photos, tmp_path, name):
    archive = zip_of(photos, tmp_path / "flowers.zip")
    cache = tmp_path / "a" / "cache"
    with zipfile.ZipFile(archive, "a") as zipped:
        entry = zipfile.ZipInfo()
        entry.filename = name
        zipped.writestr(entry, b"evil")
    unpacked = open_source(str(archive), cache)
    assert contents(unpacked) == files_of(photos)
    written = list(tmp_path.rglob("evil*"))
    assert all(path.parent == unpacked.found.root for path in written)
    assert len(written) == name.endswith(".jpg") == unpacked.found.aside.count(Kind.LOOSE)
    assert not Path("/evil.jpg").exists()


def test_links_are_left_aside(photos, tmp_path):
    archive = zip_of(photos, tmp_path / "flowers.zip")
    with zipfile.ZipFile(archive, "a") as zipped:
        link = zipfile.ZipInfo("rose/passwords.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        zipped.writestr(link, "/etc/passwd")
    unpacked = open_source(str(archive), tmp_path / "cache")
    assert contents(unpacked) == files_of(photos)
    assert unpacked.found.aside.names == {Kind.ZIP_LINK: ["rose/passwords.jpg"]}


def test_bombs_are_refused(tmp_path):
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for i in range(3):
            zipped.writestr(f"rose/{i}.bmp", bytes(20_000_000))
    assert archive.stat().st_size < 100_000
    assert "far larger unpacked than photos would be" in refusal(archive, tmp_path / "cache")


def test_an_entry_that_lies_about_its_size_is_cut_and_refused(photos, tmp_path):
    archive = tmp_path / "liar.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("rose/0.bmp", bytes(20_000_000))
    content = archive.read_bytes()
    size = struct.pack("<I", 20_000_000)
    assert content.count(size) == 2
    archive.write_bytes(content.replace(size, struct.pack("<I", 1_000_000)))
    assert "damaged or not a zip" in refusal(archive, tmp_path / "cache")


def test_a_disk_without_room_is_said_beforehand(photos, tmp_path, monkeypatch):
    archive = zip_of(photos, tmp_path / "flowers.zip")
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(unpacking.shutil, "disk_usage", lambda path: usage)
    assert "free some space" in refusal(archive, tmp_path / "cache")


def test_a_disk_that_fills_up_leaves_nothing(photos, tmp_path, monkeypatch):
    archive = zip_of(photos, tmp_path / "flowers.zip")
    copy = shutil.copyfileobj
    copied = []

    def filling(source, target):
        if len(copied) == 4:
            target.write(source.read(100))
            raise OSError(28, "No space left on device")
        copied.append(target.name)
        copy(source, target)

    cache = tmp_path / "cache"
    with monkeypatch.context() as patched:
        patched.setattr(unpacking.shutil, "copyfileobj", filling)
        with pytest.raises(OSError, match="No space left"):
            open_source(str(archive), cache)
    assert list(cache.iterdir()) == []
    assert counted(root_of(archive, cache)) == COUNTS


def test_what_a_killed_run_left_is_removed(photos, tmp_path):
    left = tmp_path / "cache" / ".unpacking-abc" / "photos"
    left.mkdir(parents=True)
    recent = tmp_path / "cache" / ".unpacking-def"
    recent.mkdir()
    long_ago = time.time() - unpacking.ABANDONED_UNPACKING - 1
    os.utime(left.parent, (long_ago, long_ago))
    root = root_of(zip_of(photos, tmp_path / "flowers.zip"), tmp_path / "cache")
    assert set((tmp_path / "cache").iterdir()) == {root, recent}


def test_damaged_zips(photos, tmp_path):
    archive = zip_of(photos, tmp_path / "flowers.zip")
    content = archive.read_bytes()
    cache = tmp_path / "cache"
    for damaged in (b"", b"text", content[:-40], content[: len(content) // 2]):
        archive.write_bytes(damaged)
        assert "flowers.zip is damaged or not a zip" in refusal(archive, cache)
    flipped = bytearray(content)
    flipped[500] ^= 255  # Within the first photo.
    archive.write_bytes(flipped)
    assert "Bad CRC-32" in refusal(archive, cache)


def test_a_file_of_the_name_of_a_folder_and_paths_longer_than_any_are_unpacked(photos, tmp_path):
    archive = zip_of(photos, tmp_path / "flowers.zip")
    with zipfile.ZipFile(archive, "a") as zipped:
        zipped.writestr("rose/a.jpg", b"a")
        zipped.writestr("rose/a.jpg/0.jpg", b"b")
        zipped.writestr("rose/" + "n" * 200 + ("/" + "n" * 200) * 30 + "/1.jpg", b"c")
    found = open_source(str(archive), tmp_path / "cache").photos
    kept = {photo.file.read() for photo in found if photo.label == "rose"}
    assert {b"a", b"b", b"c"} <= kept
    assert len(kept) == COUNTS["rose"] + 3


def test_passwords_are_not_asked_for(photos, tmp_path):
    archive = locked(zip_of(photos, tmp_path / "flowers.zip"), sum(COUNTS.values()))
    assert "is protected by a password" in refusal(archive, tmp_path / "cache")


def test_a_zip_of_one_class_is_called_by_its_name(photos, tmp_path):
    shutil.rmtree(photos / "rose")
    archive = zip_of(photos, tmp_path / "flowers.zip")
    with pytest.raises(DatasetError, match=r"flowers\.zip needs two or more class folders"):
        open_source(str(archive), tmp_path / "cache")


def test_a_zip_without_photos(tmp_path):
    archive = tmp_path / "notes.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("notes.txt", "text")
    assert "notes.zip holds no photos" in refusal(archive, tmp_path / "cache")
