"""Trains a backbone the way Keras's own guides do: `model.fit` over the whole network from files.

`python -m benchmarks.training.plain SETTINGS.json RESULT.json` is one measured process. The photos
are decoded in parallel and read ahead; of this project only the model of `plain_keras` takes part.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf

from benchmarks.plain_keras import preprocessing, with_head


def batches(settings: dict[str, Any], part: str) -> tf.data.Dataset:
    """Batches of one part: float32[n, size, size, 3] and one-hot float32[n, classes]."""
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


def build_model(settings: dict[str, Any]) -> keras.Model:
    """Base, pooling and head, with the base frozen but for its last layers if finetuned."""
    size, builder = settings["image_size"], settings["builder"]
    base = getattr(keras.applications, builder)(
        include_top=False,
        weights="imagenet" if settings["base"] == "imagenet" else None,
        input_shape=(size, size, 3),
    )
    if settings["base"] != "imagenet":
        base.load_weights(settings["base"])
    if settings["variant"] == "transfer":
        base.trainable = False
    else:
        # `fit` overrides the `training=False` below, so that batch normalization is in inference
        # mode only where it is frozen.
        for i, layer in enumerate(base.layers):
            normalizes = isinstance(layer, keras.layers.BatchNormalization)
            layer.trainable = i >= len(base.layers) - settings["tail"] and not normalizes
    photo = keras.Input((size, size, 3))
    x = preprocessing(builder)(photo)
    return with_head(base, photo, x, settings["classes"])


def main(settings: dict[str, Any]) -> dict[str, float]:
    """Train, go back to the best epoch by validation accuracy, and measure on the test part."""
    keras.utils.set_random_seed(settings["seed"])
    train, validation, test = (batches(settings, p) for p in ("train", "validation", "test"))
    model = build_model(settings)
    model.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(
                settings["learning_rate"], len(train) * settings["epochs"]
            )
        ),
        keras.losses.CategoricalCrossentropy(label_smoothing=settings["label_smoothing"]),
        metrics=["accuracy"],
    )
    with tempfile.TemporaryDirectory() as folder:
        best = Path(folder) / "best.weights.h5"
        model.fit(
            train,
            epochs=settings["epochs"],
            validation_data=validation,
            callbacks=[
                keras.callbacks.ModelCheckpoint(
                    best, monitor="val_accuracy", save_best_only=True, save_weights_only=True
                )
            ],
            verbose=2,
        )
        model.load_weights(best)
    return {"test_accuracy": model.evaluate(test, verbose=0, return_dict=True)["accuracy"]}


if __name__ == "__main__":
    result = main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    Path(sys.argv[2]).write_text(json.dumps(result), encoding="utf-8")
