"""Train every layer of a backbone, for places where ImageNet weights cannot be had.

The result is a file for `--base`. Held-out photos of `data` stay unseen: only its training part is
used, and photos of the `extra` folders that resemble a held-out one are left out.
"""

import json
import math
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from flowers.backbones import Backbone
from flowers.errors import PhotoError, WeightsError
from flowers.files import sha256_of, write_text
from flowers.models.classifier import Classifier
from flowers.weights.folder import ARTIFACT, MANIFEST
from train.data.augment import random_view, whole_view
from train.data.cache import PhotoCache
from train.data.dataset import Dataset, Photo, class_folders, photo_files, scan_dataset
from train.data.split import NEAR_DUPLICATE_BITS
from train.lock import only_run
from train.network.base import RECIPE, find_base
from train.network.bfloat16 import mixed_bfloat16
from train.network.graph import build_base
from train.network.progress import EpochLog, Progress, reseed, save_weights, write_curves
from train.trained import WORK

LOG = "log.csv"
RESUME = "resume"


@dataclass(frozen=True)
class PretrainRecipe:
    """What one stage of pretraining does."""

    image_size: int = 160
    epochs: int = 30
    batch_size: int = 64
    learning_rate: float = 1e-3
    """Peak of the cosine schedule; AdamW on networks with batch normalization takes 1e-3 well."""
    warmup_epochs: float = 2.0
    weight_decay: float = 0.05
    label_smoothing: float = 0.1
    mixup: float = 0.2
    """Parameter of the Beta distribution of mixup (Zhang et al. 2018); 0 turns it off."""
    smallest_crop: float = 0.35
    batchnorm_window: int = 100
    """Steps that the running statistics look back on, or a tenth of the run where that is less.
    Keras's MobileNetV2 looks back on 1,000, too slow for a few thousand steps."""
    teacher_size: int = 224
    """With a teacher, views are made at its size, mixed, shown to it, and shrunk for the student:
    both see the same pixels (Beyer et al. 2022)."""
    bfloat16: bool = False
    """Convolutions in bfloat16; weights, their updates and the loss stay float32."""
    seed: int = 0


@dataclass
class PretrainData:
    """Photos of all classes for pretraining and the held-out check."""

    photos: np.ndarray
    train_rows: np.ndarray
    train_labels: np.ndarray
    validation_rows: np.ndarray
    validation_labels: np.ndarray
    classes: list[str]
    seen: list[Photo]
    """The photos of `train_rows`; those of extra folders with their whole path and group -1."""

    def save_manifest(self, path: Path) -> None:
        """Note what is learned from, so that `fit` never tests on it."""
        Dataset(path.parent, self.classes, self.seen, seed=0).save_manifest(path)


