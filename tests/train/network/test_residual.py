"""A residual network begins with its shortcuts alone."""

import keras
import numpy as np
import pytest

from flowers.backbones import BACKBONES
from train.network.graph import build_base
from train.network.residual import silence_branches

BRANCHES = {"resnet101": 33, "mobilenetv2": 10, "inceptionresnetv2": 0, "vgg16": 0}


@pytest.mark.parametrize("key", BRANCHES)
def test_every_branch_is_silenced_and_no_shortcut(key: str) -> None:
    base = build_base(BACKBONES[key], None, 96)
    assert silence_branches(base) == BRANCHES[key]
    sums = [layer for layer in base.layers if isinstance(layer, keras.layers.Add)]
    if not BRANCHES[key]:
        return
    # A sum is what its shortcut is, and that is not nothing.
    shortcut, branch = sums[-1].input
    photos = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3), dtype=np.uint8)
    seen = keras.Model(base.inputs, [shortcut, branch, sums[-1].output])(photos)
    one, nothing, total = (np.asarray(tensor) for tensor in seen)
    np.testing.assert_array_equal(nothing, np.zeros_like(nothing))
    np.testing.assert_array_equal(total, one)
    assert np.abs(one).max() > 0
