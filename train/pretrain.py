"""Train every layer of a backbone, for places where ImageNet weights cannot be had.

The result is a file for `--base`. Held-out photos of `data` stay unseen: only its training part is
used, and photos of the `extra` folders that resemble a held-out one are left out.
"""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import keras
import numpy as np
from tqdm import tqdm

from flowers.backbones import Backbone
from flowers.errors import WeightsError
from flowers.files import sha256_of, write_text
from flowers.folders.disk import DiskFile
from flowers.folders.layout import PhotoSet
from flowers.weights.folder import (
    KERAS_WEIGHTS,
    MANIFEST,
    PretrainingStage,
    check_file,
    read_config,
)
from train.data.cache import PhotoCache
from train.data.dataset import scan_dataset
from train.data.pretraining import LabelledRows, PretrainData, collect_photos
from train.data.views import draw_views, whole_views
from train.network.base import BASE, RECIPE, beside, find_base, stages_of
from train.network.bfloat16 import mixed_bfloat16
from train.network.graph import build_base, load_graph
from train.network.normalized import fold_normalization, with_normalization
from train.network.progress import EpochLog, Progress, reseed, save_weights, write_curves
from train.network.residual import silence_branches
from train.network.student import TEACHER_SIZE, Student, forget_statistics_within
from train.recipe import PretrainRecipe
from train.work import WORK, only_run

LOG = "log.csv"
RESUME = "resume"
NORMALIZED = "normalized.weights.h5"
"""Ending of the file that a later stage of a network without normalization goes on with."""
SECONDS_BETWEEN_CHECKPOINTS = 60.0
MISSING: Literal["missing"] = "missing"


