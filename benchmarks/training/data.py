"""Photos and bases that both sides of the training benchmark start from; made once, not timed."""

import shutil
from pathlib import Path

import numpy as np

from benchmarks.machine import run_measured
from flowers.backbones import Backbone
from flowers.errors import DatasetError
from flowers.folders.layout import read_folder
from tests.support.photos import COLOURS, draw_flower
from train.data.cache import PhotoCache
from train.data.dataset import Dataset, scan_dataset
from train.network.base import find_base, photos_seen

JPEG_SUFFIXES = frozenset({".jpg", ".jpeg", ".jfif"})
"""What plain Keras and this project both read."""


def take_photos(root: Path, photos: int, seed: int, folder: Path) -> Path:
    """Link `photos` JPEG photos, the same share of every class, into class folders below `folder`.

    Raises `DatasetError`.
    """
    classes: dict[str, list[Path]] = {}
    for photo in read_folder(root).photos:
        if photo.file.path.suffix.lower() in JPEG_SUFFIXES:
            classes.setdefault(photo.label, []).append(photo.file.path)
    there = sum(map(len, classes.values()))
    if there < photos:
        raise DatasetError(f"{root} holds fewer JPEG photos than --photos asks for. Got: {there}")
    shutil.rmtree(folder, ignore_errors=True)
    rng = np.random.default_rng(seed)
    # Each class its share, and those with the largest rests one more, until the sum is right.
    shares = {name: len(files) * photos / there for name, files in classes.items()}
    counts = {name: int(share) for name, share in shares.items()}
    by_rest = sorted(shares, key=lambda name: counts[name] - shares[name])
    for name in by_rest[: photos - sum(counts.values())]:
        counts[name] += 1
    for name, files in classes.items():
        (folder / name).mkdir(parents=True)
        for i in sorted(rng.choice(len(files), counts[name], replace=False)):
            link = folder / name / f"{i:06}{files[i].suffix}"
            link.symlink_to(files[i].resolve())
    return folder


def draw_photos(photos: int, size: int, seed: int, folder: Path) -> Path:
    """Draw `photos` flowers in three classes, for places where there are no photos."""
    shutil.rmtree(folder, ignore_errors=True)
    rng = np.random.default_rng(seed)
    for i in range(photos):
        name = sorted(COLOURS)[i % len(COLOURS)]
        (folder / name).mkdir(parents=True, exist_ok=True)
        flower = draw_flower(COLOURS[name], rng).resize((size * 4 // 3, size))
        flower.save(folder / name / f"{i:06}.jpg", quality=90)
    return folder


def split_photos(folder: Path, seed: int, image_size: int, work: Path) -> Dataset:
    """The split that `fit` will make of the same photos and seed. Raises `DatasetError`."""
    cache = PhotoCache(work / "scan", image_size)
    dataset = scan_dataset(read_folder(folder), cache, seed)
    if dataset.unreadable:
        raise DatasetError(
            f"Both sides are to train on the same photos; remove those that cannot be read. "
            f"Received: {', '.join(list(dataset.unreadable)[:3])}"
        )
    return dataset


def base_file(backbone: Backbone, given: str, image_size: int, work: Path) -> str:
    """What both sides load: "imagenet", or a file of base weights, made of random ones for "none".

    `given` may be a file or a folder that `pretrain` wrote, too; raises `WeightsError`.
    """
    if given == "imagenet":
        return given
    name = f"{backbone.key}.base.weights.h5"
    if given == "none":
        path = work / f"random-{image_size}" / name
        if not path.exists():
            arguments = ["base", backbone.builder, str(image_size), str(path)]
            run_measured("benchmarks.plain_keras", *arguments, log=work / "logs" / "base.log")
        return str(path)
    found, source = find_base(backbone, given)
    # Away from its manifest, by which `fit` would refuse a base that saw photos held out here.
    copy = work / f"base-{str(source.sha256)[:16]}" / name
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(str(found), copy)
    return str(copy)


def held_out_photos_seen(given: str, dataset: Dataset) -> int:
    """How many test photos a base was pretrained on, as far as a manifest beside it tells."""
    seen = photos_seen(given)
    return sum(photo.sha256 in seen for photo in dataset.part("test"))
