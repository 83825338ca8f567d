"""Trunk, tails, heads, preprocessing and focus maps: one backbone as one flat Keras graph.

    photo uint8 -> preprocessing -> trunk -+-> tail (as given) -> pooling -> head -> transfer
                                           +-> tail (a copy)   -> pooling -> head -> finetuned

The graph is flat, since Keras finds no path through nested models when asked for a layer within.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

from flowers.backbones import BACKBONES, IMAGE_SIZE, VARIANTS, Backbone, Preprocessing, Variant
from flowers.weights.folder import KERAS_WEIGHTS, check_file, read_config

HIDDEN_UNITS = 256
DROPOUT = 0.2


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


def build_base(
    backbone: Backbone, weights: str | None = None, image_size: int = IMAGE_SIZE
) -> keras.Model:
    """Build the base of a backbone, from uint8 photo [n, size, size, 3] to features [n, h, w, k].

    `weights`: None for random ones, "imagenet", or the path of a file that `base.save_weights` or
    `keras.applications` wrote. Raises OSError or ValueError when the file does not fit.
    """
    photo = keras.Input((image_size, image_size, 3), dtype="uint8", name="photo")
    pixels = Preprocess(backbone.preprocessing, name="preprocessing")(photo)
    builder = getattr(keras.applications, backbone.builder)
    base = builder(
        include_top=False,
        weights="imagenet" if weights == "imagenet" else None,
        input_tensor=pixels,
        input_shape=(image_size, image_size, 3),
    )
    if weights not in (None, "imagenet"):
        base.load_weights(weights)
    return base


@keras.saving.register_keras_serializable("flowers")
class Head(layers.Layer):
    """Dense(256, relu), Dropout(0.2), Dense(classes): pooled features [n, k] to logits [n, c]."""

    def __init__(self, classes: int, **kwargs):
        super().__init__(**kwargs)
        self.classes = classes
        self.hidden = layers.Dense(HIDDEN_UNITS, activation="relu", name="hidden")
        self.dropout = layers.Dropout(DROPOUT, name="dropout")
        self.logits = layers.Dense(classes, dtype="float32", name="logits")

    def build(self, input_shape):
        self.hidden.build(input_shape)
        self.logits.build((input_shape[0], HIDDEN_UNITS))
        super().build(input_shape)

    def call(self, pooled, training=None):
        return self.logits(self.dropout(self.hidden(pooled), training=training))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.classes)

    def get_config(self):
        return {**super().get_config(), "classes": self.classes}


class GradCam(layers.Layer):
    """Grad-CAM (Selvaraju et al. 2017) of every class, from features [n, h, w, k] to [n, h, w, c].

    Behind average pooling, Dense, relu and Dense the gradient of a logit has a closed form: it
    passes through the hidden units that are switched on and no others. So the map is
    relu(features @ W1 * (hidden > 0) @ W2), an ordinary output that needs no gradients. It is the
    map of the definition times h * w; maps are only ever read relative to their own maximum.
    """

    def __init__(self, head: Head, **kwargs):
        super().__init__(**kwargs)
        self.head = head

    def call(self, features, pooled):
        switched_on = ops.cast(self.head.hidden(pooled) > 0, features.dtype)
        projected = ops.matmul(features, ops.cast(self.head.hidden.kernel, features.dtype))
        masked = projected * ops.expand_dims(switched_on, (1, 2))
        weights = ops.cast(self.head.logits.kernel, features.dtype)
        return ops.cast(ops.relu(ops.matmul(masked, weights)), "float32")


@dataclass
class Network:
    """One backbone cut into a trunk and two tails. All parts share layers with one flat graph."""

    backbone: Backbone
    classes: list[str]
    trunk: keras.Model
    """Photo uint8[n, size, size, 3] to the list of tensors that cross the cut."""
    tails: dict[Variant, keras.Model]
    """Crossing tensors to features [n, h, w, k]."""
    heads: dict[Variant, Head]
    features: dict[Variant, keras.KerasTensor]
    """Ends of the tails in the flat graph."""

    def graph(self, variants: Iterable[Variant] = VARIANTS) -> keras.Model:
        """The flat graph: photo to `<variant>_probabilities` and `<variant>_focus`."""
        outputs = {}
        for variant in variants:
            features, head = self.features[variant], self.heads[variant]
            pooled = layers.GlobalAveragePooling2D(name=f"{variant}_pooling")(features)
            softmax = layers.Softmax(name=f"{variant}_softmax", dtype="float32")
            outputs[f"{variant}_probabilities"] = softmax(head(pooled))
            cam = GradCam(head, name=f"{variant}_grad_cam")
            outputs[f"{variant}_focus"] = cam(features, pooled)
        return keras.Model(self.trunk.inputs[0], outputs, name=self.backbone.key)


def build_network(
    backbone: Backbone,
    classes: list[str],
    base_weights: str | None = None,
    image_size: int = IMAGE_SIZE,
) -> Network:
    """Build trunk, tails and new heads on a base from `build_base`; see there for `base_weights`.

    The finetuned tail starts as a copy of the transfer tail, weights included.
    """
    base = build_base(backbone, base_weights, image_size)
    tail = base.layers[-backbone.tail :]
    crossing = crossing_tensors(tail)
    features: dict[Variant, keras.KerasTensor] = {
        "transfer": base.output,
        "finetuned": _copy_layers(tail, crossing, base.output),
    }
    heads: dict[Variant, Head] = {}
    for variant in VARIANTS:
        heads[variant] = Head(len(classes), name=f"{variant}_head")
        heads[variant].build((None, base.output.shape[-1]))
    base.trainable = False
    return Network(
        backbone,
        classes,
        trunk=keras.Model(base.inputs[0], crossing, name=f"{backbone.key}_trunk"),
        tails={v: keras.Model(crossing, features[v], name=f"{v}_tail") for v in VARIANTS},
        heads=heads,
        features=features,
    )


def crossing_tensors(tail: list[keras.Layer]) -> list[keras.KerasTensor]:
    """The tensors that the layers of `tail` take from the layers before them."""
    made = {id(tensor) for layer in tail for tensor in keras.tree.flatten(layer.output)}
    taken = {id(t): t for layer in tail for t in keras.tree.flatten(layer.input)}
    return [tensor for key, tensor in taken.items() if key not in made]


def _copy_layers(
    tail: list[keras.Layer], crossing: list[keras.KerasTensor], output: keras.KerasTensor
) -> keras.KerasTensor:
    """Repeat `tail` with new layers of equal weights on `crossing`; return the twin of `output`."""
    twins = {id(tensor): tensor for tensor in crossing}
    for layer in tail:
        copy = type(layer).from_config({**layer.get_config(), "name": f"finetuned_{layer.name}"})
        inputs = keras.tree.map_structure(lambda tensor: twins[id(tensor)], layer.input)
        twins[id(layer.output)] = copy(inputs)
        copy.set_weights(layer.get_weights())
    return twins[id(output)]


def load_graph(folder: Path) -> keras.Model:
    """The graph of a backbone's folder that holds Keras weights. Raises `WeightsError`."""
    config = read_config(folder)
    weights = check_file(folder, config, KERAS_WEIGHTS)
    network = build_network(BACKBONES[config.backbone], config.classes, None, config.image_size)
    graph = network.graph([variant for variant in VARIANTS if variant in config.variants])
    graph.load_weights(weights)
    return graph


