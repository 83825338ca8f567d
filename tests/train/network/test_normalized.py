"""Batch normalization put into VGG16 for its pretraining, and folded away again."""

import keras
import numpy as np
import pytest

from flowers.backbones import BACKBONES
from train.network.graph import build_base, build_network
from train.network.normalized import fold_normalization, with_normalization
from train.recipe import Recipe


def test_folding_changes_nothing_in_what_the_network_computes() -> None:
    base = build_base(BACKBONES["vgg16"], None, 64)
    normalized = with_normalization(base)
    rng = np.random.default_rng(0)
    for layer in normalized.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            channels = layer.gamma.shape[0]
            layer.set_weights(
                [
                    *(rng.uniform(0.5, 2, channels), rng.normal(0, 1, channels)),  # Scale, offset.
                    *(rng.normal(0, 0.1, channels), rng.uniform(0.5, 2, channels)),  # Statistics.
                ]
            )
    photos = rng.integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    expected = normalized(photos, training=False).numpy()
    assert not np.allclose(base(photos).numpy(), expected, rtol=1e-3)

    fold_normalization(normalized, base)
    np.testing.assert_allclose(
        base(photos).numpy(), expected, rtol=1e-3, atol=1e-3 * expected.max()
    )


@pytest.mark.parametrize("key", BACKBONES)
def test_a_tail_without_normalization_is_trained_with_smaller_steps(key: str) -> None:
    backbone = BACKBONES[key]
    tail = build_network(backbone, ["a", "b"], None, 96).tails["finetuned"]
    kinds = {type(layer) for layer in tail.layers}
    assert backbone.normalized == (keras.layers.BatchNormalization in kinds)
    rate = Recipe().tail_rate(backbone.normalized)
    expected = 0.1 if key == "vgg16" else 1.0
    assert rate == pytest.approx(expected * Recipe().tail_learning_rate)
