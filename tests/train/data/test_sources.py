"""`--data` as a folder or a dataset on the Hub."""

import io
import shutil
from pathlib import Path

import pytest

from flowers.errors import DatasetError
from flowers.folders.aside import Kind
from flowers.folders.layout import read_folder
from tests.support.folders import files_of
from tests.support.photos import write_patterns
from tests.support.sources import COUNTS, contents, counted, refusal, root_of
from tests.support.zips import zip_of
from train.data.sources import open_source, source_name

NAME = "somebody/flowers"
ADDRESS = f"hf://datasets/{NAME}"


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