def keras_probabilities(graph: keras.Model, photos: np.ndarray) -> dict[Variant, np.ndarray]:
    """What the graph says of uint8[n, size, size, 3]: float32[n, classes] per variant."""
    outputs = graph.predict(photos, batch_size=32, verbose=0)
    names = {variant: f"{variant}_probabilities" for variant in VARIANTS}
    return {variant: outputs[name] for variant, name in names.items() if name in outputs}


def multiply_adds(layers: Sequence[keras.Layer]) -> int:
    """Multiply-adds for one photo of the matrix products and convolutions in `layers`.

    Of layers that are used once each; normalization, activations and pooling are not counted.
    """
    return sum(_of_layer(layer) for layer in layers)


def _of_layer(layer: keras.Layer) -> int:
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return int(np.prod(layer.output.shape[1:]) * np.prod(layer.kernel_size))
    if isinstance(layer, keras.layers.Conv2D):
        return int(np.prod(layer.output.shape[1:3]) * np.prod(layer.kernel.shape))
    if isinstance(layer, keras.layers.Dense):
        return int(np.prod(layer.output.shape[1:-1]) * np.prod(layer.kernel.shape))
    if isinstance(layer, Head):
        return _of_head(layer)
    if isinstance(layer, GradCam):
        # The head's two products at every position, and its hidden units once more.
        positions = int(np.prod(layer.output.shape[1:3]))
        return positions * _of_head(layer.head) + int(np.prod(layer.head.hidden.kernel.shape))
    return 0


def _of_head(head: Head) -> int:
    return int(np.prod(head.hidden.kernel.shape) + np.prod(head.logits.kernel.shape))
