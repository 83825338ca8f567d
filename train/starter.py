"""Makes weights like the starter weights: `python -m train starter`.

For places where ImageNet weights of a backbone cannot be had. A MobileNetV2 fine-tuned from
ImageNet weights teaches a base that starts from nothing; only its soft labels are used, no layer
of it. What is none of the classes is learned from the start, other flowers and other things alike:
a base that saw flowers alone takes an elephant for one, and no head mends that. Then comes the
ordinary `fit`. Held-out photos of `--data` and of `--unknown` are seen by no stage.

What it gave stands in the `metrics.json` of `weights/`, and the log of every stage, with what each
backbone had, in `docs/starter/`. It is work for a GPU.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from flowers.backbones import BACKBONES, Backbone
from flowers.errors import WeightsError
from flowers.files import whole_file
from flowers.folders.find import find_on_disk
from flowers.folders.layout import read_folder
from flowers.weights.folder import (
    MANIFEST,
    SERVING_FILES,
    backbone_folders,
    read_config,
    write_config,
)
from train.data.background import scan_background
from train.data.cache import PhotoCache
from train.data.dataset import Photo, scan_dataset
from train.data.pretraining import collect_photos
from train.fit import FitJob, fit, left_to_export
from train.hub.card import write_model_card
from train.pretrain import pretrain
from train.recipe import PretrainRecipe, Recipe
from train.work import WORK, Trained, only_run


@dataclass(frozen=True)
class Stage:
    """One stage of pretraining; small photos first, since they are quick."""

    image_size: int
    epochs: int
    learning_rate: float
    batch_size: int


STAGES = (
    Stage(128, epochs=40, learning_rate=1e-3, batch_size=64),
    Stage(176, epochs=10, learning_rate=3e-4, batch_size=64),
)
"""The same for every backbone, so that their figures may be compared."""
VIEWS = 8
"""Of each photo in the last `fit`."""


def recipes() -> list[PretrainRecipe]:
    """The recipe of each stage."""
    return [
        PretrainRecipe(
            image_size=stage.image_size,
            epochs=stage.epochs,
            batch_size=stage.batch_size,
            learning_rate=stage.learning_rate,
            warmup_epochs=1 if number else 2,
            temperature=2.0,
            first_epoch=sum(earlier.epochs + 1 for earlier in STAGES[:number]),
            bfloat16=True,
        )
        for number, stage in enumerate(STAGES)
    ]


def notice(photos: int) -> str:
    """What visitors are told of the weights, whose base learned from so many photos.

    The same of all backbones. How long each learned stands in its `config.json`, and from there in
    the leaderboard.
    """
    return (
        f"Starter weights, every layer trained by this project on some "
        f"{float(f'{photos:.1g}'):,.0f} photos in place of ImageNet, and so below what the "
        f"published study reached."
    )


def make_starter(
    backbone: Backbone, data: Path, unknown: list[Path], out: Path, runs: Path
) -> None:
    """Make starter weights of one backbone in `out`; a stopped run goes on where it was.

    `runs` holds the teacher, which all backbones learn from, and the stages. `unknown` are
    folders of class folders, or of loose photos, of none of the classes. Raises `DatasetError`,
    `WeightsError` and OSError.
    """
    with only_run(runs / WORK):
        _make(backbone, data, unknown, out, runs)


def _make(backbone: Backbone, data: Path, unknown: list[Path], out: Path, runs: Path) -> None:
    cache = PhotoCache(runs / "photos")
    dataset = scan_dataset(read_folder(data), cache, seed=0)
    others = link_folders(unknown, runs / "unknown")
    background = scan_background(find_on_disk(others), cache, dataset)
    measured = {photo.sha256 for photo in background.photos if photo.part != "train"}
    photos = collect_photos(dataset, [others], cache, leave=measured)
    union = link_photos(dataset.root, photos.seen, runs / "teacher-photos")
    teacher = fit_and_export(
        FitJob(
            data=str(union),
            out=runs / "teacher",
            backbones=(BACKBONES["mobilenetv2"],),
            recipe=Recipe(epochs=8, views=2),
            precision="float32",
        )
    )
    base: str | None = None
    for number, recipe in enumerate(recipes(), start=1):
        folder = runs / f"{backbone.key}-stage{number}"
        base = str(pretrain(backbone, photos, recipe, folder, base, teacher))
    folder = fit_and_export(
        FitJob(
            data=str(data),
            out=runs / "weights",
            backbones=(backbone,),
            recipe=Recipe(views=VIEWS),
            base=str(base),
            unknown=str(others),
            notice=notice(len(photos.seen)),
            precision="int8",  # Six of them have to fit into a clone.
        )
    )
    publish(folder, out)


def fit_and_export(job: FitJob) -> Path:
    """The folder of the one backbone of a job. Raises `WeightsError` if another has to export."""
    fit(job)
    (backbone,) = job.backbones
    if not Trained.load(job.out / WORK / backbone.key).is_finished(job.out):
        raise WeightsError(f"Export first, then run this again: {left_to_export(job, backbone)}")
    return job.out / backbone.key


def publish(folder: Path, out: Path) -> None:
    """Copy what serving needs of a backbone's folder into `out`; `config.json` comes last."""
    target = out / folder.name
    config = read_config(folder)
    others = [read_config(other) for other in backbone_folders(out) if other.name != folder.name]
    if any(other.data_fingerprint != config.data_fingerprint for other in others):
        raise WeightsError(
            f"{out} holds weights trained on other photos or another split; choose another --out."
        )
    files = {name: record for name, record in config.files.items() if name in SERVING_FILES}
    for name in files:
        with whole_file(target / name) as partial:
            shutil.copyfile(folder / name, partial)
    write_config(target, config.model_copy(update={"files": files}))
    with whole_file(out / MANIFEST) as partial:
        shutil.copyfile(folder.parent / MANIFEST, partial)
    write_model_card(out)


def link_photos(root: Path, photos: list[Photo], folder: Path) -> Path:
    """Class folders with links to photos, whose files are whole paths or below `root`."""
    shutil.rmtree(folder, ignore_errors=True)
    for number, photo in enumerate(photos):
        file = (root / photo.file).resolve()
        (folder / photo.label).mkdir(parents=True, exist_ok=True)
        (folder / photo.label / f"{number}{file.suffix}").symlink_to(file)
    return folder


def link_folders(roots: list[Path], folder: Path) -> Path:
    """A folder of links with a subfolder for each kind of photos in `roots`.

    A kind is a subfolder of a root, and what lies loose in one; equal names are the same kind.
    Raises `DatasetError` and OSError.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    photos = [(root, photo) for root in roots for photo in find_on_disk(root).photos]
    for number, (root, photo) in enumerate(photos):
        inner = PurePosixPath(photo.name).parts[:-1]
        kind = folder / (inner[0] if inner else root.resolve().name)
        kind.mkdir(exist_ok=True)
        (kind / f"{number:06}{photo.path.suffix}").symlink_to(photo.path.resolve())
    return folder
