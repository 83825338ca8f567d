"""Training of one variant: the head on pooled features, or tail and head on the trunk's output."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from flowers.backbones import Variant
from train.data.split import Part
from train.network.bfloat16 import mixed_layers
from train.network.centroids import find_centroids
from train.network.devices import SharedLoss, WithoutEmptyShares, replicate
from train.network.features import Features
from train.network.graph import Network
from train.network.layers import Head
from train.network.neighbourhood import find_neighbourhoods, neighbourhood_helps
from train.network.progress import EpochLog, Progress, reseed
from train.recipe import Recipe


class TailClassifier(keras.Model):
    """Crossing tensors (or photos, with a trunk) to logits.

    Trunk and tail always run in inference mode, so batch normalization keeps the statistics of its
    pretraining: a few thousand photos in small batches would ruin them. Its scale and offset in
    the tail are trained.
    """

    def __init__(self, tail: keras.Model, head: Head, trunk: keras.Model | None = None):
        super().__init__()
        self.tail, self.head, self.trunk = tail, head, trunk

    def call(self, inputs, training=None):
        crossing = list(inputs) if self.trunk is None else self.trunk(inputs, training=False)
        features = ops.cast(self.tail(crossing, training=False), "float32")
        return self.head(ops.mean(features, axis=(1, 2)), training=training)

    def copy(self) -> "TailClassifier":
        """Another one of the same layout, with weights of its own."""
        trunk = self.trunk and keras.models.clone_model(self.trunk)
        return TailClassifier(keras.models.clone_model(self.tail), _copy_head(self.head), trunk)


class HeadClassifier(keras.Model):
    """Pooled features to logits."""

    def __init__(self, head: Head):
        super().__init__()
        self.head = head

    def call(self, pooled, training=None):
        return self.head(pooled, training=training)

    def copy(self) -> "HeadClassifier":
        """Another one of the same layout, with weights of its own."""
        return HeadClassifier(_copy_head(self.head))


def _copy_head(head: Head) -> Head:
    return Head.from_config(head.get_config())


class ClassAccuracy(keras.metrics.Mean):
    """Share of photos of the classes whose own class is on top among the classes.

    Background classes decide on refusal alone, so they do not count here, as they do not when the
    model is served.
    """

    def __init__(self, classes: int):
        super().__init__(name="accuracy")
        self.classes = classes

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Take one-hot labels and logits, float32[n, outputs] both."""
        label = ops.argmax(y_true, axis=-1)
        right = ops.equal(ops.argmax(y_pred[:, : self.classes], axis=-1), label)
        counted = ops.cast(label < self.classes, "float32") * ops.sum(y_true, axis=-1)
        super().update_state(ops.cast(right, "float32"), counted)


