"""A folder of class folders becomes a split that is honest about its photos."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from PIL import Image

from flowers.errors import DatasetError
from tests.support.photos import pattern, write_patterns
from tests.support.sources import scan
from train.data.dataset import Dataset


def manifest_of(data: Dataset, path: Path) -> bytes:
    data.save_manifest(path)
    return path.read_bytes()


def test_parts_are_stratified(root):
    data = scan(root)
    assert data.classes == ["daisy", "rose"]
    sizes = {
        (name, part): sum(photo.label == name for photo in data.part(part))
        for name in data.classes
        for part in ("train", "validation", "test")
    }
    assert sizes == {
        ("daisy", "train"): 14,
        ("daisy", "validation"): 4,
        ("daisy", "test"): 2,
        ("rose", "train"): 21,
        ("rose", "validation"): 6,
        ("rose", "test"): 3,
    }
    assert data.labels(data.part("test")).tolist() == [0, 0, 1, 1, 1]


def test_the_same_data_and_seed_give_the_same_manifest(root, tmp_path):
    first = manifest_of(scan(root, 3), tmp_path / "a.json")
    assert manifest_of(scan(root, 3), tmp_path / "b.json") == first
    moved = tmp_path / "elsewhere" / "flowers"
    shutil.copytree(root, moved)
    assert manifest_of(scan(moved, 3), tmp_path / "c.json") == first
    other = scan(root, 4)
    assert manifest_of(other, tmp_path / "d.json") != first
    assert other.fingerprint != scan(root, 3).fingerprint


def test_a_changed_photo_changes_the_fingerprint(root):
    before = scan(root).fingerprint
    assert scan(root).fingerprint == before
    pattern(999).save(root / "rose" / "004.jpg")
    assert scan(root).fingerprint != before


def test_the_manifest_reads_back(root, tmp_path):
    data = scan(root)
    data.unknown_seen = {"ab" * 32}
    data.save_manifest(tmp_path / "manifest.json")
    read = Dataset.load_manifest(tmp_path / "manifest.json")
    assert read.unknown_seen == {"ab" * 32}
    assert (read.photos, read.classes, read.seed) == (data.photos, data.classes, 0)
    assert read.fingerprint == data.fingerprint
    for text in ("", "[]", '{"photos": [["a", "b"]], "classes": [], "seed": 0}'):
        (tmp_path / "broken.json").write_text(text)
        with pytest.raises(DatasetError, match=r"broken\.json is not a manifest; remove it"):
            Dataset.load_manifest(tmp_path / "broken.json")


def test_near_duplicates_stay_in_one_part(root):
    # What people have: the same photo smaller, recompressed, brighter.
    for i in range(10):
        image = Image.open(root / "rose" / f"{i:03}.jpg")
        image.resize((60, 45)).save(root / "rose" / f"{i:03}-small.jpg", quality=60)
        image.point(lambda v: min(255, v + 12)).save(root / "rose" / f"{i:03}-bright.png")
    data = scan(root)
    assert len(data.photos) == 70
    by_file = {photo.file: photo for photo in data.photos}
    for i in range(10):
        family = [by_file[f"rose/{i:03}{end}"] for end in (".jpg", "-small.jpg", "-bright.png")]
        assert len({photo.group for photo in family}) == 1
        assert len({photo.part for photo in family}) == 1
    assert len({photo.group for photo in data.photos}) == 50
    assert "near-duplicates, kept in one part: 30 (0 of them" in data.table()


def test_near_duplicates_across_classes_are_counted(root):
    Image.open(root / "rose" / "001.jpg").save(root / "daisy" / "same.png")
    data = scan(root)
    groups = [
        photo.group for photo in data.photos if photo.file in ("daisy/same.png", "rose/001.jpg")
    ]
    assert groups[0] == groups[1]
    assert "kept in one part: 2 (2 of them in groups that span classes)" in data.table()


def test_exact_duplicates_are_used_once(root):
    shutil.copy(root / "rose" / "003.jpg", root / "rose" / "copy.jpg")
    shutil.copy(root / "rose" / "003.jpg", root / "rose" / "another.jpg")
    data = scan(root)
    assert data.duplicates == ["rose/another.jpg", "rose/copy.jpg"]
    assert len(data.photos) == len({photo.sha256 for photo in data.photos}) == 50
    assert "exact duplicates, used once: 2" in data.table()


def test_a_photo_under_two_classes_is_left_out_and_listed(root):
    shutil.copy(root / "rose" / "003.jpg", root / "daisy" / "copy.jpg")
    data = scan(root)
    assert data.conflicts == ["daisy/copy.jpg", "rose/003.jpg"]
    assert len(data.photos) == 49
    table = data.table()
    assert "the same photo under two classes, left out: 2" in table
    assert "  daisy/copy.jpg: under two classes" in table


def test_unreadable_files_are_listed_and_skipped(root):
    (root / "rose" / "empty.jpg").touch()
    (root / "rose" / "text.png").write_text("text")
    photo = (root / "rose" / "000.jpg").read_bytes()
    (root / "daisy" / "half.jpg").write_bytes(photo[: len(photo) // 2])
    (root / "daisy" / "link.jpg").symlink_to("nowhere.jpg")
    Image.new("RGB", (4, 4)).save(root / "daisy" / "tiny.png")
    data = scan(root)
    assert len(data.photos) == 50
    assert sorted(data.unreadable) == [
        "daisy/half.jpg",
        "daisy/tiny.png",
        "rose/empty.jpg",
        "rose/text.png",
    ]
    assert data.unreadable["rose/empty.jpg"].startswith("empty.jpg is not a photo")
    table = data.table()
    assert "unreadable, skipped: 4" in table
    assert "  daisy/half.jpg: half.jpg is damaged or incomplete" in table


def test_what_is_not_a_photo_is_counted_and_not_looked_at(root):
    shutil.copy(root / "rose" / "000.jpg", root / "rose" / "._000.jpg")
    (root / "rose" / ".ipynb_checkpoints").mkdir()
    shutil.copy(root / "rose" / "000.jpg", root / "rose" / ".ipynb_checkpoints" / "copy.jpg")
    (root / "rose" / "notes.txt").write_text("text")
    (root / "rose" / "folder.jpg").mkdir()
    (root / ".cache").mkdir()
    (root / "readme.md").write_text("text")
    data = scan(root)
    assert len(data.photos) == 50
    assert not data.unreadable
    assert not data.duplicates
    table = data.table()
    assert "left aside, hidden, with a dot before the name: 1 (rose/.ipynb_checkpoints" in table
    assert "left aside, left behind by a system or photo program: 1 (rose/._000.jpg)" in table
    assert "left aside, other files: 2 (readme.md, rose/notes.txt)" in table


def test_a_copy_of_the_class_folders_is_used_once(root):
    shutil.copytree(root, root / "flowers")
    data = scan(root)
    assert data.classes == ["daisy", "rose"]
    assert len(data.photos) == len(data.duplicates) == 50


def test_endings_in_any_case_and_folders_within_classes(root):
    (root / "rose" / "garden" / "2024").mkdir(parents=True)
    (root / "rose" / "000.jpg").rename(root / "rose" / "garden" / "2024" / "A.JPG")
    (root / "rose" / "001.jpg").rename(root / "rose" / "B.Jpeg")
    data = scan(root)
    assert len(data.photos) == 50
    labels = {photo.file: photo.label for photo in data.photos}
    assert labels["rose/garden/2024/A.JPG"] == labels["rose/B.Jpeg"] == "rose"


def test_any_class_names(tmp_path):
    names = ["all", "Gänse blümchen", "向日葵 🌻", "class", "10", "a'b\"c", "x" * 60]
    root = write_patterns(tmp_path / "flowers", dict.fromkeys(names, 10))
    data = scan(root)
    assert data.classes == sorted(names)
    data.save_manifest(tmp_path / "manifest.json")
    assert Dataset.load_manifest(tmp_path / "manifest.json").photos == data.photos
    lines = data.table().splitlines()
    assert [line.split()[-4:] for line in lines[1:8]] == [["10", "7", "2", "1"]] * 7
    assert lines[8].split() == ["all", "70", "49", "14", "7"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow only text")
def test_names_that_are_not_text(root, tmp_path):
    bad = os.fsdecode(os.fsencode(root / "rose") + b"/r\xf6schen.jpg")
    os.rename(root / "rose" / "000.jpg", bad)  # noqa: PTH104
    os.rename(root / "daisy", os.fsdecode(os.fsencode(root) + b"/g\xe4nse"))  # noqa: PTH104
    data = scan(root)
    assert data.unreadable == {}
    assert data.classes == [r"g\xe4nse", "rose"]
    assert len(data.photos) == 50
    data.table().encode()
    (photo,) = (photo for photo in data.photos if photo.file == r"rose/r\xf6schen.jpg")
    assert os.fsencode(data.path_of(photo)) == os.fsencode(bad)
    data.save_manifest(tmp_path / "manifest.json")
    assert Dataset.load_manifest(tmp_path / "manifest.json").photos == data.photos
