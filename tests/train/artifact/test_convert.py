"""The serving artifact says the same as the Keras graph it was made from."""

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from flowers.backbones import BACKBONES
from flowers.weights.folder import Precision
from tests.support.photos import COLOURS, draw_flower
from train.artifact.convert import artifacts
from train.network.graph import build_network

# The branched InceptionV3 has six tensors across the cut; 139 pixels are not needed, 96 suffice.
QUICK = [
    ("mobilenetv2", 96, "float32"),
    ("mobilenetv2", 96, "int8"),
    ("inceptionv3", 96, "float16"),
]
TOLERANCE = {"float32": 1e-3, "float16": 0.02, "int8": 0.1}


def compare(key: str, size: int, precision: Precision) -> None:
    keras.utils.set_random_seed(0)
    keras.backend.clear_session()
    graph = build_network(BACKBONES[key], list(COLOURS), image_size=size).graph()
    rng = np.random.default_rng(0)
    photos = np.stack(
        [
            np.asarray(draw_flower(colour, rng).resize((size, size)))
            for colour in COLOURS.values()
            for _ in range(8)
        ]
    )
    artifact = next(artifacts(graph, precision, photos))
    expected = graph.predict(photos, verbose=0)
    runner = Interpreter(model_content=artifact).get_signature_runner()
    rows = [runner(photo=photo[np.newaxis]) for photo in photos]
    for name, values in expected.items():
        got = np.concatenate([row[name] for row in rows])
        assert got.shape == values.shape
        assert got.dtype == np.float32
        if name.endswith("_probabilities"):
            np.testing.assert_allclose(got.sum(axis=1), 1, atol=1e-3)
            np.testing.assert_allclose(got, values, atol=TOLERANCE[precision])
        else:
            error = np.linalg.norm(got - values) / max(np.linalg.norm(values), 1e-6)
            assert error < 5 * TOLERANCE[precision]


@pytest.mark.parametrize(("key", "size", "precision"), QUICK)
def test_artifact_agrees_with_keras(key: str, size: int, precision: Precision) -> None:
    compare(key, size, precision)


@pytest.mark.slow
@pytest.mark.parametrize("key", BACKBONES)
def test_every_artifact_agrees_with_keras(key: str) -> None:
    compare(key, 224, "float32")


# Eight bits need activations of like size in every layer, which random weights give these three
# networks only: VGG16 fades, InceptionV3 and ResNet101 blow up. With trained weights `fit` checks
# every artifact on the validation part (`train/artifact/precision.py`).
@pytest.mark.slow
@pytest.mark.parametrize("key", ["inceptionresnetv2", "densenet121", "mobilenetv2"])
def test_int8_artifacts_agree_with_keras(key: str) -> None:
    compare(key, 224, "int8")