class Batches(keras.utils.PyDataset):
    """Shuffled batches of the training part, a random view of every photo in every epoch.

    Inputs of a variant, and one-hot labels float32[b, outputs].
    """

    def __init__(self, features: Features, variant: Variant, recipe: Recipe, outputs: int):
        super().__init__(workers=1, max_queue_size=8)
        self.features, self.variant, self.recipe, self.outputs = features, variant, recipe, outputs
        self.start(epoch=0)

    def start(self, epoch: int) -> None:
        """Shuffle for an epoch, which alone decides on order and views."""
        self.epoch = epoch
        rng = np.random.default_rng([self.recipe.seed, epoch])
        photos = len(self.features.labels["train"])
        self.order = rng.permutation(photos)
        self.views = rng.integers(0, self.features.views, photos)

    def __len__(self) -> int:
        return -(-len(self.order) // self.recipe.batch_size)

    def __getitem__(self, index: int):
        size = self.recipe.batch_size
        chosen = self.order[index * size : (index + 1) * size]
        rows = self.features.rows("train", chosen, self.views[chosen])
        labels = np.eye(self.outputs, dtype=np.float32)[self.features.labels["train"][chosen]]
        return self.features.inputs(self.variant, rows), labels


class HeldOut(keras.utils.PyDataset):
    """A part in order, each photo whole; as `Batches` otherwise."""

    def __init__(
        self, features: Features, variant: Variant, part: Part, batch_size: int, outputs: int
    ):
        super().__init__(workers=1, max_queue_size=8)
        self.features, self.variant, self.part = features, variant, part
        self.batch_size, self.outputs = batch_size, outputs
        self.labels = features.labels[part]

    def __len__(self) -> int:
        return -(-len(self.labels) // self.batch_size)

    def __getitem__(self, index: int):
        stop = min((index + 1) * self.batch_size, len(self.labels))
        chosen = np.arange(index * self.batch_size, stop)
        inputs = self.features.inputs(self.variant, self.features.rows(self.part, chosen))
        return inputs, np.eye(self.outputs, dtype=np.float32)[self.labels[chosen]]


def train_variant(
    network: Network,
    variant: Variant,
    features: Features,
    recipe: Recipe,
    folder: Path,
    kept: Callable[[Path], None] | None = None,
    devices: int = 1,
) -> Progress:
    """Train one variant in place, or go on with what lies in `folder`; end on the best epoch.

    The finetuned variant starts from the transfer head, so train that first. Without background
    classes the centroids of training photos are kept, too. `kept` is told the folder whenever
    progress is on the disk. With several `devices` it is trained as `replicate` does. Raises
    OSError, and `UserError` when there are fewer.
    """
    keras.utils.set_random_seed(recipe.seed)
    folder.mkdir(parents=True, exist_ok=True)
    model: keras.Model
    if variant == "transfer":
        model = HeadClassifier(network.heads[variant])
        rate = recipe.head_learning_rate
    else:
        network.heads[variant].set_weights(network.heads["transfer"].get_weights())
        trunk = None if features.has_crossing else network.trunk
        model = TailClassifier(network.tails[variant], network.heads[variant], trunk)
        rate = recipe.tail_rate(network.backbone.normalized)
    classes, outputs = len(network.classes), network.outputs
    batches = Batches(features, variant, recipe, outputs)
    held_out = HeldOut(features, variant, "validation", recipe.batch_size, outputs)
    test = HeldOut(features, variant, "test", recipe.batch_size, outputs)
    model(batches[0][0])  # Builds it, so that weights can be loaded.

    title = f"{network.backbone.name} {variant}"
    progress = Progress.load(folder)
    if len(progress.curves) < recipe.epochs:
        schedule = keras.optimizers.schedules.CosineDecay(rate, len(batches) * recipe.epochs)
        strategy, trained = None, model
        fed: keras.utils.PyDataset = batches
        asked: keras.utils.PyDataset = held_out
        if devices != 1:
            strategy, trained = replicate(model, batches[0][0], devices)
            shares = strategy.num_replicas_in_sync
            fed, asked = (WithoutEmptyShares(one, shares) for one in (batches, held_out))
        with strategy.scope() if strategy else nullcontext():
            trained.compile(
                keras.optimizers.Adam(schedule),
                SharedLoss(recipe.label_smoothing)
                if strategy
                else keras.losses.CategoricalCrossentropy(
                    from_logits=True, label_smoothing=recipe.label_smoothing
                ),
                metrics=[ClassAccuracy(classes)],
            )
            # Its state is in the files; and a first step that made it would be traced twice.
            trained.optimizer.build(trained.trainable_variables)

        def start_epoch(epoch: int) -> None:
            batches.start(epoch)
            reseed(trained.head.dropout, recipe.seed, epoch)

        done = len(progress.curves)
        if done:
            trained.load_weights(progress.last_weights(folder))
            tqdm.write(f"{title}: going on after {done} of {recipe.epochs} epochs.")
        with (
            mixed_layers([trained], recipe.bfloat16),
            tqdm(total=recipe.epochs, desc=title, unit="epoch", initial=done) as bar,
        ):
            trained.fit(
                fed,
                initial_epoch=done,
                epochs=recipe.epochs,
                validation_data=asked,
                callbacks=[EpochLog(folder, progress, bar, start_epoch, kept)],
                shuffle=False,  # `Batches` does that, by the epoch alone.
                verbose=0,
            )
    model.load_weights(progress.best_weights(folder))
    if progress.test_accuracy is None:
        right = model.predict(test, verbose=0)[:, :classes].argmax(axis=1) == test.labels
        progress.test_accuracy = float(right.mean())
        progress.save(folder)
        if kept:
            kept(folder)
    tqdm.write(
        f"{title}: epoch {progress.best_epoch + 1} is kept; accuracy {progress.best_accuracy:.1%} "
        f"on validation photos, {progress.test_accuracy:.1%} on test photos."
    )
    pooled = pooled_features(network, variant, features, "train", recipe.batch_size)
    if network.background:
        others = pooled_features(network, variant, features, "validation", recipe.batch_size)
        labels = features.labels["train"]
        if neighbourhood_helps(pooled, labels, classes, others, recipe.seed):
            found = find_neighbourhoods(pooled, labels, classes, others, recipe.seed)
            network.against[variant].set_weights(found)
        else:
            tqdm.write(f"{title}: only its head refuses, since the neighbourhood does not help.")
    else:
        network.nearest[variant].centroids.assign(find_centroids(pooled, recipe.seed).T)
    return progress


def pooled_features(
    network: Network, variant: Variant, features: Features, part: Part, batch_size: int
) -> np.ndarray:
    """What the head of a variant is given for the whole photos of a part, float32[n, k]."""
    photos = np.arange(len(features.labels[part]))
    if variant == "transfer":
        return features.pooled[features.rows(part, photos)]
    start = network.trunk.outputs if features.has_crossing else network.trunk.inputs
    pooled = keras.layers.GlobalAveragePooling2D()(network.features[variant])
    batches = HeldOut(features, variant, part, batch_size, network.outputs)
    return keras.Model(start, pooled).predict(batches, verbose=0)
