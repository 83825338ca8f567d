"""What a base is pretrained on: the training part of a dataset, and photos of extra folders."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flowers.errors import PhotoError
from flowers.folders.layout import read_folder
from flowers.folders.names import class_named, shown
from train.data.cache import PhotoCache
from train.data.dataset import Dataset, Photo
from train.data.split import NEAR_DUPLICATE_BITS


@dataclass
class LabelledRows:
    """Photos to learn from."""

    photos: np.ndarray
    """uint8[n, size, size, 3], decoded photos, of which some are learned from."""
    rows: np.ndarray
    """Rows of those in `photos`, int64[t]."""
    labels: np.ndarray
    """Their class indices, int64[t]."""
    classes: int

    def pixels(self, chosen: np.ndarray) -> np.ndarray:
        """Some of them, int64[b]: uint8[b, size, size, 3]."""
        return self.photos[self.rows[chosen]]

    def one_hot(self, chosen: np.ndarray) -> np.ndarray:
        """Their labels, float32[b, classes]."""
        return np.eye(self.classes, dtype=np.float32)[self.labels[chosen]]


@dataclass
class PretrainData:
    """Photos of all classes for pretraining and the held-out check."""

    train: LabelledRows
    validation: LabelledRows
    """Rows of the same photos; of the classes of `--data` alone."""
    classes: list[str]
    seen: list[Photo]
    """The photos of `train`; those of extra folders with their whole path and group -1."""

    @property
    def fingerprint(self) -> str:
        """Changes with every photo that is learned from, and with its class."""
        rows = sorted((photo.label, photo.sha256) for photo in self.seen)
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]

    def save_manifest(self, path: Path) -> None:
        """Note what is learned from, so that `fit` never tests on it."""
        Dataset(path.parent, self.classes, self.seen, seed=0).save_manifest(path)


def collect_photos(
    dataset: Dataset, extra: list[Path], cache: PhotoCache, leave: Collection[str] = ()
) -> PretrainData:
    """The training part of `dataset` and all of the `extra` folders, without look-alikes.

    `leave` are hashes of photos that are kept for measuring. Raises `DatasetError` and OSError.
    """
    held_out = [photo for photo in dataset.photos if photo.part != "train"]
    held_hashes = cache.perceptual_hashes([photo.sha256 for photo in held_out])
    train = dataset.part("train")
    seen = {*leave, *(photo.sha256 for photo in dataset.photos)}
    classes = sorted({photo.label for photo in train})
    for root in extra:
        photos = read_folder(root, least=1).photos
        meant = {
            name: class_named(name, classes) or name
            for name in dict.fromkeys(photo.label for photo in photos)
        }
        added = cache.add_all([photo.file.path for photo in photos], root.name)
        for photo, (path, sha256) in zip(photos, added, strict=True):
            if isinstance(sha256, PhotoError):
                print(f"skipped: {sha256}")
                continue
            bits = np.bitwise_count(held_hashes ^ cache.perceptual_hashes([sha256]))
            near = (bits <= NEAR_DUPLICATE_BITS).any()
            if sha256 not in seen and not near:
                seen.add(sha256)
                name = shown(path.resolve().as_posix())
                train.append(Photo(name, meant[photo.label], "train", -1, sha256))
        classes = sorted({photo.label for photo in train})
    index = {name: i for i, name in enumerate(classes)}
    return PretrainData(
        _labelled(cache, train, index),
        _labelled(cache, dataset.part("validation"), index),
        classes,
        train,
    )


def _labelled(cache: PhotoCache, photos: list[Photo], index: dict[str, int]) -> LabelledRows:
    pixels, rows = cache.rows([photo.sha256 for photo in photos])
    labels = np.array([index[photo.label] for photo in photos])
    return LabelledRows(pixels, rows, labels, len(index))
