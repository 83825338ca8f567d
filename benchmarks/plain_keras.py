"""One model as a user of Keras writes it: a base of `keras.applications`, a head, `predict`."""

import inspect
from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from flowers.backbones import Backbone

HIDDEN_UNITS = 256
DROPOUT = 0.2


def build_plain(backbone: Backbone, classes: int, image_size: int) -> keras.Model:
    """Build the model, with random weights, from preprocessed photos to probabilities."""
    builder = getattr(keras.applications, backbone.builder)
    shape = (image_size, image_size, 3)
    base = builder(include_top=False, weights=None, input_shape=shape)
    inputs = keras.Input(shape)
    return with_head(base, inputs, inputs, classes)


def with_head(
    base: keras.Model, inputs: keras.KerasTensor, x: keras.KerasTensor, classes: int
) -> keras.Model:
    """A model from `inputs` by way of `x`, which is preprocessed, and `base` to probabilities."""
    x = base(x, training=False)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(HIDDEN_UNITS, activation="relu")(x)
    x = layers.Dropout(DROPOUT)(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def preprocessing(builder: str) -> Callable[[Any], Any]:
    """The function `preprocess_input` that stands beside a builder; it may change its argument."""
    module = inspect.getmodule(getattr(keras.applications, builder))
    return module.preprocess_input  # type: ignore[union-attr]
