"""`--data` as a folder, a zip or a dataset on the Hub; zips of strangers do no harm."""

import io
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
from flowers.folders.disk import DiskFile
from flowers.folders.layout import PhotoSet, read_folder
from tests.support.folders import files_of
from tests.support.photos import write_patterns
from tests.support.zips import locked
from train.data import unpack as unpacking
from train.data.cache import PhotoCache
from train.data.dataset import scan_dataset
from train.data.sources import open_source, source_name
from train.data.unpack import safe_names

COUNTS = {"daisy": 5, "rose": 6}
NAME = "somebody/flowers"
ADDRESS = f"hf://datasets/{NAME}"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return write_patterns(tmp_path / "flowers", COUNTS)


def zip_of(root: Path, path: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(path, "w") as zipped:
        for name, content in files_of(root).items():
            zipped.writestr(prefix + name, content)
    return path


def counted(root: Path) -> dict[str, int]:
    """Photos by class, as training would see them."""
    data = scan_dataset(read_folder(root), PhotoCache(root.parent / "pixels", 32))
    return {name: sum(p.label == name for p in data.photos) for name in data.classes}


def root_of(text: str | Path, cache: Path) -> Path:
    return open_source(str(text), cache).found.root


def contents(photos: PhotoSet[DiskFile]) -> dict[str, bytes]:
    """Class/name -> bytes of every photo."""
    return {f"{photo.label}/{photo.file.path.name}": photo.file.read() for photo in photos.photos}


def refusal(text: str | Path, cache: Path) -> str:
    """The message of the refusal, checked to be one sentence and to leave nothing behind."""
    with pytest.raises(DatasetError) as caught:
        open_source(str(text), cache)
    message = str(caught.value)
    sentence = message.split(" Received:")[0]
    assert "\n" not in message
    assert sentence.endswith(".")
    assert not list(cache.rglob("*"))
    return message


# Folders


def test_a_folder_is_taken_where_it_is(photos, tmp_path):
    assert root_of(photos, tmp_path / "cache") == photos
    assert not (tmp_path / "cache").exists()
    assert source_name(str(photos)) == "flowers"


def test_the_home_folder_may_be_written_short(photos, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert root_of("~/flowers", tmp_path / "cache") == photos


def test_parts_are_not_taken_for_classes(photos, tmp_path, capsys):
    split = tmp_path / "split"
    shutil.copytree(photos, split / "train")
    assert contents(open_source(str(split), tmp_path / "cache")) == files_of(photos)
    assert capsys.readouterr().out == "The class folders are those in train.\n"
    write_patterns(split / "Valid", COUNTS, first_seed=100)
    write_patterns(split / "test", COUNTS, first_seed=200)
    parts = open_source(str(split), tmp_path / "cache")
    assert contents(parts) == files_of(photos)
    assert "left aside: Valid, test." in capsys.readouterr().out
    assert parts.found.aside.count(Kind.PART) == 2 * sum(COUNTS.values())
    measured = open_source(str(split), tmp_path / "cache", use="test")
    assert contents(measured) == files_of(split / "test")
    assert "Only the photos below test are measured; left aside: Valid, train." in (
        capsys.readouterr().out
    )
    assert source_name(str(split)) == "split"


def test_a_class_may_be_called_train(photos, tmp_path):
    (photos / "rose").rename(photos / "train")
    assert open_source(str(photos), tmp_path / "cache").classes == ["daisy", "train"]


def test_the_folder_of_the_run_may_lie_among_the_classes(photos, tmp_path):
    out = photos / "model"
    (out / ".work" / "photos").mkdir(parents=True)
    write_patterns(out / "mobilenetv2", {"examples": 2})
    assert open_source(str(photos), out / ".work", leave=[out]).classes == ["daisy", "rose"]


def test_what_is_neither_folder_nor_zip(photos, tmp_path):
    cache = tmp_path / "cache"
    file = photos / "rose" / "000.jpg"
    assert "is neither a folder nor a zip" in refusal(file, cache)
    assert "Photos come from a folder, a zip or hf://" in refusal("s3://bucket/flowers", cache)
    assert "nowhere is not a folder; give the one that holds the photos" in refusal(
        "nowhere", cache
    )


# Zips


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


# The Hub


def opened(text: str, cache: Path) -> tuple[str, str]:
    """Runs on the machine: the folder and what was printed, or the error and nothing."""
    import contextlib

    from train.data.sources import open_source

    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            return str(open_source(text, cache).found.root), printed.getvalue()
    except DatasetError as error:
        return f"error: {error}", ""


def put(hub, files: dict[str, bytes]) -> str:
    return hub.put(NAME, files, kind="dataset").oid


@pytest.mark.parametrize("prefix", ["", "train/", "data/train/"])
def test_class_folders_on_the_hub(hub, machine, photos, tmp_path, prefix):
    files = {prefix + name: content for name, content in files_of(photos).items()}
    others = {"README.md": b"# Flowers", "script.py": b"print()", "preview.png": b"x"}
    put(hub, {**files, **others})
    folder, printed = machine.run(opened, ADDRESS, tmp_path / "cache")
    found = read_folder(Path(folder))
    assert contents(found) == files_of(photos)
    assert found.found.aside.names == {Kind.LOOSE: ["preview.png"]}
    assert counted(Path(folder)) == COUNTS
    said = f"The class folders are those in {prefix.rstrip('/')}.\n" if prefix else ""
    assert printed == said
    assert not any(
        "script.py" in path or "README" in path for path in hub.paths("GET", "/resolve/")
    )
    assert source_name(ADDRESS) == NAME


def test_parts_on_the_hub(hub, machine, photos, tmp_path):
    files = files_of(photos)
    put(hub, {f"{part}/{name}": files[name] for part in ("train", "test") for name in files})
    folder, printed = machine.run(opened, ADDRESS, tmp_path / "cache")
    assert counted(Path(folder)) == COUNTS
    assert "Only the photos below train are used" in printed
    assert "left aside: test." in printed


def test_a_revision_is_kept_to(hub, machine, photos, tmp_path):
    first = put(hub, files_of(photos))
    hub.repo(NAME, "dataset").tags["v1"] = first
    write_patterns(photos, {"tulip": 5}, first_seed=300)
    put(hub, files_of(photos))
    for revision in ("v1", first):
        folder, _ = machine.run(opened, f"{ADDRESS}@{revision}", tmp_path / "cache")
        assert first in folder
        assert counted(Path(folder)) == COUNTS
    folder, _ = machine.run(opened, f"{ADDRESS}/", tmp_path / "cache")
    assert counted(Path(folder)) == {**COUNTS, "tulip": 5}


def test_endings_in_capitals(hub, machine, photos, tmp_path):
    put(hub, {name.replace(".jpg", ".JPG"): c for name, c in files_of(photos).items()})
    folder, _ = machine.run(opened, ADDRESS, tmp_path / "cache")
    assert counted(Path(folder)) == COUNTS


@pytest.mark.parametrize("name", ["flowers.zip", "data/flowers [1].zip"])
def test_a_zip_on_the_hub(hub, machine, photos, tmp_path, name):
    archive = zip_of(photos, tmp_path / "flowers.zip", "flowers/").read_bytes()
    put(hub, {name: archive, "README.md": b"#", "assets/preview.png": b"x"})
    folder, _ = machine.run(opened, ADDRESS, tmp_path / "cache")
    assert Path(folder).is_relative_to(tmp_path / "cache")
    assert contents(read_folder(Path(folder))) == files_of(photos)


def test_several_zips_on_the_hub(hub, machine, photos, tmp_path):
    archive = zip_of(photos, tmp_path / "flowers.zip").read_bytes()
    put(hub, {"train.zip": archive, "test.zip": b"x"})
    folder, _ = machine.run(opened, ADDRESS, tmp_path / "cache")
    assert counted(Path(folder)) == COUNTS
    put(hub, {"train-2.zip": archive})
    error, _ = machine.run(opened, ADDRESS, tmp_path / "cache")
    assert "holds several zips; download the one you mean" in error
    assert error.endswith("Received: test.zip, train-2.zip, train.zip")


def test_parquet_is_said_to_be_parquet(hub, machine, tmp_path):
    put(hub, {"data/train-00000-of-00001.parquet": b"PAR1", "README.md": b"#"})
    error, _ = machine.run(opened, ADDRESS, tmp_path / "cache")
    assert error.startswith(f"error: datasets/{NAME} keeps its photos in Parquet files")
    assert "save its photos to class folders and give that folder." in error


def test_a_repository_without_photos(hub, machine, tmp_path):
    put(hub, {"README.md": b"#"})
    error, _ = machine.run(opened, ADDRESS, tmp_path / "cache")
    assert error.startswith(f"error: datasets/{NAME} holds no photos")


def test_a_repository_that_is_not_there(hub, machine, photos, tmp_path):
    error, _ = machine.run(opened, ADDRESS, tmp_path / "cache")
    assert f"has no repository datasets/{NAME} that you may read" in error
    put(hub, files_of(photos))
    error, _ = machine.run(opened, f"{ADDRESS}@v9", tmp_path / "cache")
    assert "has no such tag, branch or commit; choose another. Received: v9" in error


@pytest.mark.parametrize(
    "address", ["hf://somebody/flowers", "hf://datasets/flowers", "hf://datasets/a/b/c", "hf://"]
)
def test_addresses_of_another_form(address, tmp_path):
    message = refusal(address, tmp_path / "cache")
    assert message.startswith("A dataset of the Hub is hf://datasets/USER/NAME")
    assert message.endswith(f"Received: {address!r}")


@pytest.mark.parametrize("kind", ["folders", "zip"])
def test_without_a_network_the_cache_serves(hub, machine, photos, tmp_path, kind):
    zipped = zip_of(photos, tmp_path / "flowers.zip").read_bytes()
    commit = put(hub, files_of(photos) if kind == "folders" else {"flowers.zip": zipped})
    online, _ = machine.run(opened, ADDRESS, tmp_path / "cache")
    with hub.down():
        offline, printed = machine.run(opened, ADDRESS, tmp_path / "cache")
        missing, _ = machine.run(opened, "hf://datasets/somebody/else", tmp_path / "cache")
    assert offline == online
    assert f"The cached photos of {commit[:12]} are used." in printed
    assert missing.startswith("error: ")
    assert "cannot be reached" in missing


def test_a_download_that_broke_off_is_not_taken_for_whole(hub, machine, photos, tmp_path):
    put(hub, files_of(photos))
    hub.fault("GET", r"/resolve/.*/rose/004\.jpg", times=99, status=500)
    error, _ = machine.run(opened, ADDRESS, tmp_path / "cache")
    assert error.startswith("error: The Hub is out of order")
    with hub.down():
        error, _ = machine.run(opened, ADDRESS, tmp_path / "cache")
    assert error.startswith("error: ")
    hub.faults.clear()
    folder, _ = machine.run(opened, ADDRESS, tmp_path / "cache")
    assert counted(Path(folder)) == COUNTS
