"""Train every layer of a backbone, for places where ImageNet weights cannot be had.

The result is a file for `--base`. Held-out photos of `data` stay unseen: only its training part is
used, and photos of the `extra` folders that resemble a held-out one are left out.
"""

import json
import math
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from flowers.backbones import Backbone
from flowers.errors import WeightsError
from flowers.files import sha256_of, write_text
from flowers.folders.disk import DiskFile
from flowers.folders.layout import PhotoSet
from flowers.models.classifier import Classifier
from flowers.weights.folder import ARTIFACT, MANIFEST, check_artifact
from train.data.augment import whole_view
from train.data.cache import PhotoCache
from train.data.dataset import scan_dataset
from train.data.pretraining import PretrainData, collect_photos
from train.data.views import FreshViews, LabelledRows, Views
from train.network.base import RECIPE, find_base
from train.network.bfloat16 import mixed_bfloat16
from train.network.graph import build_base
from train.network.normalized import (
    fold_normalization,
    needs_normalization,
    with_normalization,
)
from train.network.progress import EpochLog, Progress, reseed, save_weights, write_curves
from train.network.statistics import WholePhotoStatistics
from train.work import WORK, only_run

LOG = "log.csv"
RESUME = "resume"
NORMALIZED = "normalized.weights.h5"
"""Ending of the file that a later stage of a network without normalization goes on with."""
STATISTICS_PHOTOS = 640
"""Training photos that batch normalization's statistics are measured on; ten batches of 64."""
MISSING: Literal["missing"] = "missing"


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
    temperature: float = 1.0
    """Of the targets and the answers in the loss. A teacher's second guesses tell more at 2."""
    first_epoch: int = 0
    """Of the views, so that a later stage goes on with others."""
    bfloat16: bool = False
    """Convolutions in bfloat16; weights, their updates and the loss stay float32."""
    seed: int = 0


