"""From a folder of class folders to a complete weights folder, resumable at every step."""

import hashlib
import json
import shutil
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
from train.artifact.finish import finish, write_model_card
from train.data.background import Background, scan_background
from train.data.cache import PhotoCache
from train.data.dataset import Dataset, scan_dataset
from train.data.examples import write_examples
from train.data.sources import find_photos, open_source, source_name
from train.network.base import build_network_on, find_base, hash_weights, photos_seen
from train.network.features import Features, compute_features
from train.network.graph import Network
from train.network.progress import save_weights
from train.network.tails import train_variant
from train.work import GRAPH_WEIGHTS, WORK, PrecisionChoice, Recipe, Trained, only_run, seed_folder

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
    export: bool = True
    """Write serving artifacts too; `python -m train export` can do it later."""


def fit(job: FitJob) -> None:
    """Train every backbone of the job that is not finished yet.

    Raises `DatasetError`, `WeightsError` and OSError, each with one sentence.
    """
    photos = open_source(job.data, job.out / WORK / "data", leave=[job.out])
    with only_run(job.out / WORK):
        _fit(job, photos)


def _fit(job: FitJob, photos: PhotoSet[DiskFile]) -> None:
    cache = PhotoCache(job.out / WORK / "photos", job.image_size)
    dataset = scan_dataset(photos, cache, job.recipe.seed)
    print(dataset.table())
    _check_claim(job, dataset)
    background = Background()
    if job.unknown:
        unknown = find_photos(job.unknown, job.out / WORK / "data", leave=[job.out])
        background = scan_background(unknown, cache, dataset)
        print(background.table())
    _claim(job, dataset, background)
    seen = photos_seen(job.base)
    if leaked := sum(photo.sha256 in seen for photo in dataset.photos if photo.part != "train"):
        raise WeightsError(
            f"The base was pretrained on {leaked} photos that this split holds out; pretrain and "
            f"fit on the same --data with the same --seed. Received: --base {job.base}"
        )
    for backbone in job.backbones:
        path, source = find_base(backbone, job.base)
        trained = _describe(job, backbone, dataset, source, background)
        if trained.is_finished(job.out):
            print(f"{backbone.name} is trained already.")
        else:
            train_backbone(job, backbone, path, dataset, cache, background, trained)
    write_model_card(job.out)
    if job.examples:
        write_examples(dataset, job.out, job.examples, job.examples_license)


def train_backbone(
    job: FitJob,
    backbone: Backbone,
    base: str | None,
    dataset: Dataset,
    cache: PhotoCache,
    background: Background,
    trained: Trained,
) -> None:
    """Train one backbone, or go on with it, and put its finished folder into place.

    `base` is what `find_base` gave to load.

    With a backend other than TensorFlow the folder is left to `python -m train export`.
    """
    work = job.out / WORK / backbone.key
    if not _has_stamp(work, trained.stamp):
        shutil.rmtree(work, ignore_errors=True)
        write_text(work / STAMP, trained.stamp)
    keras.utils.set_random_seed(job.recipe.seed)
    network = build_network_on(backbone, dataset.classes, base, job.image_size, background.classes)
    features = compute_features(
        network,
        hash_weights(network),
        dataset,
        cache,
        job.out / WORK / "features",
        job.recipe.views,
        job.recipe.seed,
        crossing="finetuned" in job.variants,
        background=background,
    )
    _train_variants(network, job, features, job.recipe, work)
    for number in range(1, job.seeds):
        recipe = replace(job.recipe, seed=job.recipe.seed + number)
        other = _new_network(job, backbone, base, dataset, background, recipe.seed)
        print(f"{backbone.name}, seed {recipe.seed}:")
        _train_variants(other, job, features, recipe, seed_folder(work, job.recipe.seed, number))
    graph = network.graph(job.variants)
    save_weights(graph, work / GRAPH_WEIGHTS)
    trained.save(work)
    if job.export and keras.backend.backend() == "tensorflow":
        print(finish(job.out, graph, trained, dataset, cache))
    else:
        print(
            f"{backbone.name} is trained; with TensorFlow installed, write its serving artifact "
            f"with: python -m train export --weights {job.out}"
        )


def _new_network(
    job: FitJob,
    backbone: Backbone,
    base: str | None,
    dataset: Dataset,
    background: Background,
    seed: int,
) -> Network:
    keras.utils.set_random_seed(seed)
    return build_network_on(backbone, dataset.classes, base, job.image_size, background.classes)


def _train_variants(
    network: Network, job: FitJob, features: Features, recipe: Recipe, folder: Path
) -> None:
    for variant in VARIANTS:
        # The finetuned variant starts from the transfer head, so that one is trained in any case.
        if variant in job.variants or variant == "transfer":
            train_variant(network, variant, features, recipe, folder / variant)


def _describe(
    job: FitJob, backbone: Backbone, dataset: Dataset, source: BaseSource, background: Background
) -> Trained:
    """What training will have made."""
    parts = [backbone.key, asdict(job.recipe), source.model_dump(), job.image_size]
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
        recipe=asdict(job.recipe),
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
    """That of the backbones in the folder; None where there are none."""
    manifest = out / MANIFEST
    return Dataset.load_manifest(manifest) if manifest.exists() and backbone_folders(out) else None


def _has_stamp(work: Path, stamp: str) -> bool:
    path = work / STAMP
    return path.exists() and path.read_text(encoding="utf-8") == stamp