class Views(keras.utils.PyDataset):
    """Batches of freshly augmented views with mixed labels: float32[n, s, s, 3], float32[n, c]."""

    def __init__(
        self, data: PretrainData, recipe: PretrainRecipe, teacher: Classifier | None = None
    ):
        super().__init__(workers=1, max_queue_size=8)
        self.data, self.recipe, self.teacher = data, recipe, teacher
        self.start(epoch=0)

    def start(self, epoch: int) -> None:
        """Shuffle for an epoch, which alone decides on order and views."""
        self.epoch = epoch
        rng = np.random.default_rng([self.recipe.seed, epoch])
        self.order = rng.permutation(len(self.data.train_rows))

    def __len__(self) -> int:
        # The last, smaller batch is left out: its statistics are poor.
        return max(1, len(self.order) // self.recipe.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        recipe, data = self.recipe, self.data
        rng = np.random.default_rng([recipe.seed, self.epoch, index])
        chosen = self.order[index * recipe.batch_size : (index + 1) * recipe.batch_size]
        size = recipe.teacher_size if self.teacher else recipe.image_size
        views = [
            random_view(data.photos[row], size, rng, recipe.smallest_crop)
            for row in data.train_rows[chosen]
        ]
        x = np.stack(views)
        y = np.eye(len(data.classes), dtype=np.float32)[data.train_labels[chosen]]
        if recipe.mixup:
            share = np.float32(rng.beta(recipe.mixup, recipe.mixup))
            x = (share * x + (1 - share) * x[::-1]).astype(np.uint8)
            y = share * y + (1 - share) * y[::-1]
        if self.teacher:
            y = np.stack([_soft_label(self.teacher, view) for view in x])
            x = np.stack([whole_view(view, recipe.image_size) for view in x])
        return x, y


def collect(dataset: Dataset, extra: list[Path], cache: PhotoCache) -> PretrainData:
    """The training part of `dataset` and all of the `extra` folders, less look-alikes."""
    held_out = [photo for photo in dataset.photos if photo.part != "train"]
    held_hashes = cache.perceptual_hashes([photo.sha256 for photo in held_out])
    train = dataset.part("train")
    seen = {photo.sha256 for photo in dataset.photos}
    for root in extra:
        for folder in class_folders(root):
            for file, sha256 in cache.add_all(photo_files(folder), folder.name):
                if isinstance(sha256, PhotoError):
                    continue
                bits = np.bitwise_count(held_hashes ^ cache.perceptual_hashes([sha256]))
                near = (bits <= NEAR_DUPLICATE_BITS).any()
                if sha256 not in seen and not near:
                    seen.add(sha256)
                    path = file.resolve().as_posix()
                    train.append(Photo(path, folder.name, "train", -1, sha256))
    classes = sorted({photo.label for photo in train})
    index = {name: i for i, name in enumerate(classes)}
    validation = dataset.part("validation")
    photos, train_rows = cache.rows([photo.sha256 for photo in train])
    _, validation_rows = cache.rows([photo.sha256 for photo in validation])
    return PretrainData(
        photos,
        train_rows,
        np.array([index[photo.label] for photo in train]),
        validation_rows,
        np.array([index[photo.label] for photo in validation]),
        classes,
        train,
    )


def _soft_label(teacher: Classifier, view: np.ndarray) -> np.ndarray:
    predictions = list(teacher.predict(view).values())
    return np.mean([prediction.probabilities for prediction in predictions], axis=0)


def pretrain(
    backbone: Backbone,
    data: PretrainData,
    recipe: PretrainRecipe,
    out: Path,
    base_weights: str | None = None,
    teacher: Classifier | None = None,
) -> Path:
    """Run one stage and return the file of base weights.

    A stopped stage goes on where it was, a finished one is left as it is, and one of another recipe
    in the same folder is started anew.
    """
    weights = out / f"{backbone.key}.base.weights.h5"
    base_is_file = base_weights not in (None, "imagenet")
    note = json.dumps(
        {
            "backbone": backbone.key,
            "base": sha256_of(Path(str(base_weights))) if base_is_file else base_weights,
            "teacher": teacher.config.files[ARTIFACT].sha256 if teacher else None,
            "recipe": asdict(recipe),
            "photos": len(data.train_rows),
            "classes": data.classes,
        },
        indent=1,
    )
    path = out / RECIPE
    if not path.exists() or path.read_text(encoding="utf-8") != note:
        for stale in (weights, out / LOG):
            stale.unlink(missing_ok=True)
        shutil.rmtree(out / RESUME, ignore_errors=True)
        write_text(path, note)
        data.save_manifest(out / MANIFEST)
    if weights.exists():
        print(f"{weights} is trained already.")
        return weights
    if teacher is not None and list(teacher.config.classes) != data.classes:
        raise WeightsError(
            f"The teacher knows {len(teacher.config.classes)} classes and the photos have "
            f"{len(data.classes)}; train it on the same class folders."
        )
    with mixed_bfloat16(recipe.bfloat16):
        base, progress = _train(backbone, data, recipe, out / RESUME, base_weights, teacher)
    write_curves(progress, out / LOG)
    save_weights(base, weights)
    shutil.rmtree(out / RESUME)
    return weights


def _train(
    backbone: Backbone,
    data: PretrainData,
    recipe: PretrainRecipe,
    resume: Path,
    base_weights: str | None,
    teacher: Classifier | None,
) -> tuple[keras.Model, Progress]:
    """Train for all epochs, going on with what lies in `resume`."""
    keras.utils.set_random_seed(recipe.seed)
    base = build_base(backbone, base_weights, recipe.image_size)
    pooled = keras.layers.GlobalAveragePooling2D()(base.output)
    dropout = keras.layers.Dropout(0.2)
    logits = keras.layers.Dense(len(data.classes), dtype="float32", name="logits")(dropout(pooled))
    model = keras.Model(base.input, logits)
    views = Views(data, recipe, teacher)
    steps = len(views) * recipe.epochs
    window = min(recipe.batchnorm_window, max(4, steps // 10))
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 1 - 1 / window
    warmup = math.ceil(len(views) * recipe.warmup_epochs)
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate / 100,
        decay_steps=max(1, steps - warmup),
        warmup_target=recipe.learning_rate,
        warmup_steps=warmup,
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay, clipnorm=1.0)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    model.compile(
        optimizer,
        keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=0.0 if teacher else recipe.label_smoothing
        ),
        metrics=["accuracy"],
    )
    validation = np.stack(
        [whole_view(data.photos[row], recipe.image_size) for row in data.validation_rows]
    )
    validation_labels = np.eye(len(data.classes), dtype=np.float32)[data.validation_labels]

    def start_epoch(epoch: int) -> None:
        views.start(epoch)
        reseed(dropout, recipe.seed, epoch)

    resume.mkdir(exist_ok=True)
    progress = Progress.load(resume)
    done = len(progress.curves)
    if done:
        optimizer.build(model.trainable_variables)  # Its state is in the file, too.
        model.load_weights(progress.last_weights(resume))
        tqdm.write(f"{backbone.name}: going on after {done} of {recipe.epochs} epochs.")
    with tqdm(total=recipe.epochs, desc=backbone.name, unit="epoch", initial=done) as bar:
        model.fit(
            views,
            initial_epoch=done,
            epochs=recipe.epochs,
            validation_data=(validation, validation_labels),
            validation_batch_size=128,
            shuffle=False,  # The batches are; Keras would change their order on top.
            callbacks=[EpochLog(resume, progress, bar, start_epoch)],
            verbose=0,
        )
    return base, progress


def run_pretrain(
    backbone: Backbone,
    data: Path,
    extra: list[Path],
    out: Path,
    recipe: PretrainRecipe,
    base: str = "none",
    teacher: Path | None = None,
) -> Path:
    """Pretrain on the training part of `data` and on `extra` folders; return the base weights.

    `teacher` is a backbone's folder of weights for the same classes. Raises `DatasetError`,
    `WeightsError` and OSError.
    """
    with only_run(out / WORK):
        cache = PhotoCache(out / WORK / "photos")
        dataset = scan_dataset(data, cache, recipe.seed)
        print(dataset.table())
        photos = collect(dataset, extra, cache)
        print(f"{len(photos.train_rows)} photos of {len(photos.classes)} classes to train on")
        path, _ = find_base(backbone, base)
        return pretrain(
            backbone, photos, recipe, out, path, Classifier(teacher) if teacher else None
        )