class ViewBatches(keras.utils.PyDataset):
    """Shuffled batches of photos uint8[n, s, s, 3], their views and one-hot labels, float32.

    In the epoch after the last the views are the photos themselves. The moving averages of batch
    normalization describe random views, mixed in pairs, of a network that still changes; an
    InceptionV3 lost more than thirty points of validation accuracy to that. So they are measured
    anew on whole photos, while nothing is learned ("precise", Wu & Johnson 2021).
    """

    def __init__(self, data: LabelledRows, recipe: PretrainRecipe):
        super().__init__(workers=1, max_queue_size=8)
        self.data, self.recipe = data, recipe
        self.start(epoch=0)

    def start(self, epoch: int) -> None:
        """Shuffle and draw for an epoch, which alone decides on order and views."""
        recipe, photos = self.recipe, len(self.data.rows)
        rng = np.random.default_rng([recipe.seed, recipe.first_epoch + epoch])
        self.order = rng.permutation(photos)
        self.drawn = whole_views(photos)
        if epoch < recipe.epochs:
            self.drawn = draw_views(photos, rng, recipe.smallest_crop, recipe.mixup)
        self.drawn = self.drawn.astype(np.float32)

    def __len__(self) -> int:
        # The last, smaller batch is left out: its statistics are poor.
        return max(1, len(self.order) // self.recipe.batch_size)

    def __getitem__(self, index: int):
        size = self.recipe.batch_size
        chosen = self.order[index * size : (index + 1) * size]
        return (self.data.pixels(chosen), self.drawn[chosen]), self.data.one_hot(chosen)


def check_teacher(folder: Path, classes: list[str]) -> str:
    """The hash of the weights that are to teach `classes`. Raises `WeightsError` if they cannot."""
    config = read_config(folder)
    if list(config.classes) != classes:
        differ = sorted(set(config.classes) ^ set(classes))
        raise WeightsError(
            f"The teacher knows {len(config.classes)} classes and the photos have "
            f"{len(classes)}; train it on the same class folders. Only one of them has: "
            f"{', '.join(differ[:3])}{', …' if len(differ) > 3 else ''}"
        )
    check_file(folder, config, KERAS_WEIGHTS)
    return config.files[KERAS_WEIGHTS].sha256


def pretrain(
    backbone: Backbone,
    data: PretrainData,
    recipe: PretrainRecipe,
    out: Path,
    base_weights: str | None = None,
    teacher: Path | None = None,
) -> Path:
    """Run one stage and return the file of base weights.

    `teacher` is a backbone's folder of weights for the same classes. A stopped stage goes on where
    it was, a finished one is left as it is, and one of another recipe or of other photos in the
    same folder is started anew. Raises `WeightsError` and OSError.
    """
    weights = out / f"{backbone.key}.{BASE}"
    log, resume = beside(weights, LOG), beside(weights, RESUME)
    base_is_file = base_weights not in (None, "imagenet")
    earlier = stages_of(Path(str(base_weights))) if base_is_file else ()
    this = PretrainingStage(image_size=recipe.image_size, epochs=recipe.epochs)
    note = json.dumps(
        {
            "backbone": backbone.key,
            "base": sha256_of(Path(str(base_weights))) if base_is_file else base_weights,
            "teacher": check_teacher(teacher, data.classes) if teacher else None,
            "recipe": asdict(recipe),
            "stages": [stage.model_dump() for stage in (*earlier, this)],
            "photos": len(data.train.rows),
            "fingerprint": data.fingerprint,
            "classes": data.classes,
        },
        indent=1,
    )
    path = beside(weights, RECIPE)
    if not path.exists() or path.read_text(encoding="utf-8") != note:
        for stale in (weights, beside(weights, NORMALIZED), log):
            stale.unlink(missing_ok=True)
        shutil.rmtree(resume, ignore_errors=True)
        write_text(path, note)
        data.save_manifest(beside(weights, MANIFEST))
    if weights.exists():
        print(f"{weights} is trained already.")
        return weights
    with mixed_bfloat16(recipe.bfloat16):
        keras.utils.set_random_seed(recipe.seed)
        base = build_base(backbone, base_weights, recipe.image_size)
        if base_weights is None:
            silence_branches(base)
        trained = base
        if not backbone.normalized and (twin := _normalized_weights(base_weights)) != MISSING:
            trained = with_normalization(base)
            if twin:
                trained.load_weights(twin)
        asked = load_graph(teacher, TEACHER_SIZE) if teacher else None
        student = Student(trained, len(data.classes), recipe.temperature, recipe.smoothing, asked)
        progress = _train(backbone, student, data, recipe, resume)
    write_curves(progress, log)
    if trained is not base:
        save_weights(trained, beside(weights, NORMALIZED))
        fold_normalization(trained, base)
    save_weights(base, weights)
    shutil.rmtree(resume)
    return weights


def _normalized_weights(base_weights: str | None) -> Path | Literal["missing"] | None:
    """Where the unfolded twin of a base lies: None for random weights, else a file if there is one.

    A base from elsewhere has none and is trained as it is.
    """
    if base_weights is None:
        return None
    path = beside(Path(base_weights), NORMALIZED)
    return path if base_weights.endswith(BASE) and path.exists() else MISSING


def _train(
    backbone: Backbone, student: Student, data: PretrainData, recipe: PretrainRecipe, resume: Path
) -> Progress:
    """Train in place for all epochs, going on with what lies in `resume`."""
    batches, held_out = ViewBatches(data.train, recipe), data.validation
    forget_statistics_within(student.base, len(batches))
    optimizer = keras.optimizers.AdamW(recipe.rate(0), recipe.weight_decay, clipnorm=1.0)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    student.compile(optimizer)
    # On no photo: it only builds what weights are loaded into.
    student(
        [keras.KerasTensor((None, *array.shape[1:]), str(array.dtype)) for array in batches[0][0]]
    )
    # Its state is in the files; and a first step that made it would be traced twice.
    optimizer.build(student.trainable_variables)

    def start_epoch(epoch: int) -> None:
        batches.start(epoch)
        optimizer.learning_rate = recipe.rate(epoch)
        reseed(student.dropout, recipe.seed, epoch)

    resume.mkdir(exist_ok=True)
    progress = Progress.load(resume)
    done, epochs = len(progress.curves), recipe.epochs + 1
    if done:
        student.load_weights(progress.last_weights(resume))
        tqdm.write(f"{backbone.name}: going on after {done} of {epochs} epochs.")
    whole = np.arange(len(held_out.rows))
    with tqdm(total=epochs, desc=backbone.name, unit="epoch", initial=done) as bar:
        log = EpochLog(
            resume, progress, bar, start_epoch, seconds_between=SECONDS_BETWEEN_CHECKPOINTS
        )
        student.fit(
            batches,
            initial_epoch=done,
            epochs=epochs,
            validation_data=(
                (held_out.pixels(whole), whole_views(len(whole)).astype(np.float32)),
                held_out.one_hot(whole),
            ),
            validation_batch_size=recipe.batch_size,
            validation_freq=[epochs],  # Before, statistics are not those of whole photos.
            shuffle=False,  # The batches are; Keras would change their order on top.
            callbacks=[log],
            verbose=0,
        )
    return progress


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
        return pretrain(backbone, photos, recipe, out, path, teacher)
