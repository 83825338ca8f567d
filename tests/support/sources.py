"""What `open_source` finds in a folder, a zip or a dataset, and what it says where it refuses."""

from pathlib import Path

import pytest

from flowers.errors import DatasetError
from flowers.folders.disk import DiskFile
from flowers.folders.layout import PhotoSet, read_folder
from tests.support.sentences import assert_one_sentence
from train.data.cache import PhotoCache
from train.data.dataset import Dataset, scan_dataset
from train.data.sources import open_source

COUNTS = {"daisy": 5, "rose": 6}
"""Photos per class of the fixture `photos`."""
SIDE = 32
"""Pixels at which the photos of these tests are decoded."""


def scan(root: Path, seed: int = 0) -> Dataset:
    """The split of class folders, with decoded photos beside them."""
    return scan_dataset(read_folder(root), PhotoCache(root.parent / "cache", SIDE), seed)


def counted(root: Path) -> dict[str, int]:
    """Photos by class, as training would see them."""
    data = scan_dataset(read_folder(root), PhotoCache(root.parent / "pixels", SIDE))
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
    assert_one_sentence(message)
    assert not list(cache.rglob("*"))
    return message
