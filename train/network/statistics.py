"""The mean and variance that batch normalization uses once training is over."""

import math

import keras
import numpy as np


class WholePhotoStatistics(keras.callbacks.Callback):
    """Measures running statistics anew before every validation, on given photos.

    The moving averages of a training describe random views, mixed in pairs, of a network that still
    changes. An InceptionV3 lost more than thirty points of validation accuracy to that. The plain
    average over batches of whole photos has neither fault ("precise", Wu & Johnson 2021).
    Training itself uses the statistics of each batch, so it is not touched.
    """

    def __init__(self, photos: np.ndarray, batch_size: int = 64):
        """`photos`: uint8[n, size, size, 3], in random order, of the size of the validation."""
        super().__init__()
        self.photos, self.batch_size = photos, batch_size

    def on_test_begin(self, logs=None):
        """Measure; validation and whatever is saved after it use the result."""
        measure_statistics(self.model, self.photos, self.batch_size)


def measure_statistics(model: keras.Model, photos: np.ndarray, batch_size: int = 64) -> None:
    """Set all running statistics of `model` to their average over batches of photos.

    Photos are uint8[n, size, size, 3], in random order: a batch of one class is no sample.
    """
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    if not layers:
        return
    momenta = [layer.momentum for layer in layers]
    count = math.ceil(len(photos) / batch_size)
    for number, rows in enumerate(np.array_split(np.arange(len(photos)), count)):
        for layer in layers:
            layer.momentum = number / (number + 1)
        model(photos[rows], training=True)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
