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
from tests.support.folders import files_of
from tests.support.photos import write_patterns
from train.data import unpack as unpacking
from train.data.cache import PhotoCache
from train.data.dataset import scan_dataset
from train.data.sources import open_source, source_name

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
    data = scan_dataset(root, PhotoCache(root.parent / "pixels", 32))
    return {name: sum(p.label == name for p in data.photos) for name in data.classes}


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
    assert open_source(str(photos), tmp_path / "cache") == photos
    assert not (tmp_path / "cache").exists()
    assert source_name(str(photos)) == "flowers"


def test_the_home_folder_may_be_written_short(photos, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_source("~/flowers", tmp_path / "cache") == photos


def test_parts_are_not_taken_for_classes(photos, tmp_path, capsys):
    split = tmp_path / "split"
    shutil.copytree(photos, split / "train")
    assert open_source(str(split), tmp_path / "cache") == split / "train"
    assert capsys.readouterr().out == ""
    write_patterns(split / "Valid", COUNTS, first_seed=100)
    write_patterns(split / "test", COUNTS, first_seed=200)
    assert open_source(str(split), tmp_path / "cache") == split / "train"
    assert "left aside: Valid, test." in capsys.readouterr().out
    assert source_name(str(split)) == "split"


def test_a_class_may_be_called_train(photos, tmp_path):
    (photos / "rose").rename(photos / "train")
    assert open_source(str(photos), tmp_path / "cache") == photos


def test_what_is_neither_folder_nor_zip(photos, tmp_path):
    cache = tmp_path / "cache"
    file = photos / "rose" / "000.jpg"
    assert "is neither a folder nor a zip" in refusal(file, cache)
    assert "Photos come from a folder, a zip or hf://" in refusal("s3://bucket/flowers", cache)
    # Missing folders are for the scan, which says the same of every kind of source.
    assert open_source("nowhere", cache) == Path("nowhere")


# Zips


@pytest.mark.parametrize("prefix", ["", "flowers/", "flowers/train/", "a/b/c/"])
def test_a_zip_with_or_without_a_folder_at_its_top(photos, tmp_path, prefix):
    archive = zip_of(photos, tmp_path / "my flowers.zip", prefix)
    root = open_source(str(archive), tmp_path / "cache")
    assert root.is_relative_to(tmp_path / "cache")
    assert files_of(root) == files_of(photos)
    assert counted(root) == COUNTS
    assert source_name(str(archive)) == "my flowers"


def test_a_zip_is_unpacked_once(photos, tmp_path):
    archive = zip_of(photos, tmp_path / "flowers.ZIP")
    cache = tmp_path / "cache"
    root = open_source(str(archive), cache)
    times = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    assert open_source(str(archive), cache) == root
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == times
    write_patterns(photos, {"tulip": 5}, first_seed=300)
    other = open_source(str(zip_of(photos, archive)), cache)
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
    root = open_source(str(archive), tmp_path / "cache")
    assert files_of(root) == files_of(photos)


def test_a_zip_with_backslashes(photos, tmp_path):
    archive = tmp_path / "flowers.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for name, content in files_of(photos).items():
            entry = zipfile.ZipInfo()
            entry.filename = "flowers\\" + name.replace("/", "\\")
            zipped.writestr(entry, content)
    assert files_of(open_source(str(archive), tmp_path / "cache")) == files_of(photos)


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
    with zipfile.ZipFile(archive, "a") as zipped:
        entry = zipfile.ZipInfo()
        entry.filename = name
        zipped.writestr(entry, b"evil")
    assert "holds a path that leads out of it" in refusal(archive, tmp_path / "cache")
    assert not list(tmp_path.rglob("evil*"))
    assert not Path("/evil.jpg").exists()


def test_links_are_refused(photos, tmp_path):
    archive = zip_of(photos, tmp_path / "flowers.zip")
    with zipfile.ZipFile(archive, "a") as zipped:
        link = zipfile.ZipInfo("rose/passwords.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        zipped.writestr(link, "/etc/passwd")
    message = refusal(archive, tmp_path / "cache")
    assert "holds a link" in message
    assert "rose/passwords.jpg" in message


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
    assert counted(open_source(str(archive), cache)) == COUNTS


def test_what_a_killed_run_left_is_removed(photos, tmp_path):
    left = tmp_path / "cache" / ".unpacking-abc" / "photos"
    left.mkdir(parents=True)
    recent = tmp_path / "cache" / ".unpacking-def"
    recent.mkdir()
    long_ago = time.time() - unpacking.ABANDONED - 1
    os.utime(left.parent, (long_ago, long_ago))
    root = open_source(str(zip_of(photos, tmp_path / "flowers.zip")), tmp_path / "cache")
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


def test_a_file_where_a_folder_is_needed(photos, tmp_path):
    archive = tmp_path / "flowers.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("rose.jpg", b"a")
        zipped.writestr("rose.jpg/0.jpg", b"b")
    assert "damaged or not a zip" in refusal(archive, tmp_path / "cache")


def test_passwords_are_not_asked_for(photos, tmp_path):
    archive = zip_of(photos, tmp_path / "flowers.zip")
    content = bytearray(archive.read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    archive.write_bytes(content)
    assert "is protected by a password" in refusal(archive, tmp_path / "cache")


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
            return str(open_source(text, cache)), printed.getvalue()
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
    beside = {} if prefix else {"preview.png": b"x"}
    assert files_of(Path(folder)) == {**files_of(photos), **beside}
    assert counted(Path(folder)) == COUNTS
    assert printed == ""
    assert not any(
        "script.py" in path or "README" in path for path in hub.paths("GET", "/resolve/")
    )
    assert source_name(ADDRESS) == NAME


def test_parts_on_the_hub(hub, machine, photos, tmp_path):
    files = files_of(photos)
    put(hub, {f"{part}/{name}": files[name] for part in ("train", "test") for name in files})
    folder, printed = machine.run(opened, ADDRESS, tmp_path / "cache")
    assert folder.endswith("/train")
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
    assert files_of(Path(folder)) == files_of(photos)


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
