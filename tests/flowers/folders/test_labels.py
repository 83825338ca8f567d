"""With classes that are known, folders are labels as training takes them; others are listed."""

from pathlib import Path

from flowers.folders.find import find_in_zip
from flowers.folders.labels import DroppedLabel, Named, dropped_labels, with_labels
from flowers.folders.zips import PAGE, Zip
from tests.support.zips import write_zip

CLASSES = ["daisy", "rose", "sunflower", "tulip"]


def named(tmp_path: Path, *names: str, classes: list[str] | None = None) -> list[Named]:
    path = write_zip(tmp_path / "photos.zip", dict.fromkeys(names, b""))
    return with_labels(find_in_zip(Zip(path, PAGE)).photos, classes or CLASSES)


def labels(tmp_path: Path, *names: str, classes: list[str] | None = None) -> list[str | None]:
    return [photo.label for photo in named(tmp_path, *names, classes=classes)]


def test_the_outermost_class_folder_is_the_label(tmp_path):
    assert labels(tmp_path, "rose/2024-05/1.jpg", "my photos/Rose/tulip/2.jpg", "3.jpg") == [
        "rose",
        "rose",
        None,
    ]


def test_backslashes_part_folders(tmp_path):
    assert labels(tmp_path, "daisy\\0.jpg", "rose\\garden\\1.jpg") == ["daisy", "rose"]


def test_accents_and_capitals_do_not_cost_a_label(tmp_path):
    classes = ["Gänseblümchen", "Rose", "rose"]
    assert labels(
        tmp_path, "Ga\u0308nseblu\u0308mchen/1.jpg", "Rose/2.jpg", "rose/3.jpg", classes=classes
    ) == ["Gänseblümchen", "Rose", "rose"]


def test_names_that_are_not_classes_are_listed_with_a_suggestion(tmp_path):
    photos = named(
        tmp_path,
        "mine/Roses/1.jpg",
        "mine/Roses/2024/2.jpg",
        "mine/garden/3.jpg",
        "mine/tulip/4.jpg",
    )
    assert [photo.label for photo in photos] == [None, None, None, "tulip"]
    assert dropped_labels([photo.folder for photo in photos], CLASSES) == [
        DroppedLabel("Roses", 2, "rose"),
        DroppedLabel("garden", 1, None),
    ]


def test_the_folder_that_holds_all_photos_is_not_a_label(tmp_path):
    photos = named(tmp_path, "holiday/1.jpg", "holiday/2.jpg")
    assert [photo.folder for photo in photos] == [None, None]
    photos = named(tmp_path, "holiday/roses/1.jpg", "holiday/lilies/2.jpg")
    assert [photo.folder for photo in photos] == ["roses", "lilies"]


def test_parts_are_not_labels(tmp_path):
    photos = named(tmp_path, "train/roses/1.jpg", "test/roses/2.jpg")
    assert [photo.folder for photo in photos] == ["roses", "roses"]
