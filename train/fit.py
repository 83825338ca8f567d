"""From a folder of class folders to a complete weights folder, resumable at every step."""

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from flowers.backbones import VARIANTS, Backbone, Variant
from flowers.dataset import Dataset, DatasetError, scan_dataset
from flowers.files import write_text
from flowers.hub import DEFAULT_FOLDER
from flowers.network import build_network
from flowers.photocache import PhotoCache
from flowers.weights import (
    CONFIG,
    KERAS_WEIGHTS,
    MANIFEST,
    PUBLISHED,
    WeightsError,
    backbone_folders,
)
from train.base import find_base, hash_weights
from train.features import compute_features
from train.finish import PrecisionChoice, finish_backbone
from train.progress import Progress, save_weights
from train.recipe import Recipe
from train.tails import train_variant

WORK = ".work"
"""Folder for caches and unfinished training inside the weights folder; may be deleted."""


@dataclass(frozen=True)
class Job:
    """One call of `fit`."""

    data: Path
    out: Path
    backbones: tuple[Backbone, ...]
    variants: tuple[Variant, ...] = VARIANTS
    recipe: Recipe = field(default_factory=Recipe)
    base: str = "imagenet"
    unknown: Path | None = None
    precision: PrecisionChoice = "auto"
    notice: str | None = None
    image_size: int = 224


def fit(job: Job) -> None:
    """Train every backbone of the job that is not finished yet.

    Raises `DatasetError`, `WeightsError` and OSError, each with one sentence.
    """
    cache = PhotoCache(job.out / WORK / "photos", job.image_size)
    dataset = scan_dataset(
        job.data,
        cache,
        job.recipe.seed,
        lambda files, total: tqdm(files, total=total, desc="photos", unit="photo"),
    )
    print(dataset.table())
    _claim(job, dataset)
    unknown = _unknown_photos(job.unknown, cache) if job.unknown else None
    for backbone in job.backbones:
        if _is_finished(job, backbone, dataset):
            print(f"{backbone.name} is trained already.")
            continue
        train_backbone(job, backbone, dataset, cache, unknown)


def train_backbone(
    job: Job, backbone: Backbone, dataset: Dataset, cache: PhotoCache, unknown: np.ndarray | None
) -> None:
    """Train one backbone, or go on with it, and put its finished folder into place."""
    work = job.out / WORK / backbone.key
    stamp = _stamp(job, backbone, dataset)
    if not _has_stamp(work, stamp):
        shutil.rmtree(work, ignore_errors=True)
        write_text(work / "stamp", stamp)
    keras.utils.set_random_seed(job.recipe.seed)
    path, source = find_base(backbone, job.base)
    network = build_network(backbone, dataset.classes, path, job.image_size)
    features = compute_features(
        network,
        hash_weights(network),
        dataset,
        cache,
        job.out / WORK / "features",
        job.recipe.views,
        job.recipe.seed,
        crossing="finetuned" in job.variants,
    )
    # The finetuned variant starts from the transfer head, so that one is trained in any case.
    progress: dict[Variant, Progress] = {
        variant: train_variant(network, variant, features, job.recipe, work / variant)
        for variant in VARIANTS
        if variant in job.variants or variant == "transfer"
    }
    graph = network.graph(job.variants)
    folder = work / "folder"
    shutil.rmtree(folder, ignore_errors=True)
    save_weights(graph, folder / KERAS_WEIGHTS)
    result = finish_backbone(
        graph=graph,
        folder=folder,
        backbone=backbone,
        dataset=dataset,
        cache=cache,
        unknown=unknown,
        precision=job.precision,
        progress={variant: progress[variant] for variant in job.variants},
        recipe=asdict(job.recipe),
        base=source,
        versions=library_versions(),
        notice=job.notice,
    )
    _put_in_place(folder, job.out / backbone.key)
    print(result)


def library_versions() -> dict[str, str]:
    """Versions of the libraries that the result depends on."""
    return {name: version(name) for name in ("keras", keras.backend.backend(), "numpy")}


def _claim(job: Job, dataset: Dataset) -> None:
    """Put the manifest into the folder; refuse a folder that other data or splits were used for."""
    manifest = job.out / MANIFEST
    if manifest.exists() and backbone_folders(job.out):
        before = Dataset.load_manifest(manifest)
        if before.fingerprint != dataset.fingerprint:
            raise WeightsError(
                f"{job.out} holds weights trained on other photos or another split; choose "
                f"another --out, or remove it to start anew. "
                f"Received: data {dataset.fingerprint} for weights on {before.fingerprint}"
            )
    dataset.save_manifest(manifest)
    if not (job.out / PUBLISHED).exists():
        shutil.copyfile(DEFAULT_FOLDER / PUBLISHED, job.out / PUBLISHED)


def _unknown_photos(root: Path, cache: PhotoCache) -> np.ndarray:
    from flowers.dataset import photo_files
    from flowers.photos import PhotoError

    hashes = []
    for file in tqdm(photo_files(root), desc="photos of none of the classes", unit="photo"):
        try:
            hashes.append(cache.add(file))
        except PhotoError as error:
            tqdm.write(f"skipped: {error}")
    if not hashes:
        raise DatasetError(
            f"{root} holds no photo that can be read; give --unknown a folder of them."
        )
    photos, rows = cache.rows(hashes)
    return np.asarray(photos[rows])


def _stamp(job: Job, backbone: Backbone, dataset: Dataset) -> str:
    """Changes with everything that changes the weights."""
    _, source = find_base(backbone, job.base)
    parts = [backbone.key, asdict(job.recipe), source.model_dump(), job.image_size]
    text = json.dumps([*parts, dataset.classes, dataset.fingerprint])
    return hashlib.sha256(text.encode()).hexdigest()


def _has_stamp(work: Path, stamp: str) -> bool:
    path = work / "stamp"
    return path.exists() and path.read_text(encoding="utf-8") == stamp


def _is_finished(job: Job, backbone: Backbone, dataset: Dataset) -> bool:
    from flowers.weights import read_config

    folder = job.out / backbone.key
    if not (folder / CONFIG).exists():
        return False
    same = _has_stamp(job.out / WORK / backbone.key, _stamp(job, backbone, dataset))
    return same and set(read_config(folder).variants) == set(job.variants)


def _put_in_place(folder: Path, target: Path) -> None:
    """Replace `target` by `folder` in one step each way."""
    old = folder.with_name("replaced")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.replace(old)
    folder.replace(target)
    shutil.rmtree(old, ignore_errors=True)
