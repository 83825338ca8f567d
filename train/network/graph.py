"""Trunk, tails, heads, preprocessing and focus maps: one backbone as one flat Keras graph.

    photo uint8 -> preprocessing -> trunk -+-> tail (as given) -> pooling -> head -> transfer
                                           +-> tail (a copy)   -> pooling -> head -> finetuned

Whether a photo shows one of the classes at all is an output of the same graph. With background
classes both the head and the neighbourhood of the pooled features tell classes from background;
without, it is how near the features come to those of training photos.

The graph is flat, since Keras finds no path through nested models when asked for a layer within.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
from keras import layers, ops

from flowers.backbones import (
    BACKBONES,
    FOCUS,
    IMAGE_SIZE,
    KNOWN,
    PROBABILITIES,
    VARIANTS,
    Backbone,
    Variant,
)
from flowers.weights.folder import KERAS_WEIGHTS, check_file, read_config
from train.network.layers import AgainstBackground, GradCam, Head, Nearest, Preprocess


def build_base(
    backbone: Backbone, weights: str | None = None, image_size: int = IMAGE_SIZE
) -> keras.Model:
    """Build the base of a backbone, from uint8 photo [n, size, size, 3] to features [n, h, w, k].

    `weights`: None for random ones, "imagenet", or the path of a file that `base.save_weights` or
    `keras.applications` wrote, or of the Keras weights in a backbone's folder. Raises OSError or
    ValueError when the file does not fit.
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
    if weights is not None and Path(weights).name == KERAS_WEIGHTS:
        network, _ = load_network(Path(weights).parent)
        tail = network.features["transfer"]
        base.set_weights(keras.Model(network.trunk.inputs, tail).get_weights())
    elif weights not in (None, "imagenet"):
        base.load_weights(weights)
    return base


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
    nearest: dict[Variant, Nearest]
    """Of use without background classes."""
    against: dict[Variant, AgainstBackground]
    """With them."""
    background: list[str]
    """Names of the background classes, whose logits come after those of the classes."""

    @property
    def outputs(self) -> int:
        """Number of classes and background classes."""
        return len(self.classes) + len(self.background)

    def graph(
        self,
        variants: Iterable[Variant] = VARIANTS,
        refuses: bool = True,
        neighbourhood: bool = True,
    ) -> keras.Model:
        """The flat graph: photo to the outputs of each variant that `flowers.backbones` names.

        Probabilities are those of the classes, whatever background classes there are. Weights of
        before there was a `known` output fit the graph that has none, without `refuses`; those of
        before it counted the neighbourhood, beside background classes, the one without that.
        """
        outputs = {}
        for variant in variants:
            features, head = self.features[variant], self.heads[variant]
            pooled = layers.GlobalAveragePooling2D(name=f"{variant}_pooling")(features)
            logits = head(pooled)
            classes = logits[:, : len(self.classes)] if self.background else logits
            softmax = layers.Softmax(name=f"{variant}_softmax", dtype="float32")
            outputs[PROBABILITIES.format(variant=variant)] = softmax(classes)
            cam = GradCam(head, len(self.classes), name=f"{variant}_grad_cam")
            outputs[FOCUS.format(variant=variant)] = cam(features, pooled)
            if refuses:
                known = KNOWN.format(variant=variant)
                outputs[known] = self._known(variant, pooled, logits, neighbourhood)
        return keras.Model(self.trunk.inputs[0], outputs, name=self.backbone.key)

    def _known(self, variant: Variant, pooled, logits, neighbourhood: bool):
        """The score that a photo shows one of the classes, [n, 1]."""
        if not self.background:
            return self.nearest[variant](pooled)
        if neighbourhood:
            return self.against[variant](pooled, logits)
        all_of_them = layers.Softmax(name=f"{variant}_softmax_of_all", dtype="float32")(logits)
        return ops.sum(all_of_them[:, : len(self.classes)], axis=-1, keepdims=True)

    def load(self, weights: Path, variants: Iterable[Variant], refuses: bool) -> keras.Model:
        """The graph that a file of weights fits, with them. Raises OSError or ValueError."""
        with h5py.File(weights) as file:
            neighbourhood = "against_background" in file["layers"]
        graph = self.graph(variants, refuses, neighbourhood)
        graph.load_weights(weights)
        return graph


def build_network(
    backbone: Backbone,
    classes: list[str],
    base_weights: str | None = None,
    image_size: int = IMAGE_SIZE,
    background: Sequence[str] = (),
) -> Network:
    """Build trunk, tails and new heads on a base from `build_base`; see there for `base_weights`.

    The finetuned tail starts as a copy of the transfer tail, weights included. Heads have outputs
    for `classes` and for `background` classes.
    """
    base = build_base(backbone, base_weights, image_size)
    tail = base.layers[-backbone.tail :]
    crossing = crossing_tensors(tail)
    features: dict[Variant, keras.KerasTensor] = {
        "transfer": base.output,
        "finetuned": _copy_layers(tail, crossing, base.output),
    }
    heads: dict[Variant, Head] = {}
    nearest: dict[Variant, Nearest] = {}
    against: dict[Variant, AgainstBackground] = {}
    for variant in VARIANTS:
        heads[variant] = Head(len(classes) + len(background), name=f"{variant}_head")
        heads[variant].build((None, base.output.shape[-1]))
        nearest[variant] = Nearest(name=f"{variant}_nearest")
        nearest[variant].build((None, base.output.shape[-1]))
        against[variant] = AgainstBackground(len(classes), name=f"{variant}_against_background")
        against[variant].build((None, base.output.shape[-1]), (None, heads[variant].outputs))
    base.trainable = False
    return Network(
        backbone,
        classes,
        trunk=keras.Model(base.inputs[0], crossing, name=f"{backbone.key}_trunk"),
        tails={v: keras.Model(crossing, features[v], name=f"{v}_tail") for v in VARIANTS},
        heads=heads,
        features=features,
        nearest=nearest,
        against=against,
        background=list(background),
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


def load_graph(folder: Path, image_size: int | None = None) -> keras.Model:
    """The graph of a backbone's folder that holds Keras weights, for photos of a size.

    Without `image_size` it is the one it was trained for. Raises `WeightsError`.
    """
    return load_network(folder, image_size)[1]


def load_network(folder: Path, image_size: int | None = None) -> tuple[Network, keras.Model]:
    """The parts of `load_graph`, and their graph. Raises `WeightsError`."""
    config = read_config(folder)
    weights = check_file(folder, config, KERAS_WEIGHTS)
    variants = [variant for variant in VARIANTS if variant in config.variants]
    refusal = config.variants[variants[0]].refusal
    network = build_network(
        BACKBONES[config.backbone],
        config.classes,
        image_size=image_size or config.image_size,
        background=refusal.background if refusal else (),
    )
    return network, network.load(weights, variants, refuses=refusal is not None)


def keras_probabilities(graph: keras.Model, photos: np.ndarray) -> dict[Variant, np.ndarray]:
    """What the graph says of uint8[n, size, size, 3]: float32[n, classes] per variant."""
    return probabilities_in(graph.predict(photos, batch_size=32, verbose=0))


def probabilities_in(outputs: Mapping[str, Any]) -> dict[Variant, Any]:
    """What the outputs of a graph say, [n, classes] of each variant that it has."""
    names = {variant: PROBABILITIES.format(variant=variant) for variant in VARIANTS}
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
