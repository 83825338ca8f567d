"""Multiply-adds agree with the figures that the papers and others give."""

import keras
import pytest

from flowers.backbones import BACKBONES
from train.network.graph import build_base, build_network, multiply_adds


# VGG16 as counted by many, without its fully connected layers; MobileNetV2 by its paper (Sandler
# et al. 2018), 300 million with the classifier's 1.3.
@pytest.mark.parametrize(("key", "billions"), [("vgg16", 15.35), ("mobilenetv2", 0.30)])
def test_known_figures(key: str, billions: float) -> None:
    keras.backend.clear_session()
    base = build_base(BACKBONES[key])
    assert multiply_adds(base.layers) == pytest.approx(billions * 1e9, rel=0.01)


def test_heads_and_focus_maps_count() -> None:
    keras.backend.clear_session()
    network = build_network(BACKBONES["mobilenetv2"], ["a", "b", "c"], image_size=96)
    graph = network.graph(["transfer"])
    base = multiply_adds([*network.trunk.layers, *network.tails["transfer"].layers])
    head = 1280 * 256 + 256 * 3
    focus = 3 * 3 * head + 1280 * 256
    assert multiply_adds(graph.layers) == base + head + focus
