"""Training in bfloat16, which GPUs and some processors multiply several times faster."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras


def has_gpu() -> bool:
    """Whether Keras computes on a GPU."""
    backend = keras.backend.backend()
    if backend == "torch":  # For which Keras lists no devices.
        import torch

        return torch.cuda.is_available()
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
        keras.config.set_dtype_policy("mixed_bfloat16")
        try:
            yield
        finally:
            keras.config.set_dtype_policy(before)
    elif keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        option = "auto_mixed_precision_onednn_bfloat16"
        tf.config.optimizer.set_experimental_options({option: True})
        try:
            yield
        finally:
            tf.config.optimizer.set_experimental_options({option: False})
    else:
        yield
