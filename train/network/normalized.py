"""Batch normalization behind the convolutions of a network that has none, and folded away again.

VGG16 hardly trains from random weights without it (Simonyan and Zisserman 2015 needed stages of
growing depth; Ioffe and Szegedy 2015 give the normalization). In inference a normalization is a
scale and an offset per channel, so it folds into kernel and bias exactly.
"""

import keras
import numpy as np


def with_normalization(base: keras.Model) -> keras.Model:
    """A twin of `base` with a normalization between each convolution and its activation.

    The twin has layers of its own. `base` is a chain of layers, as VGG16 is.
    """
    x = base.inputs[0]
    for layer in base.layers[1:]:
        if isinstance(layer, keras.layers.Conv2D):
            activation = layer.activation
            config = {**layer.get_config(), "activation": None}
            x = keras.layers.Conv2D.from_config(config)(x)
            x = keras.layers.BatchNormalization(name=f"{layer.name}_normalization")(x)
            x = keras.layers.Activation(activation, name=f"{layer.name}_activation")(x)
        else:
            x = layer(x)
    return keras.Model(base.inputs, x, name=f"{base.name}_normalized")


def fold_normalization(normalized: keras.Model, base: keras.Model) -> None:
    """Set the weights of `base` so that it computes what its twin does in inference."""
    for layer in base.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel, bias = normalized.get_layer(layer.name).get_weights()
            norm = normalized.get_layer(f"{layer.name}_normalization")
            gamma, beta, mean, variance = norm.get_weights()
            scale = gamma / np.sqrt(variance + norm.epsilon)
            layer.set_weights([kernel * scale, (bias - mean) * scale + beta])