class ViewBatches(keras.utils.PyDataset):
    """Shuffled batches of views: uint8[n, s, s, 3] and targets float32[n, c]."""

    def __init__(self, views: Views, recipe: PretrainRecipe):
        super().__init__(workers=1, max_queue_size=8)
        self.views, self.recipe = views, recipe
        self.start(epoch=0)

    def start(self, epoch: int) -> None:
        """Shuffle for an epoch, which alone decides on order and views."""
        self.epoch = epoch
        rng = np.random.default_rng([self.recipe.seed, epoch])
        self.order = rng.permutation(len(self.views))

    def __len__(self) -> int:
        # The last, smaller batch is left out: its statistics are poor.
        return max(1, len(self.order) // self.recipe.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        size = self.recipe.batch_size
        chosen = self.order[index * size : (index + 1) * size]
        return self.views.batch(
            self.recipe.first_epoch + self.epoch, chosen, self.recipe.image_size
        )


@keras.saving.register_keras_serializable("flowers")
class SoftenedDivergence(keras.losses.Loss):
    """Kullback-Leibler divergence of softened probabilities (Hinton et al. 2015).

    Targets are probabilities, predictions logits, both float32[n, c]. At temperature 1 its gradient
    is that of the cross-entropy.
    """

    def __init__(self, temperature: float = 1.0, name: str = "divergence"):
        super().__init__(name=name)
        self.temperature = temperature

    def call(self, y_true, y_pred):
        logits = ops.log(ops.maximum(y_true, 1e-12)) / self.temperature
        expected, said = ops.log_softmax(logits), ops.log_softmax(y_pred / self.temperature)
        return self.temperature**2 * ops.sum(ops.exp(expected) * (expected - said), axis=-1)


def taught_by(views: FreshViews, folder: Path, classes: list[str]) -> FreshViews:
    """The same views with the mean answers of a trained backbone's variants as targets.

    Raises `WeightsError`.
    """
    classifier = Classifier(check_artifact(folder), threads=1)
    if list(classifier.config.classes) != classes:
        raise WeightsError(
            f"The teacher knows {len(classifier.config.classes)} classes and the photos have "
            f"{len(classes)}; train it on the same class folders."
        )

    def ask(view: np.ndarray) -> np.ndarray:
        answers = [p.probabilities for p in classifier.predict(view).values()]
        return np.stack(answers).mean(axis=0)

    return replace(views, teacher=ask, taught_by=classifier.config.files[ARTIFACT].sha256)


def pretrain(
    backbone: Backbone,
    data: PretrainData,
    views: Views,
    recipe: PretrainRecipe,
    out: Path,
    base_weights: str | None = None,
) -> Path:
    """Run one stage and return the file of base weights.

    A stopped stage goes on where it was, a finished one is left as it is, and one of another recipe
    in the same folder is started anew. Raises OSError.
    """
    weights = out / f"{backbone.key}.base.weights.h5"
    base_is_file = base_weights not in (None, "imagenet")
    note = json.dumps(
        {
            "backbone": backbone.key,
            "base": sha256_of(Path(str(base_weights))) if base_is_file else base_weights,
            "teacher": views.describe()["taught_by"],
            "views": views.describe(),
            "recipe": asdict(recipe),
            "photos": len(data.train.rows),
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
    with mixed_bfloat16(recipe.bfloat16):
        base = build_base(backbone, base_weights, recipe.image_size)
        trained = base
        if needs_normalization(base) and (twin := _normalized_weights(base_weights)) != MISSING:
            trained = with_normalization(base)
            if twin:
                trained.load_weights(twin)
        progress = _train(backbone, trained, data, views, recipe, out / RESUME)
    write_curves(progress, out / LOG)
    if trained is not base:
        save_weights(trained, out / f"{backbone.key}.{NORMALIZED}")
        fold_normalization(trained, base)
    save_weights(base, weights)
    shutil.rmtree(out / RESUME)
    return weights


def _normalized_weights(base_weights: str | None) -> Path | Literal["missing"] | None:
    """Where the unfolded twin of a base lies: None for random weights, else a file if there is one.

    A base from elsewhere has none and is trained as it is.
    """
    if base_weights is None:
        return None
    path = Path(base_weights.replace(".base.weights.h5", f".{NORMALIZED}"))
    return path if path.name.endswith(NORMALIZED) and path.exists() else MISSING


def _train(
    backbone: Backbone,
    base: keras.Model,
    data: PretrainData,
    views: Views,
    recipe: PretrainRecipe,
    resume: Path,
) -> Progress:
    """Train `base` in place for all epochs, going on with what lies in `resume`."""
    keras.utils.set_random_seed(recipe.seed)
    pooled = keras.layers.GlobalAveragePooling2D()(base.output)
    dropout = keras.layers.Dropout(0.2)
    logits = keras.layers.Dense(len(data.classes), dtype="float32", name="logits")(dropout(pooled))
    model = keras.Model(base.input, logits)
    batches = ViewBatches(views, recipe)
    steps = len(batches) * recipe.epochs
    warmup = math.ceil(len(batches) * recipe.warmup_epochs)
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate / 100,
        decay_steps=max(1, steps - warmup),
        warmup_target=recipe.learning_rate,
        warmup_steps=warmup,
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay, clipnorm=1.0)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    accuracy = keras.metrics.CategoricalAccuracy("accuracy")
    model.compile(optimizer, SoftenedDivergence(recipe.temperature), metrics=[accuracy])
    held_out = data.validation
    validation = _whole_photos(held_out, recipe.image_size)
    validation_labels = np.eye(held_out.classes, dtype=np.float32)[held_out.labels]
    rng = np.random.default_rng(recipe.seed)
    sample = rng.permutation(len(data.train.rows))[:STATISTICS_PHOTOS]
    statistics = WholePhotoStatistics(_whole_photos(data.train, recipe.image_size, sample))

    def start_epoch(epoch: int) -> None:
        batches.start(epoch)
        reseed(dropout, recipe.seed, epoch)

    resume.mkdir(exist_ok=True)
    progress = Progress.load(resume)
    done = len(progress.curves)
    # Its state is in the files; and a first step that made it would be traced twice.
    optimizer.build(model.trainable_variables)
    if done:
        model.load_weights(progress.last_weights(resume))
        tqdm.write(f"{backbone.name}: going on after {done} of {recipe.epochs} epochs.")
    with tqdm(total=recipe.epochs, desc=backbone.name, unit="epoch", initial=done) as bar:
        model.fit(
            batches,
            initial_epoch=done,
            epochs=recipe.epochs,
            validation_data=(validation, validation_labels),
            validation_batch_size=128,
            shuffle=False,  # The batches are; Keras would change their order on top.
            callbacks=[statistics, EpochLog(resume, progress, bar, start_epoch)],
            verbose=0,
        )
    return progress


def _whole_photos(data: LabelledRows, size: int, chosen: np.ndarray | None = None) -> np.ndarray:
    """The photos as they are served, uncropped: uint8[n, size, size, 3]."""
    rows = data.rows if chosen is None else data.rows[chosen]
    return np.stack([whole_view(data.photos[row], size) for row in rows])


def run_pretrain(
    backbone: Backbone,
    data: PhotoSet[DiskFile],
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
        photos = collect_photos(dataset, extra, cache)
        print(f"{len(photos.train.rows)} photos of {len(photos.classes)} classes to train on")
        path, _ = find_base(backbone, base)
        views = FreshViews(photos.train, recipe.seed)
        if teacher:
            views = taught_by(views, teacher, photos.classes)
        return pretrain(backbone, photos, views, recipe, out, path)
