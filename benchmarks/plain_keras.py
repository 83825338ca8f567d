"""The other side: a model as a user of Keras writes it, trained the way Keras's guides do.

    python -m benchmarks.plain_keras base BUILDER SIZE FILE
    python -m benchmarks.plain_keras train SETTINGS.json RESULT.json

The first writes a base of random weights, for both sides to start from. The second is one measured
process: `model.fit` over the whole network from files, decoded in parallel and read ahead.
"""

import inspect
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from keras import layers

from flowers.files import whole_file

if TYPE_CHECKING:
    import tensorflow as tf

PLAIN_UNITS = 256
PLAIN_DROPOUT = 0.2


def plain_base(builder: str, image_size: int, weights: str | None = None) -> keras.Model:
    """A base by the name of its builder, with random weights or "imagenet"."""
    shape = (image_size, image_size, 3)
    make = getattr(keras.applications, builder)
    return make(include_top=False, weights=weights, input_shape=shape)


def build_plain(builder: str, classes: int, image_size: int) -> keras.Model:
    """Build a model, with random weights, from preprocessed photos to probabilities."""
    inputs = keras.Input((image_size, image_size, 3))
    return with_head(plain_base(builder, image_size), inputs, inputs, classes)


def with_head(
    base: keras.Model, inputs: keras.KerasTensor, x: keras.KerasTensor, classes: int
) -> keras.Model:
    """A model from `inputs` by way of `x`, which is preprocessed, and `base` to probabilities."""
    x = base(x, training=False)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(PLAIN_UNITS, activation="relu")(x)
    x = layers.Dropout(PLAIN_DROPOUT)(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def preprocessing(builder: str) -> Callable[[Any], Any]:
    """The function `preprocess_input` that stands beside a builder; it may change its argument."""
    module = inspect.getmodule(getattr(keras.applications, builder))
    return module.preprocess_input  # type: ignore[union-attr]


def train(settings: dict[str, Any]) -> dict[str, float]:
    """Train, go back to the best epoch by validation accuracy, and measure on the test part."""
    keras.utils.set_random_seed(settings["seed"])
    training, validation, test = (_batches(settings, p) for p in ("train", "validation", "test"))
    model = _trainable(settings)
    model.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(
                settings["learning_rate"], len(training) * settings["epochs"]
            )
        ),
        keras.losses.CategoricalCrossentropy(label_smoothing=settings["label_smoothing"]),
        metrics=["accuracy"],
    )
    with tempfile.TemporaryDirectory() as folder:
        best = Path(folder) / "best.weights.h5"
        keep = keras.callbacks.ModelCheckpoint(
            best, monitor="val_accuracy", save_best_only=True, save_weights_only=True
        )
        model.fit(
            training,
            epochs=settings["epochs"],
            validation_data=validation,
            callbacks=[keep],
            verbose=2,
        )
        model.load_weights(best)
    return {"test_accuracy": model.evaluate(test, verbose=0, return_dict=True)["accuracy"]}


def _batches(settings: dict[str, Any], part: str) -> "tf.data.Dataset":
    """Batches of one part: float32[n, size, size, 3] and one-hot float32[n, classes]."""
    import tensorflow as tf

    size, classes = settings["image_size"], settings["classes"]
    files, labels = settings["parts"][part]

    def read(file: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        photo = tf.io.decode_jpeg(tf.io.read_file(file), channels=3)
        return tf.image.resize(photo, (size, size)), tf.one_hot(label, classes)

    data = tf.data.Dataset.from_tensor_slices((files, labels))
    if part == "train":
        data = data.shuffle(len(files), seed=settings["seed"])
    data = data.map(read, num_parallel_calls=tf.data.AUTOTUNE)
    return data.batch(settings["batch_size"]).prefetch(tf.data.AUTOTUNE)


def _trainable(settings: dict[str, Any]) -> keras.Model:
    """Base, pooling and head, with the base frozen but for its last layers if finetuned."""
    size, builder = settings["image_size"], settings["builder"]
    imagenet = settings["base"] == "imagenet"
    base = plain_base(builder, size, "imagenet" if imagenet else None)
    if not imagenet:
        base.load_weights(settings["base"])
    if settings["variant"] == "transfer":
        base.trainable = False
    else:
        # `fit` overrides the `training=False` of `with_head`, so that batch normalization is in
        # inference mode only where it is frozen.
        for i, layer in enumerate(base.layers):
            normalizes = isinstance(layer, layers.BatchNormalization)
            layer.trainable = i >= len(base.layers) - settings["tail"] and not normalizes
    photo = keras.Input((size, size, 3))
    return with_head(base, photo, preprocessing(builder)(photo), settings["classes"])


def main(command: str, *arguments: str) -> None:
    """Run one of the two commands."""
    if command == "base":
        builder, size, path = arguments
        keras.utils.set_random_seed(0)
        with whole_file(Path(path)) as partial:
            plain_base(builder, int(size)).save_weights(partial)
        return
    settings, result = map(Path, arguments)
    found = train(json.loads(settings.read_text(encoding="utf-8")))
    result.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
