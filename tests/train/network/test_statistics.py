"""Statistics of batch normalization are those of whole photos, not of training."""

import keras
import numpy as np

from train.network.statistics import WholePhotoStatistics, measure_statistics


def one_normalization() -> tuple[keras.Model, keras.layers.BatchNormalization]:
    """A network that normalizes the mean colour of a photo, and its normalization."""
    layer = keras.layers.BatchNormalization()
    photo = keras.Input((None, None, 3))
    normalized = layer(keras.layers.GlobalAveragePooling2D()(photo))
    logits = keras.layers.Dense(2)(normalized)
    return keras.Model(photo, logits), layer


def grey_photos(*levels: int) -> np.ndarray:
    """One photo for each level of grey, uint8[n, 4, 4, 3]."""
    return np.stack([np.full((4, 4, 3), level, np.uint8) for level in levels])


def test_running_statistics_are_the_plain_average_over_batches() -> None:
    model, layer = one_normalization()
    measure_statistics(model, grey_photos(10, 30, 100, 160), batch_size=2)
    # Batches (10, 30) and (100, 160): means 20 and 130, variances 100 and 900.
    np.testing.assert_allclose(np.asarray(layer.moving_mean), [75, 75, 75], rtol=1e-5)
    np.testing.assert_allclose(np.asarray(layer.moving_variance), [500, 500, 500], rtol=1e-5)
    assert layer.momentum == 0.99


def test_training_ends_with_the_statistics_of_whole_photos() -> None:
    model, layer = one_normalization()
    views, labels = grey_photos(200, 220, 240, 250), np.eye(2)[[0, 0, 1, 1]]
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=[keras.metrics.CategoricalAccuracy("accuracy")])
    statistics = WholePhotoStatistics(grey_photos(10, 30))
    model.fit(
        views, labels, validation_data=(views, labels), callbacks=[statistics], epochs=2, verbose=0
    )
    np.testing.assert_allclose(np.asarray(layer.moving_mean), [20, 20, 20], rtol=1e-5)
    np.testing.assert_allclose(np.asarray(layer.moving_variance), [100, 100, 100], rtol=1e-5)
