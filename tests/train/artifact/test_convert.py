"""The serving artifact says the same as the Keras graph it was made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from benchmarks.serving.make import level_out
from flowers.backbones import BACKBONES
from flowers.weights.folder import Precision
from tests.support.photos import COLOURS, draw_flower
from train.artifact.convert import artifacts
from train.artifact.half import halve_constants
from train.network.centroids import find_centroids
from train.network.graph import build_network
from train.network.layers import CENTROIDS
from train.network.neighbourhood import find_neighbourhoods

BACKGROUND = ["thistle", "tower"]
# What these leave out is quick elsewhere: the fits of the tests convert to float32 and eight bits,
# without background classes, and hold the artifact against Keras.
ARTIFACTS = [
    ("mobilenetv2", "int8", BACKGROUND),
    pytest.param("mobilenetv2", "float16", BACKGROUND, marks=pytest.mark.slow),
    # The branched InceptionV3 has six tensors across the cut; converting it takes half a minute.
    pytest.param("inceptionv3", "float16", BACKGROUND, marks=pytest.mark.slow),
    pytest.param("mobilenetv2", "int8", [], marks=pytest.mark.slow),
]
TOLERANCE = {"float32": 1e-3, "float16": 0.02, "int8": 0.1}


@cache
def graph_and_answers(
    key: str, size: int, background: tuple[str, ...]
) -> tuple[keras.Model, np.ndarray, dict[str, np.ndarray]]:
    """A graph of random weights, photos uint8[n, size, size, 3], and what it says of them."""
    keras.utils.set_random_seed(0)
    keras.backend.clear_session()
    network = build_network(
        BACKBONES[key], list(COLOURS), image_size=size, background=list(background)
    )
    graph = network.graph()
    photos = drawn(size)
    return graph, photos, graph.predict(photos, verbose=0)


def drawn(size: int) -> np.ndarray:
    """Eight flowers of each class, uint8[n, size, size, 3]."""
    rng = np.random.default_rng(0)
    return np.stack(
        [
            np.asarray(draw_flower(colour, rng).resize((size, size)))
            for colour in COLOURS.values()
            for _ in range(8)
        ]
    )


def compare(key: str, size: int, precision: Precision, background: Sequence[str] = ()) -> None:
    graph, photos, expected = graph_and_answers(key, size, tuple(background))
    artifact = next(artifacts(graph, precision, photos))
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


@dataclass(frozen=True)
class EightBits:
    """A network whose layers do not fade, as those of a trained one, and its artifact in int8.

    It tells known photos, every second one, from others in both ways that there are.
    """

    centroids: np.ndarray
    """float32[features, centroids]"""
    kernel: np.ndarray
    bias: np.ndarray
    """Of the neighbourhoods, float32[features, k] and float32[k]."""
    expected: dict[str, np.ndarray]
    """What Keras says of the photos, by output: also pooled features, logits and nearness."""
    found: dict[str, np.ndarray]
    """What the artifact says."""


@pytest.fixture(scope="module")
def eight_bits() -> EightBits:
    keras.utils.set_random_seed(0)
    keras.backend.clear_session()
    network = build_network(
        BACKBONES["mobilenetv2"], list(COLOURS), image_size=96, background=BACKGROUND
    )
    graph = network.graph(["transfer"])
    photos = drawn(96)
    level_out(graph, photos)
    pooled = np.asarray(network.tails["transfer"](network.trunk(photos))).mean(axis=(1, 2))
    centroids = in_sixteen_bits(find_centroids(pooled[::2], seed=0).T)
    network.nearest["transfer"].centroids.assign(centroids)
    labels = np.where(np.arange(len(photos)) % 2, len(COLOURS), 0)
    kernel, bias = find_neighbourhoods(pooled, labels, len(COLOURS), pooled[::2], seed=0)
    kernel = in_sixteen_bits(kernel)
    network.against["transfer"].set_weights([kernel, bias])
    pooling = graph.get_layer("transfer_pooling").output
    logits = graph.get_layer("transfer_head").output
    nearness = network.nearest["transfer"](pooling)
    outputs = {**graph.output, "pooled": pooling, "logits": logits, "nearness": nearness}
    graph = keras.Model(graph.inputs[0], outputs)
    artifact = next(artifacts(graph, "int8", photos))
    runner = Interpreter(model_content=artifact).get_signature_runner()
    rows = [runner(photo=photo[np.newaxis]) for photo in photos]
    found = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    return EightBits(centroids, kernel, bias, graph.predict(photos, verbose=0), found)


def in_sixteen_bits(values: np.ndarray) -> np.ndarray:
    """As an artifact stores them."""
    return values.astype(np.float16).astype(np.float32)


@pytest.mark.long
def test_nearness_to_centroids_survives_eight_bits(eight_bits: EightBits) -> None:
    expected, found = eight_bits.expected["nearness"], eight_bits.found
    np.testing.assert_allclose(expected[::2], 1, atol=1e-4)
    assert expected[1::2].max() < 0.99
    got = found["nearness"][:, 0]
    # The score is that of the features as the artifact has them, with nothing rounded.
    lengths = np.linalg.norm(found["pooled"], axis=1)
    nearest = (found["pooled"] @ eight_bits.centroids).max(axis=1) / lengths
    np.testing.assert_allclose(got, nearest, atol=1e-5)
    # The layers below are rounded, and random ones suffer more from it than trained ones. Still,
    # each known photo is nearer than the other one that was drawn after it.
    assert np.corrcoef(got, expected[:, 0])[0, 1] > 0.85
    assert (got[::2] > got[1::2]).all()


@pytest.mark.long
def test_the_odds_against_the_background_survive_eight_bits(eight_bits: EightBits) -> None:
    found = eight_bits.found
    # As worked out of features and logits as the artifact has them, with nothing rounded.
    lengths = np.linalg.norm(found["pooled"], axis=1, keepdims=True)
    near = found["pooled"] / lengths @ eight_bits.kernel + eight_bits.bias
    odds = _log_odds(near, CENTROIDS) + _log_odds(found["logits"], len(COLOURS))
    expected = np.exp(-np.logaddexp(0, -odds))
    np.testing.assert_allclose(found["transfer_known"][:, 0], expected, atol=1e-4)


def _log_odds(logits: np.ndarray, first: int) -> np.ndarray:
    sides = logits[:, :first], logits[:, first:]
    own, other = (np.logaddexp.reduce(side.astype(float), axis=1) for side in sides)
    return own - other


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


def features_of(artifact: bytes, photos: np.ndarray) -> np.ndarray:
    ask = Interpreter(model_content=artifact).get_signature_runner()
    return np.concatenate([ask(photo=photo[np.newaxis])["features"] for photo in photos])


def test_the_last_of_eight_bits_has_them_for_weights_alone() -> None:
    """Activations of one value far beyond all others leave no steps for these in eight bits."""
    keras.utils.set_random_seed(0)
    keras.backend.clear_session()
    photo = keras.Input((64, 64, 3), dtype="uint8", name="photo")
    x = keras.layers.Conv2D(32, 3, activation="relu")(keras.layers.Rescaling(1 / 255)(photo))
    spread = np.ones(32, np.float32)
    spread[0] = 1e4
    x = keras.layers.Rescaling(spread.tolist())(x)
    x = keras.layers.Rescaling((1 / spread).tolist())(x)
    x = keras.layers.Conv2D(256, 3)(x)
    pooled = keras.layers.GlobalAveragePooling2D()(x)
    graph = keras.Model(photo, {"features": pooled})
    photos = np.random.default_rng(0).integers(0, 256, (8, 64, 64, 3), dtype=np.uint8)
    expected = np.asarray(graph(photos)["features"])
    found = [features_of(made, photos) for made in artifacts(graph, "int8", photos)]
    errors = [np.linalg.norm(each - expected) / np.linalg.norm(expected) for each in found]
    assert errors[-1] < 0.02 < errors[0]


def test_large_constants_take_half_the_bytes_and_say_the_same() -> None:
    keras.utils.set_random_seed(0)
    keras.backend.clear_session()
    photo = keras.Input((64, 64, 3), dtype="uint8", name="photo")
    features = keras.layers.Conv2D(512, 3, activation="relu")(
        keras.layers.Rescaling(1 / 255)(photo)
    )
    pooled = keras.layers.GlobalAveragePooling2D()(features)
    graph = keras.Model(photo, {"features": pooled, "classes": keras.layers.Dense(256)(pooled)})
    whole = next(artifacts(graph, "float32", np.zeros((1, 64, 64, 3), np.uint8)))
    half = halve_constants(whole)
    assert len(half) < 0.55 * len(whole)

    noise = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3), dtype=np.uint8)
    expected, found = (
        Interpreter(model_content=content).get_signature_runner()(photo=noise)
        for content in (whole, half)
    )
    assert expected.keys() == found.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=0.02, atol=2e-3 * np.abs(values).max())
