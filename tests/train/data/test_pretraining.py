"""What a base is pretrained on."""

from pathlib import Path

import pytest

from flowers.folders.find import find_on_disk
from flowers.folders.layout import read_folder
from tests.support.photos import SIZE, write_patterns
from train.data.background import scan_background
from train.data.cache import PhotoCache
from train.data.dataset import scan_dataset
from train.data.pretraining import collect_photos


@pytest.mark.parametrize("kinds", [["thistle", "tower"], ["tower"]])
def test_what_is_held_out_of_none_of_the_classes_is_not_pretrained_on(
    tmp_path: Path, kinds: list[str]
) -> None:
    cache = PhotoCache(tmp_path / "cache", SIZE)
    root = write_patterns(tmp_path / "photos", {"daisy": 10, "rose": 10})
    dataset = scan_dataset(read_folder(root), cache)
    others = write_patterns(tmp_path / "others", dict.fromkeys(kinds, 10), 100)
    background = scan_background(find_on_disk(others), cache, dataset)
    measured = {photo.sha256 for photo in background.photos if photo.part != "train"}
    assert len(measured) == len(kinds)
    data = collect_photos(dataset, [others], cache, leave=measured)
    assert data.classes == ["daisy", "rose", *kinds]
    seen = {photo.sha256 for photo in data.seen}
    assert seen == {
        *(photo.sha256 for photo in dataset.part("train")),
        *(photo.sha256 for photo in background.part("train")),
    }
    # A base that saw them leaves the same ones to be measured.
    assert scan_background(find_on_disk(others), cache, dataset, seen) == background


def test_a_class_of_an_extra_folder_is_the_same_without_its_capitals(tmp_path: Path) -> None:
    cache = PhotoCache(tmp_path / "cache", SIZE)
    root = write_patterns(tmp_path / "photos", {"daisy": 10, "rose": 10})
    dataset = scan_dataset(read_folder(root), cache)
    extra = write_patterns(tmp_path / "extra", {"Rose": 5, "thistle": 5}, 100)
    before = collect_photos(dataset, [], cache)
    data = collect_photos(dataset, [extra], cache)
    assert data.classes == ["daisy", "rose", "thistle"]
    assert sum(photo.label == "rose" for photo in data.seen) == 5 + sum(
        photo.label == "rose" for photo in before.seen
    )
    assert data.fingerprint != before.fingerprint
    assert collect_photos(dataset, [extra], cache).fingerprint == data.fingerprint
