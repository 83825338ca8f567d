"""Makes weights like the starter weights: `python -m train starter`.

For places where ImageNet weights of a backbone cannot be had. A MobileNetV2 fine-tuned from
ImageNet weights teaches a base that starts from nothing; only its soft labels are used, no layer
of it. What is none of the classes is learned from the start, other flowers and other things alike:
a base that saw flowers alone takes an elephant for one, and no head mends that. Then comes the
ordinary `fit`. Held-out photos of `--data` and of `--unknown` are seen by no stage.

What it gave on 3,008 training photos of seven flowers, other species and other things stands in the
`metrics.json` of `weights/`, and the log of every stage in `docs/starter/`. On two CPU cores an
epoch of DenseNet121's first stage took two and a half minutes, all that follows it 76 minutes.
"""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from flowers.backbones import BACKBONES, Backbone
from flowers.files import whole_file
from flowers.folders.find import find_on_disk
from flowers.folders.layout import read_folder
from flowers.weights.folder import MANIFEST, SERVING_FILES, read_config, write_config
from train.data.background import scan_background
from train.data.cache import PhotoCache
from train.data.dataset import Photo, scan_dataset
from train.data.pretraining import collect_photos
from train.data.views import FreshViews, KeptViews
from train.fit import FitJob, fit
from train.hub.card import write_model_card
from train.pretrain import PretrainRecipe, pretrain, taught_by
from train.work import Recipe


@dataclass(frozen=True)
class Stage:
    """One stage of pretraining; small photos first, since they are quick."""

    image_size: int
    epochs: int
    learning_rate: float
    batch_size: int


STAGES = (
    Stage(96, epochs=22, learning_rate=1e-3, batch_size=64),
    Stage(128, epochs=9, learning_rate=5e-4, batch_size=32),
    Stage(176, epochs=5, learning_rate=2e-4, batch_size=32),
)
"""The same 36 epochs for every backbone, so that their figures may be compared."""
FIRST_SIZE = {"vgg16": 64, "resnet101": 64, "inceptionresnetv2": 80}
"""Side of the photos in the first stage, in pixels, of those that would take hours at 96."""
GAINS_FROM_BFLOAT16 = set(BACKBONES) - {"mobilenetv2"}
"""Depthwise convolutions gain nothing from it on a CPU."""
VIEWS = 4
"""Of each photo in the last `fit`, the same for all: eight would take VGG16 more than an hour."""


def stages_of(backbone: Backbone) -> tuple[Stage, ...]:
    """The stages of a backbone, first to last."""
    first, *later = STAGES
    return (replace(first, image_size=FIRST_SIZE.get(backbone.key, first.image_size)), *later)


def recipes(backbone: Backbone) -> list[PretrainRecipe]:
    """The recipe of each stage of a backbone."""
    stages = stages_of(backbone)
    return [
        PretrainRecipe(
            image_size=stage.image_size,
            epochs=stage.epochs,
            batch_size=stage.batch_size,
            learning_rate=stage.learning_rate,
            warmup_epochs=0.5 if number else 2.0,
            temperature=2.0,
            first_epoch=sum(earlier.epochs for earlier in stages[:number]),
            bfloat16=backbone.key in GAINS_FROM_BFLOAT16,
        )
        for number, stage in enumerate(stages)
    ]


def notice(backbone: Backbone) -> str:
    """What visitors are told of the weights."""
    stages = stages_of(backbone)
    epochs = sum(stage.epochs for stage in stages)
    return (
        f"Starter weights, every layer trained by this project: {epochs} epochs at "
        f"{stages[0].image_size} to {stages[-1].image_size} px on some 6,000 photos in place of "
        "ImageNet, and so below what the published study reached."
    )


def make_starter(
    backbone: Backbone, data: Path, unknown: list[Path], out: Path, runs: Path
) -> None:
    """Make starter weights of one backbone in `out`; a stopped run goes on where it was.

    `runs` holds the teacher, the views that all backbones learn from, and the stages. `unknown` are
    folders of class folders, or of loose photos, of none of the classes. Raises `DatasetError`,
    `WeightsError` and OSError.
    """
    cache = PhotoCache(runs / "photos")
    dataset = scan_dataset(read_folder(data), cache, seed=0)
    others = link_folders(unknown, runs / "unknown")
    background = scan_background(find_on_disk(others), cache, dataset)
    measured = {photo.sha256 for photo in background.photos if photo.part != "train"}
    photos = collect_photos(dataset, [others], cache, leave=measured)
    union = link_photos(dataset.root, photos.seen, runs / "teacher-photos")
    fit(
        FitJob(
            data=str(union),
            out=runs / "teacher",
            backbones=(BACKBONES["mobilenetv2"],),
            recipe=Recipe(epochs=8, views=2),
            precision="float32",
        )
    )
    taught = taught_by(FreshViews(photos.train), runs / "teacher" / "mobilenetv2", photos.classes)
    views = KeptViews(taught, runs / "views")
    base: str | None = None
    for number, recipe in enumerate(recipes(backbone), start=1):
        folder = runs / f"{backbone.key}-stage{number}"
        base = str(pretrain(backbone, photos, views, recipe, folder, base))
    weights = runs / "weights"
    fit(
        FitJob(
            data=str(data),
            out=weights,
            backbones=(backbone,),
            recipe=Recipe(views=VIEWS),
            base=str(base),
            unknown=str(others),
            notice=notice(backbone),
            precision="int8",  # Six of them have to fit into a clone.
        )
    )
    publish(weights, out, backbone)


def publish(weights: Path, out: Path, backbone: Backbone) -> None:
    """Copy what serving needs of a finished backbone to `out`; `config.json` comes last."""
    folder, target = weights / backbone.key, out / backbone.key
    config = read_config(folder)
    files = {name: record for name, record in config.files.items() if name in SERVING_FILES}
    for name in files:
        with whole_file(target / name) as partial:
            shutil.copyfile(folder / name, partial)
    write_config(target, config.model_copy(update={"files": files}))
    with whole_file(out / MANIFEST) as partial:
        shutil.copyfile(weights / MANIFEST, partial)
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
    """A folder of links to the class folders of `roots`; one of loose photos is linked itself."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for root in roots:
        inner = [path for path in sorted(root.iterdir()) if path.is_dir()]
        for path in inner or [root]:
            (folder / path.name).symlink_to(path.resolve())
    return folder
