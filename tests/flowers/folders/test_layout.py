"""Class folders are found in the ways in which people keep them, and every guess is said."""

import doctest
from collections import Counter
from pathlib import Path

import pytest

from flowers.folders import layout
from flowers.folders.aside import Kind
from flowers.folders.find import find_on_disk
from flowers.folders.layout import PhotoSet, by_class, part_of
from tests.flowers.folders.test_disk import put

CLASSES = ("daisy", "rose", "tulip")


def classes_below(
    root: Path, folder: str, photos: int = 3, names: tuple[str, ...] = CLASSES
) -> Path:
    where = root / folder
    return put(where, *(f"{name}/{i}.jpg" for name in names for i in range(photos))) and root


def counted(photos: PhotoSet) -> dict[str, int]:
    return dict(Counter(photo.label for photo in photos.photos))


THREE = dict.fromkeys(CLASSES, 3)


def test_the_examples_hold():
    assert doctest.testmod(layout).attempted == 1
    assert doctest.testmod(layout).failed == 0


def test_class_folders_are_classes_whatever_lies_below_them(tmp_path):
    put(tmp_path, "rose/2024/05/1.jpg", "rose/2.jpg", "daisy/1.jpg", "tulip/notes.txt")
    photos = by_class(find_on_disk(tmp_path))
    assert counted(photos) == {"daisy": 1, "rose": 2}
    assert photos.classes == list(CLASSES)
    assert [photo.file.name for photo in photos.photos] == [
        "daisy/1.jpg",
        "rose/2.jpg",
        "rose/2024/05/1.jpg",
    ]
    assert photos.found.notes == []


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train", "test"),
        ("Training", "Testing"),
        ("seg_train/seg_train", "seg_test/seg_test"),
        ("training_set/training_set", "test_set/test_set"),
        ("train_images", "test_images"),
        ("TrainSet", "TestSet"),
        ("train2017", "val2017"),
        ("images-train", "images-valid"),
        ("archive/flowers/train", "archive/flowers/test"),
    ],
)
def test_parts_are_not_classes(tmp_path, train, test):
    classes_below(classes_below(tmp_path, train), test, photos=2)
    found = find_on_disk(tmp_path)
    photos = by_class(found)
    assert counted(photos) == THREE
    assert all(photo.file.name.startswith(f"{train}/") for photo in photos.photos)
    (note,) = found.notes
    assert note.startswith(f"Only the photos below {train} are used, since they are split anew")
    assert found.aside.count(Kind.PART) == 6
    measured = find_on_disk(tmp_path)
    photos = by_class(measured, "test")
    assert counted(photos) == dict.fromkeys(CLASSES, 2)
    (note,) = measured.notes
    assert note.startswith(f"Only the photos below {test} are measured; left aside: ")
    assert "anew" not in note


def test_a_part_without_classes_and_a_folder_of_samples_lie_beside_the_parts(tmp_path):
    classes_below(classes_below(tmp_path, "seg_train/seg_train"), "seg_test/seg_test", photos=1)
    put(tmp_path, "seg_pred/seg_pred/1.jpg", "samples/1.jpg", "samples/2.jpg")
    found = find_on_disk(tmp_path)
    assert counted(by_class(found)) == THREE
    assert found.notes[0].endswith("left aside: samples, seg_pred, seg_test.")
    assert found.aside.count(Kind.PART) == 3 + 1 + 2


@pytest.mark.parametrize(
    "names", [("train", "rose"), ("freight train", "steam train"), ("val", "lily")]
)
def test_classes_may_have_the_names_of_parts(tmp_path, names):
    classes_below(tmp_path, "", names=names)
    assert counted(by_class(find_on_disk(tmp_path))) == dict.fromkeys(names, 3)


def test_only_names_of_parts_are_parts():
    for name in ("Trainer", "rose", "devil", "valley", "protest", "tested flowers", "latest"):
        assert part_of(name) is None


def test_measuring_takes_what_comes_next_where_there_is_no_test_part(tmp_path):
    classes_below(classes_below(tmp_path, "train"), "valid", photos=1)
    assert counted(by_class(find_on_disk(tmp_path), "test")) == dict.fromkeys(CLASSES, 1)


def test_a_lone_folder_is_looked_into_and_said(tmp_path):
    classes_below(tmp_path, "archive/flowers")
    put(tmp_path, "archive/cover.jpg")
    found = find_on_disk(tmp_path)
    assert counted(by_class(found)) == THREE
    assert found.notes == ["The class folders are those in archive/flowers."]
    assert found.aside.names == {Kind.LOOSE: ["archive/cover.jpg"]}


def test_one_class_folder_stays_one(tmp_path):
    put(tmp_path, "rose/1.jpg", "rose/garden/2.jpg")
    assert counted(by_class(find_on_disk(tmp_path))) == {"rose": 2}


def test_a_copy_of_the_class_folders_within_them_is_not_a_class(tmp_path):
    classes_below(classes_below(tmp_path, ""), "flowers")
    found = find_on_disk(tmp_path)
    photos = by_class(found)
    assert photos.classes == list(CLASSES)
    assert counted(photos) == dict.fromkeys(CLASSES, 6)  # Equal ones are used once, by the scan.
    (note,) = found.notes
    assert note.startswith("flowers/ is not a class: it holds the same photos as the other folders")
    assert "(9 of 9 by name)" in note


def test_more_of_the_same_classes_within_a_folder_are_more_photos(tmp_path):
    classes_below(tmp_path, "")
    put(tmp_path, "flowers/daisy/new.jpg", "flowers/rose/0.jpg", "flowers/lily/new.jpg")
    found = find_on_disk(tmp_path)
    assert counted(by_class(found)) == {"daisy": 4, "lily": 1, "rose": 4, "tulip": 3}
    assert "it holds class folders of the other folders (1 of 3 by name)" in found.notes[0]


def test_names_that_look_the_same_are_one_class(tmp_path):
    put(tmp_path, "Ga\u0308nseblu\u0308mchen/1.jpg", "Gänseblümchen/2.jpg", "Rose /1.jpg")
    found = find_on_disk(tmp_path)
    photos = by_class(found)
    assert counted(photos) == {"Gänseblümchen": 2, "Rose": 1}
    assert len(found.notes) == 1
    assert "are one class, 'Gänseblümchen'" in found.notes[0]


def test_measuring_keeps_capitals_for_models_that_know_both(tmp_path):
    put(tmp_path, "Rose/1.jpg", "rose/2.jpg", "rose /3.jpg")
    assert counted(by_class(find_on_disk(tmp_path), "test")) == {"Rose": 1, "rose": 2}


def test_capitals_alone_do_not_make_two_classes(tmp_path):
    put(tmp_path, "Rose/1.jpg", "rose/2.jpg", "rose/3.jpg", "tulip/4.jpg")
    found = find_on_disk(tmp_path)
    photos = by_class(found)
    assert photos.classes == ["rose", "tulip"]  # The spelling of most photos.
    assert counted(photos) == {"rose": 3, "tulip": 1}
    assert found.notes == [
        "The folders 'Rose' (1) and 'rose' (2) are one class, 'rose': their names differ only in "
        "capitals, blanks or the form of accents."
    ]
