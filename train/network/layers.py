"""The layers that a backbone gets around it: preprocessing, heads, focus maps, and nearness."""

import keras
from keras import layers, ops

from flowers.backbones import Preprocessing

HIDDEN_UNITS = 256
DROPOUT = 0.2
CENTROIDS = 64
"""Of pooled features, kept to know training photos by. 128 or all photos tell no more (MobileNetV2,
AUROC 0.995 against things, with 64 and with 128), and they are not free: 64 KB per 256 channels."""


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
