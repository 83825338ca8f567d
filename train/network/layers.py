"""The layers that a backbone gets around it: preprocessing, heads, focus maps, and nearness."""

import keras
import numpy as np
from keras import layers, ops

from flowers.backbones import Preprocessing

HIDDEN_UNITS = 256
DROPOUT = 0.2
CENTROIDS = 64
"""Of pooled features, kept to know training photos by. 128 or all photos tell no more (MobileNetV2,
AUROC 0.995 against things, with 64 and with 128), and they are not free: 64 KB per 256 channels.
Beside background classes there are as many of the background."""
NO_FLOOR = -100.0
"""Logarithm of a density that counts for nothing."""


@keras.saving.register_keras_serializable("flowers")
class Preprocess(layers.Layer):
    """Map a uint8 photo to what the ImageNet weights of a backbone expect, as float.

    Computed in float32 under any policy: bfloat16 rounds the means to whole steps of a pixel.
    """

    def __init__(self, mode: Preprocessing, **kwargs):
        super().__init__(**kwargs)
        self.mode = mode

    def call(self, photo):
        return ops.cast(self._scaled(ops.cast(photo, "float32")), self.compute_dtype)

    def _scaled(self, x):
        if self.mode == "tf":
            return x / 127.5 - 1.0
        if self.mode == "torch":
            mean = ops.convert_to_tensor([123.675, 116.28, 103.53], "float32")
            scale = ops.convert_to_tensor([1 / 58.395, 1 / 57.12, 1 / 57.375], "float32")
            return (x - mean) * scale
        mean = ops.convert_to_tensor([103.939, 116.779, 123.68], "float32")
        return ops.flip(x, axis=-1) - mean

    def get_config(self):
        return {**super().get_config(), "mode": self.mode}


@keras.saving.register_keras_serializable("flowers")
class Head(layers.Layer):
    """Dense(256, relu), Dropout(0.2), Dense(outputs): pooled features [n, k] to logits [n, c].

    Outputs are the classes, then the background classes.
    """

    def __init__(self, outputs: int, **kwargs):
        super().__init__(**kwargs)
        self.outputs = outputs
        self.hidden = layers.Dense(HIDDEN_UNITS, activation="relu", name="hidden")
        self.dropout = layers.Dropout(DROPOUT, name="dropout")
        self.logits = layers.Dense(outputs, dtype="float32", name="logits")

    def build(self, input_shape):
        self.hidden.build(input_shape)
        self.logits.build((input_shape[0], HIDDEN_UNITS))
        super().build(input_shape)

    def call(self, pooled, training=None):
        return self.logits(self.dropout(self.hidden(pooled), training=training))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.outputs)

    def get_config(self):
        return {**super().get_config(), "outputs": self.outputs}


class GradCam(layers.Layer):
    """Grad-CAM (Selvaraju et al. 2017) of every class, from features [n, h, w, k] to [n, h, w, c].

    Background classes have none.

    Behind average pooling, Dense, relu and Dense the gradient of a logit has a closed form: it
    passes through the hidden units that are switched on and no others. So the map is
    relu(features @ W1 * (hidden > 0) @ W2), an ordinary output that needs no gradients. It is the
    map of the definition times h * w; maps are only ever read relative to their own maximum.
    """

    def __init__(self, head: Head, classes: int, **kwargs):
        super().__init__(**kwargs)
        self.head, self.classes = head, classes

    def call(self, features, pooled):
        switched_on = ops.cast(self.head.hidden(pooled) > 0, features.dtype)
        projected = ops.matmul(features, ops.cast(self.head.hidden.kernel, features.dtype))
        masked = projected * ops.expand_dims(switched_on, (1, 2))
        weights = ops.cast(self.head.logits.kernel[:, : self.classes], features.dtype)
        return ops.cast(ops.relu(ops.matmul(masked, weights)), "float32")


class Nearest(layers.Layer):
    """Largest cosine similarity of pooled features [n, k] to kept centroids: [n, 1].

    Those of things that are not like any training photo are far from all of them (Sun et al. 2022,
    with all training photos in place of centroids).
    """

    def build(self, input_shape):
        self.centroids = self.add_weight(
            shape=(input_shape[-1], CENTROIDS), name="centroids", trainable=False
        )
        """float32[k, centroids], of length 1 each."""

    def call(self, pooled):
        pooled = ops.cast(pooled, "float32")
        nearest = ops.max(ops.matmul(pooled, self.centroids), axis=-1, keepdims=True)
        length = ops.sqrt(ops.sum(ops.square(pooled), axis=-1, keepdims=True))
        return nearest / ops.maximum(length, 1e-12)  # Not a sum: that would get eight bits.

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 1)


class AgainstBackground(layers.Layer):
    """P(known), [n, 1], from pooled features [n, k] and the head's logits [n, classes + others].

    The odds of the head, classes against background classes, times the odds of the neighbourhood:
    kernel densities of the features (Parzen 1962) around centroids of training photos of the
    classes, against those around centroids of background photos. A floor under the latter stands
    for what is like nothing in training: who is far from everything is none of the classes.

    New ones know no neighbourhood: all odds there are even. Every operation is one that stays in
    float in eight bits, so there is neither sum nor product of two tensors but by division.
    """

    def __init__(self, classes: int, **kwargs):
        super().__init__(**kwargs)
        self.classes = classes

    def build(self, pooled_shape, logits_shape):
        columns = 2 * CENTROIDS + 1
        self.kernel = self.add_weight(
            shape=(pooled_shape[-1], columns), initializer="zeros", name="kernel", trainable=False
        )
        """float32[k, centroids of the classes, of the background, 0], as long as they are sharp."""
        self.bias = self.add_weight(shape=(columns,), name="bias", trainable=False)
        """float32[centroids of the classes, of the background: 0, floor]."""
        self.bias.assign(np.append(np.zeros(columns - 1), NO_FLOOR))
        self._sides_of_neighbours = _sides(CENTROIDS, columns)
        self._sides_of_head = _sides(self.classes, logits_shape[-1])

    def call(self, pooled, logits):
        pooled = ops.cast(pooled, "float32")
        length = ops.sqrt(ops.sum(ops.square(pooled), axis=-1, keepdims=True))
        cosines = ops.matmul(pooled / ops.maximum(length, 1e-12), self.kernel) + self.bias
        near = ops.matmul(ops.softmax(cosines), self._sides_of_neighbours)
        head = ops.matmul(ops.softmax(logits), self._sides_of_head)
        both = ops.maximum(head, 1e-12) / (1.0 / ops.maximum(near, 1e-12))
        return both[:, :1] / ops.sum(both, axis=-1, keepdims=True)

    def compute_output_shape(self, pooled_shape, logits_shape):
        return (pooled_shape[0], 1)


def _sides(first: int, columns: int) -> np.ndarray:
    """What sums up the `first` columns, and the others: float32[columns, 2]."""
    is_first = np.arange(columns) < first
    return np.stack([is_first, ~is_first], axis=1).astype(np.float32)
