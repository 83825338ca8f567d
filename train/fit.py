"""From a folder of class folders to a complete weights folder, resumable at every step."""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

import keras

from flowers.backbones import VARIANTS, Backbone, Variant
from flowers.errors import WeightsError
from flowers.files import write_text
from flowers.folders.disk import DiskFile
from flowers.folders.layout import PhotoSet
from flowers.weights.folder import DEFAULT_FOLDER, MANIFEST, PUBLISHED, BaseSource, backbone_folders
from train.artifact.finish import finish
from train.data.background import Background, scan_background
from train.data.cache import PhotoCache
from train.data.dataset import Dataset, scan_dataset
from train.data.decoded import DecodedPhotos
from train.data.examples import write_examples
from train.data.sources import find_photos, open_source, source_name
from train.hub.card import write_model_card
from train.network.base import build_network_on, find_base, hash_weights, photos_seen
from train.network.devices import devices_for_training
from train.network.features import Features, compute_features
from train.network.graph import Network
from train.network.progress import save_weights
from train.network.tails import train_variant
from train.recipe import Recipe
from train.work import (
    GRAPH_WEIGHTS,
    TRAINED,
    WORK,
    PrecisionChoice,
    Trained,
    only_run,
    seed_folder,
)

STAMP = "stamp"


@dataclass(frozen=True)
class FitJob:
    """One call of `fit`."""

    data: str
    """A folder, a zip or a dataset on the Hub; see `train.data.sources`."""
    out: Path
    backbones: tuple[Backbone, ...]
    variants: tuple[Variant, ...] = VARIANTS
    recipe: Recipe = field(default_factory=Recipe)
    base: str = "imagenet"
    unknown: str | None = None
    """Like `data`: photos of none of the classes."""
    precision: PrecisionChoice = "auto"
    notice: str | None = None
    image_size: int = 224
    seeds: int = 1
    """Trainings with this many seeds, to tell how much is chance; the first one is served."""
    examples: int = 0
    examples_license: str = ""
    devices: int = 1
    """On which one training runs at once; 0: all there are."""
    export: bool = True
    """Write serving artifacts too; `python -m train export` can do it later."""


@dataclass(frozen=True)
class Material:
    """What all trainings of a job learn from."""

    dataset: Dataset
    photos: DecodedPhotos
    background: Background


@dataclass(frozen=True)
class Waiting:
    """A backbone that is not finished yet."""

    backbone: Backbone
    base: str | None
    """What `find_base` gave to load."""
    trained: Trained
    """What training will have made."""


Trainer = Callable[[FitJob, Material, Sequence[Waiting]], None]
"""Trains what is waiting, and puts its finished folders into place."""


def fit(job: FitJob, train: Trainer | None = None) -> None:
    """Train every backbone of the job that is not finished yet.

    It is trained here, one after the other, if not by another way to `train`. Raises
    `DatasetError`, `WeightsError` and OSError, each with one sentence.
    """
    photos = open_source(job.data, job.out / WORK / "data", leave=[job.out])
    with only_run(job.out / WORK):
        _fit(job, photos, train or train_here)


def _fit(job: FitJob, photos: PhotoSet[DiskFile], train: Trainer) -> None:
    cache = PhotoCache(job.out / WORK / "photos", job.image_size)
    dataset = scan_dataset(photos, cache, job.recipe.seed)
    print(dataset.table())
    _check_claim(job, dataset)
    seen = photos_seen(job.base)
    background = Background()
    if job.unknown:
        unknown = find_photos(job.unknown, job.out / WORK / "data", leave=[job.out])
        background = scan_background(unknown, cache, dataset, seen)
        print(background.table())
    _claim(job, dataset, background)
    if leaked := sum(photo.sha256 in seen for photo in dataset.photos if photo.part != "train"):
        raise WeightsError(
            f"The base was pretrained on {leaked} photos that this split holds out; pretrain and "
            f"fit on the same --data with the same --seed. Received: --base {job.base}"
        )
    waiting = []
    for backbone in job.backbones:
        path, source = find_base(backbone, job.base)
        trained = _describe(job, backbone, dataset, source, background)
        if trained.is_finished(job.out):
            print(f"{backbone.name} is trained already.")
            continue
        work = job.out / WORK / backbone.key
        if not _has_stamp(work, trained.stamp):
            shutil.rmtree(work, ignore_errors=True)
            write_text(work / STAMP, trained.stamp)
        waiting.append(Waiting(backbone, path, trained))
    if waiting:
        train(job, Material(dataset, cache, background), waiting)
    write_model_card(job.out)
    if job.examples:
        write_examples(dataset, job.out, job.examples, job.examples_license)


def train_here(job: FitJob, material: Material, waiting: Sequence[Waiting]) -> None:
    """Train one backbone after the other in this process."""
    if job.devices != 1:
        devices_for_training(job.devices)  # Asked before features are computed for nothing.
    for one in waiting:
        work = job.out / WORK / one.backbone.key
        network, features = prepare(job, material, one, job.out / WORK / "features")
        for number in range(job.seeds):
            train_seed(job, material, one, network, features, number, work)
        graph = network.graph(job.variants)
        save_weights(graph, work / GRAPH_WEIGHTS)
        one.trained.save(work)
        if exports(job):
            print(finish(job.out, graph, one.trained, material.dataset, material.photos))
        else:
            print(left_to_export(job, one.backbone))


