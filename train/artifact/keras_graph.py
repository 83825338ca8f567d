"""The float32 Keras graph of a finished backbone: what its artifact is measured against."""

from pathlib import Path

import keras
import numpy as np

from flowers.backbones import BACKBONES, VARIANTS
from flowers.weights.folder import KERAS_WEIGHTS, check_file, read_config
from train.evaluate import Probabilities
from train.network.graph import build_network


def load_graph(folder: Path) -> keras.Model:
    """The graph of a backbone's folder that holds Keras weights. Raises `WeightsError`."""
    config = read_config(folder)
    weights = check_file(folder, config, KERAS_WEIGHTS)
    network = build_network(BACKBONES[config.backbone], config.classes, None, config.image_size)
    graph = network.graph([variant for variant in VARIANTS if variant in config.variants])
    graph.load_weights(weights)
    return graph


def keras_probabilities(graph: keras.Model, photos: np.ndarray) -> Probabilities:
    """What the graph says of uint8[n, size, size, 3], not calibrated."""
    outputs = graph.predict(photos, batch_size=32, verbose=0)
    ending = "_probabilities"
    return {name.removesuffix(ending): p for name, p in outputs.items() if name.endswith(ending)}
