"""Folders that nothing can be trained on are refused in one sentence."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from flowers.errors import DatasetError
from tests.support.photos import pattern, write_patterns
from tests.support.sentences import assert_one_sentence
from tests.support.sources import scan


def refusal(root: Path) -> str:
    """The message of the refusal, checked to be one sentence and to leave nothing half-written."""
    with pytest.raises(DatasetError) as caught:
        scan(root)
    message = str(caught.value)
    assert_one_sentence(message)
    assert not list(root.parent.glob("cache/.*"))
    return message


def test_a_missing_folder(tmp_path):
    assert "is not a folder; give the one that holds the photos." in refusal(tmp_path / "nowhere")


def test_a_file_instead_of_a_folder(tmp_path):
    path = tmp_path / "rose.jpg"
    pattern(0).save(path)
    assert "rose.jpg is not a folder" in refusal(path)


def test_one_class_is_not_enough(tmp_path):
    root = write_patterns(tmp_path / "flowers", {"rose": 5})
    assert refusal(root).endswith("Received: 1 folders")
    write_patterns(root, {"daisy": 5}, first_seed=50)
    assert scan(root).classes == ["daisy", "rose"]


def test_photos_without_class_folders(tmp_path):
    root = tmp_path / "flowers"
    root.mkdir()
    pattern(0).save(root / "a.jpg")
    assert "needs two or more class folders" in refusal(root)


def test_empty_folders(tmp_path):
    for name in ("daisy", "rose"):
        (tmp_path / "flowers" / name).mkdir(parents=True)
    assert "holds no photos; fill its class folders" in refusal(tmp_path / "flowers")


def test_an_empty_class_folder(root):
    (root / "tulip").mkdir()
    message = refusal(root)
    assert "The class folder 'tulip' needs at least 3 different readable photos" in message
    assert message.endswith("Received: 0")


def test_a_class_folder_of_text_files(root):
    (root / "tulip").mkdir()
    for i in range(9):
        (root / "tulip" / f"{i}.txt").write_text("text")
    assert "'tulip' needs at least 3" in refusal(root)
    for i in range(9):
        (root / "tulip" / f"{i}.txt").rename(root / "tulip" / f"{i}.jpg")
    assert refusal(root).endswith("Received: 0")


def test_a_class_folder_with_one_photo(root):
    write_patterns(root, {"tulip": 1}, first_seed=500)
    assert refusal(root).endswith("Received: 1")


def test_a_class_folder_of_one_photo_many_times(root):
    write_patterns(root, {"tulip": 1}, first_seed=500)
    for i in range(8):
        shutil.copy(root / "tulip" / "000.jpg", root / "tulip" / f"copy{i}.jpg")
    assert refusal(root).endswith("Received: 1")


def test_a_class_folder_of_look_alikes(root):
    write_patterns(root, {"tulip": 1}, first_seed=500)
    for quality in range(30, 90, 10):
        Image.open(root / "tulip" / "000.jpg").save(
            root / "tulip" / f"{quality}.jpg", quality=quality
        )
    message = refusal(root)
    assert "Nearly all photos of the class folder 'tulip' look alike" in message
    assert message.endswith("Received: 7 photos, none left for validation and test")
