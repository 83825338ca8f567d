"""How much work a network is: the multiply-adds of its layers."""

from collections.abc import Sequence

import keras
import numpy as np

from train.network.graph import GradCam, Head


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
