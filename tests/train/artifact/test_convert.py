"""The serving artifact says the same as the Keras graph it was made from."""

from collections.abc import Sequence

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from benchmarks.serving.make import level_out
from flowers.backbones import BACKBONES
from flowers.weights.folder import Precision
from tests.support.photos import COLOURS, draw_flower
from train.artifact.convert import artifacts
from train.network.graph import build_network
from train.network.tails import find_centroids

BACKGROUND = ["thistle", "tower"]
# What these leave out is quick elsewhere: the fits of the tests convert to float32 and eight bits,
# without background classes, and hold the artifact against Keras.
ARTIFACTS = [
    ("mobilenetv2", "float16", BACKGROUND),
    ("mobilenetv2", "int8", BACKGROUND),
    # The branched InceptionV3 has six tensors across the cut; converting it takes half a minute.
    pytest.param("inceptionv3", "float16", BACKGROUND, marks=pytest.mark.slow),
    pytest.param("mobilenetv2", "int8", [], marks=pytest.mark.slow),
]
TOLERANCE = {"float32": 1e-3, "float16": 0.02, "int8": 0.1}


def compare(key: str, size: int, precision: Precision, background: Sequence[str] = ()) -> None:
    keras.utils.set_random_seed(0)
    keras.backend.clear_session()
    network = build_network(
        BACKBONES[key], list(COLOURS), image_size=size, background=list(background)
    )
    graph = network.graph()
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
        elif name.endswith("_known"):
            # Of random weights, pooled features fade below eight bits: see the test of nearness.
            if background or precision != "int8":
                np.testing.assert_allclose(got, values, atol=TOLERANCE[precision])
        else:
            error = np.linalg.norm(got - values) / max(np.linalg.norm(values), 1e-6)
            assert error < 5 * TOLERANCE[precision]


@pytest.mark.parametrize(("key", "precision", "background"), ARTIFACTS)
def test_artifact_agrees_with_keras(key: str, precision: Precision, background: list[str]) -> None:
    compare(key, 96, precision, background)


def test_nearness_to_centroids_survives_eight_bits() -> None:
    """Features are those of a network whose layers do not fade, as of one that is trained."""
    keras.utils.set_random_seed(0)
    keras.backend.clear_session()
    network = build_network(BACKBONES["mobilenetv2"], list(COLOURS), image_size=96)
    graph = network.graph(["transfer"])
    rng = np.random.default_rng(0)
    photos = np.stack(
        [
            np.asarray(draw_flower(colour, rng).resize((96, 96)))
            for colour in COLOURS.values()
            for _ in range(8)
        ]
    )
    level_out(graph, photos)
    pooled = np.asarray(network.tails["transfer"](network.trunk(photos))).mean(axis=(1, 2))
    centroids = find_centroids(pooled[::2], seed=0).T
    network.nearest["transfer"].centroids.assign(centroids)
    pooling = graph.get_layer("transfer_pooling").output
    graph = keras.Model(graph.inputs[0], {**graph.output, "pooled": pooling})
    expected = graph.predict(photos, verbose=0)["transfer_known"]
    np.testing.assert_allclose(expected[::2], 1, atol=1e-4)
    assert expected[1::2].max() < 0.99
    artifact = next(artifacts(graph, "int8", photos))
    runner = Interpreter(model_content=artifact).get_signature_runner()
    rows = [runner(photo=photo[np.newaxis]) for photo in photos]
    got = np.concatenate([row["transfer_known"] for row in rows])[:, 0]
    # The score is that of the features as the artifact has them, with nothing rounded.
    pooled = np.concatenate([row["pooled"] for row in rows])
    lengths = np.linalg.norm(pooled, axis=1)
    np.testing.assert_allclose(got, (pooled @ centroids).max(axis=1) / lengths, atol=1e-5)
    # The layers below are rounded, and random ones suffer more from it than trained ones. Still,
    # each known photo is nearer than the other one that was drawn after it.
    assert np.corrcoef(got, expected[:, 0])[0, 1] > 0.85
    assert (got[::2] > got[1::2]).all()


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
