"""Training in bfloat16, which GPUs and some processors multiply several times faster."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import keras

from train.network.layers import Preprocess

MIXED = "mixed_bfloat16"
"""Keras's policy: layers compute in bfloat16, variables and their updates stay float32."""


def has_gpu() -> bool:
    """Whether Keras computes on a GPU."""
    backend = keras.backend.backend()
    if backend == "torch":  # For which Keras lists no devices.
        import torch

        return torch.cuda.is_available()
    if backend == "jax":  # Which raises an error when asked for devices of a kind that is missing.
        import jax

        return jax.default_backend() == "gpu"
    return bool(keras.distribution.list_devices("gpu"))


@contextmanager
def mixed_bfloat16(wanted: bool = True) -> Iterator[None]:
    """Build and train in bfloat16 inside, if wanted and of use; variables stay float32.

    On a GPU that is Keras's policy. On a CPU only TensorFlow gains: its graph optimizer casts
    convolutions and matrix products where the processor multiplies bfloat16, and nothing elsewhere.
    """
    if not wanted:
        yield
    elif has_gpu():
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(MIXED)
        try:
            yield
        finally:
            keras.config.set_dtype_policy(before)
    else:
        with _graph_optimizer():
            yield


@contextmanager
def mixed_layers(layers: Iterable[keras.Layer], wanted: bool = True) -> Iterator[None]:
    """Train layers that are built already in bfloat16 inside, if wanted, as `mixed_bfloat16` does.

    After it they compute as before, so nothing that is exported of them is in bfloat16.
    Preprocessing and logits stay float32 inside, too.
    """
    if wanted and not has_gpu():
        with _graph_optimizer():
            yield
        return
    chosen = [layer for layer in with_inner(layers) if wanted and _may_change(layer)]
    before = [layer.dtype_policy for layer in chosen]
    try:
        for layer in chosen:
            layer.dtype_policy = MIXED
        yield
    finally:
        for layer, policy in zip(chosen, before, strict=True):
            layer.dtype_policy = policy


def with_inner(layers: Iterable[keras.Layer]) -> list[keras.Layer]:
    """The layers and those within them, each once.

    Those of a model, and those that a layer of this project keeps as attributes.
    """
    found: dict[int, keras.Layer] = {}
    waiting = list(layers)
    while waiting:
        layer = waiting.pop()
        if id(layer) not in found:
            found[id(layer)] = layer
            waiting += getattr(layer, "layers", [])
            waiting += [part for part in vars(layer).values() if isinstance(part, keras.Layer)]
    return list(found.values())


def _may_change(layer: keras.Layer) -> bool:
    return not isinstance(layer, (keras.layers.InputLayer, Preprocess)) and layer.name != "logits"


@contextmanager
def _graph_optimizer() -> Iterator[None]:
    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf

    option = "auto_mixed_precision_onednn_bfloat16"
    tf.config.optimizer.set_experimental_options({option: True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({option: False})