def prepare(
    job: FitJob, material: Material, waiting: Waiting, folder: Path
) -> tuple[Network, Features]:
    """The network of the first seed, and the features that all seeds share, kept in `folder`."""
    network = _new_network(job, material, waiting, job.recipe.seed)
    features = compute_features(
        network,
        hash_weights(network),
        material.dataset,
        material.photos,
        folder,
        job.recipe.views,
        job.recipe.seed,
        crossing="finetuned" in job.variants,
        background=material.background,
    )
    return network, features


def train_seed(
    job: FitJob,
    material: Material,
    waiting: Waiting,
    first: Network,
    features: Features,
    number: int,
    work: Path,
    kept: Callable[[Path], None] | None = None,
) -> None:
    """Train a backbone with one of several seeds, or go on with what lies in `work`.

    `first` and `features` are what `prepare` gave; of seed 0, `first` is what is trained. `kept` is
    told the folder of a variant whenever its progress is on the disk.
    """
    network, recipe = first, replace(job.recipe, seed=job.recipe.seed + number)
    if number:
        network = _new_network(job, material, waiting, recipe.seed)
        print(f"{waiting.backbone.name}, seed {recipe.seed}:")
    folder = seed_folder(work, job.recipe.seed, number)
    for variant in trained_variants(job):
        train_variant(network, variant, features, recipe, folder / variant, kept, job.devices)


def trained_variants(job: FitJob) -> list[Variant]:
    """Those of the job; the finetuned one starts from the transfer head, which is trained first."""
    return [variant for variant in VARIANTS if variant in (*job.variants, "transfer")]


def exports(job: FitJob) -> bool:
    """Whether serving artifacts are written; with a backend other than TensorFlow they are not."""
    return job.export and keras.backend.backend() == "tensorflow"


def left_to_export(job: FitJob, backbone: Backbone) -> str:
    """What to do where `fit` does not export."""
    return (
        f"{backbone.name} is trained; with TensorFlow installed, write its serving artifact "
        f"with: python -m train export --weights {job.out}"
    )


def _new_network(job: FitJob, material: Material, waiting: Waiting, seed: int) -> Network:
    keras.utils.set_random_seed(seed)
    return build_network_on(
        waiting.backbone,
        material.dataset.classes,
        waiting.base,
        job.image_size,
        material.background.classes,
    )


def _describe(
    job: FitJob, backbone: Backbone, dataset: Dataset, source: BaseSource, background: Background
) -> Trained:
    """What training will have made."""
    # The stages of a base are told by its hash; stamps are as they were before they were noted.
    base = source.model_dump(exclude={"stages"})
    parts = [backbone.key, asdict(job.recipe), base, job.image_size]
    parts += [dataset.classes, dataset.fingerprint]
    if background.photos:
        parts.append(background.rows())
    return Trained(
        stamp=hashlib.sha256(json.dumps(parts).encode()).hexdigest(),
        backbone=backbone.key,
        classes=dataset.classes,
        image_size=job.image_size,
        variants=job.variants,
        precision=job.precision,
        recipe={
            **asdict(job.recipe),
            "tail_learning_rate": job.recipe.tail_rate(backbone.normalized),
        },
        base=source,
        versions=library_versions(),
        data_name=source_name(job.data),
        notice=job.notice,
        seeds=job.seeds,
        refusal="background" if background.photos else "neighbours",
        background=tuple(background.rows()),
    )


def library_versions() -> dict[str, str]:
    """Versions of the libraries that the result depends on."""
    return {name: version(name) for name in ("keras", keras.backend.backend(), "numpy")}


def _check_claim(job: FitJob, dataset: Dataset) -> None:
    """Refuse a folder that other data or splits were used for."""
    before = _manifest_before(job.out)
    if before and before.fingerprint != dataset.fingerprint:
        raise WeightsError(
            f"{job.out} holds weights trained on other photos or another split; choose "
            f"another --out, or remove it to start anew. "
            f"Received: data {dataset.fingerprint} for weights on {before.fingerprint}"
        )


def _claim(job: FitJob, dataset: Dataset, background: Background) -> None:
    """Put the manifest into the folder, with what backbones that are there were trained on."""
    before = _manifest_before(job.out)
    dataset.unknown_seen = {photo.sha256 for photo in background.part("train")}
    dataset.unknown_seen |= before.unknown_seen if before else set()
    dataset.save_manifest(job.out / MANIFEST)
    if not (job.out / PUBLISHED).exists():
        write_text(job.out / PUBLISHED, (DEFAULT_FOLDER / PUBLISHED).read_text(encoding="utf-8"))


def _manifest_before(out: Path) -> Dataset | None:
    """That of the backbones in the folder; None where there are none.

    Those that are trained and wait for their export count, too: it measures them by the manifest.
    """
    manifest = out / MANIFEST
    there = backbone_folders(out) or list((out / WORK).glob(f"*/{TRAINED}"))
    return Dataset.load_manifest(manifest) if there and manifest.exists() else None


def _has_stamp(work: Path, stamp: str) -> bool:
    path = work / STAMP
    return path.exists() and path.read_text(encoding="utf-8") == stamp
