"""All six networks build, split at the cut and give the same as their flat graph."""

import keras
import numpy as np
import pytest

from flowers.backbones import BACKBONES, VARIANTS, Backbone
from train.network.centroids import find_centroids
from train.network.graph import Network, build_network
from train.network.layers import CENTROIDS, Preprocess
from train.network.tails import ClassAccuracy

CLASSES = ["daisy", "rose", "tulip"]

# Layers and crossing tensors at 224 pixels, as counted in keras.applications 3.15.
CUTS = {
    "vgg16": [(112, 112, 64)],
    "inceptionv3": 6,
    "inceptionresnetv2": 2,
    "densenet121": [(7, 7, 960), (7, 7, 960)],
    "mobilenetv2": [(7, 7, 960), (7, 7, 160)],
    "resnet101": 2,
}


LARGEST = "inceptionresnetv2"
EACH = [pytest.param(key, marks=[pytest.mark.long] * (key == LARGEST)) for key in BACKBONES]


@pytest.fixture(scope="module", params=EACH)
def network(request: pytest.FixtureRequest) -> Network:
    keras.backend.clear_session()
    return build_network(BACKBONES[request.param], CLASSES)


def test_every_network_splits_into_a_trunk_and_two_tails(network: Network) -> None:
    key = network.backbone.key
    shapes = [tuple(tensor.shape[1:]) for tensor in network.trunk.outputs]
    assert len(shapes) == CUTS[key] if isinstance(CUTS[key], int) else shapes == CUTS[key]

    graph = network.graph()
    photo = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3), dtype=np.uint8)
    outputs, crossing = keras.Model(graph.inputs[0], [graph.output, network.trunk.outputs])(photo)
    for variant in VARIANTS:
        features = network.tails[variant](crossing)
        logits = network.heads[variant](keras.ops.mean(features, axis=(1, 2)))
        expected = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
        got = keras.ops.convert_to_numpy(outputs[f"{variant}_probabilities"])
        np.testing.assert_allclose(got, expected, atol=1e-5)
        assert got.shape == (1, len(CLASSES))
        focus = keras.ops.convert_to_numpy(outputs[f"{variant}_focus"])
        assert focus.shape == (1, *features.shape[1:3], len(CLASSES))
        assert (focus >= 0).all()

    # Only the copied tail and the heads are trained; the transfer tail stays as it came.
    trained = {id(weight) for weight in graph.trainable_weights}
    allowed = [*network.tails["finetuned"].weights]
    for head in network.heads.values():
        allowed += head.weights
    assert trained <= {id(weight) for weight in allowed}
    assert trained & {id(weight) for weight in network.tails["finetuned"].weights}
    assert not network.tails["transfer"].trainable_weights


QUICK = "mobilenetv2"
SLOW = [pytest.param(key, marks=pytest.mark.slow) for key in BACKBONES if key != QUICK]


@pytest.mark.parametrize("key", [QUICK, *SLOW])
def test_grad_cam_equals_the_gradient(key: str) -> None:
    """The closed form against TensorFlow's own gradient of a logit by the features."""
    import tensorflow as tf

    keras.backend.clear_session()
    network = build_network(BACKBONES[key], CLASSES, image_size=96, background=["thistle"])
    graph = network.graph()
    photo = np.random.default_rng(1).integers(0, 256, (1, 96, 96, 3), dtype=np.uint8)
    outputs, crossing = keras.Model(graph.inputs[0], [graph.output, network.trunk.outputs])(photo)
    for variant in VARIANTS:
        focus = outputs[f"{variant}_focus"].numpy()[0]
        assert focus.shape[-1] == len(CLASSES)
        features = network.tails[variant](crossing)
        positions = features.shape[1] * features.shape[2]
        for i in range(len(CLASSES)):
            with tf.GradientTape() as tape:
                tape.watch(features)
                logit = network.heads[variant](tf.reduce_mean(features, axis=(1, 2)))[0, i]
            gradient = tape.gradient(logit, features)
            alpha = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)
            cam = tf.nn.relu(tf.reduce_sum(alpha * features, axis=-1))[0].numpy() * positions
            # Random weights fade or grow: what is off is told by the size of the map.
            off = 1e-4 * max(float(cam.max()), 1e-30)
            np.testing.assert_allclose(focus[..., i], cam, rtol=1e-3, atol=off)


@pytest.mark.parametrize("backbone", BACKBONES.values(), ids=BACKBONES)
def test_preprocessing_is_that_of_keras_applications(backbone: Backbone) -> None:
    module = {
        "vgg16": keras.applications.vgg16,
        "inceptionv3": keras.applications.inception_v3,
        "inceptionresnetv2": keras.applications.inception_resnet_v2,
        "densenet121": keras.applications.densenet,
        "mobilenetv2": keras.applications.mobilenet_v2,
        "resnet101": keras.applications.resnet,
    }[backbone.key]
    photo = np.random.default_rng(2).integers(0, 256, (1, 8, 8, 3), dtype=np.uint8)
    expected = module.preprocess_input(photo.astype(np.float32))
    got = keras.ops.convert_to_numpy(Preprocess(backbone.preprocessing)(photo))
    np.testing.assert_allclose(got, expected, atol=1e-4)


def test_weights_survive_saving_also_those_of_before_there_was_a_known_output(tmp_path) -> None:
    first, second = (build_network(BACKBONES["mobilenetv2"], CLASSES, None, 96) for _ in range(2))
    photo = np.random.default_rng(3).integers(0, 256, (2, 96, 96, 3), dtype=np.uint8)
    for refuses in (True, False):
        made, loaded = first.graph(refuses=refuses), second.graph(refuses=refuses)
        assert any(name.endswith("known") for name in made.output) is refuses
        made.save_weights(tmp_path / "model.weights.h5")
        loaded.set_weights([0 * values for values in loaded.get_weights()])
        loaded.load_weights(tmp_path / "model.weights.h5")
        for one, other in zip(made.get_weights(), loaded.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
        expected, found = made(photo), loaded(photo)
        for name, values in expected.items():
            np.testing.assert_array_equal(values, found[name])


def test_with_background_classes_known_is_the_odds_of_head_and_neighbourhood(tmp_path) -> None:
    keras.backend.clear_session()
    others = ["thistle", "tower"]
    network = build_network(BACKBONES["mobilenetv2"], CLASSES, image_size=96, background=others)
    photo = np.random.default_rng(4).integers(0, 256, (2, 96, 96, 3), dtype=np.uint8)
    pooled = np.asarray(network.tails["finetuned"](network.trunk(photo))).mean(axis=(1, 2))
    logits = np.asarray(network.heads["finetuned"](pooled))
    assert logits.shape == (2, 5)
    every = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    of_head = every[:, :3].sum(axis=1, keepdims=True)
    graph = network.graph()
    outputs = {k: np.asarray(v) for k, v in graph(photo).items()}
    shares = every[:, :3] / of_head
    np.testing.assert_allclose(outputs["finetuned_probabilities"], shares, atol=1e-5)
    assert outputs["finetuned_focus"].shape == (2, 3, 3, 3)
    # A neighbourhood that says nothing leaves the head's own.
    np.testing.assert_allclose(outputs["finetuned_known"], of_head, atol=1e-4)

    # The first photo lies among those of the classes, and the second among the background.
    unit = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
    kernel = np.repeat(40 * unit, CENTROIDS, axis=0)
    layer = network.against["finetuned"]
    layer.set_weights([np.append(kernel, 0 * kernel[:1], axis=0).T, layer.get_weights()[1]])
    cosine = unit[0] @ unit[1]
    odds = np.exp(40 * (1 - cosine) * np.array([[1], [-1]])) * of_head / (1 - of_head)
    known = np.asarray(graph(photo)["finetuned_known"])
    np.testing.assert_allclose(known, odds / (1 + odds), atol=1e-4)
    assert known[0, 0] > of_head[0, 0]
    assert known[1, 0] < of_head[1, 0]

    # What is like nothing in training is none of the classes.
    bias = np.append(np.zeros(2 * CENTROIDS), 100.0)
    layer.set_weights([layer.get_weights()[0], bias])
    assert np.asarray(graph(photo)["finetuned_known"]).max() < 1e-6

    # Weights of before there was a neighbourhood make the graph without one, others that with it.
    for neighbourhood in (False, True):
        made = network.graph(neighbourhood=neighbourhood)
        made.save_weights(tmp_path / "model.weights.h5")
        loaded = network.load(tmp_path / "model.weights.h5", VARIANTS, refuses=True)
        assert len(loaded.weights) == len(made.weights)
        known = np.asarray(loaded(photo)["finetuned_known"])
        np.testing.assert_allclose(known, 0 if neighbourhood else of_head, atol=1e-4)


def test_without_them_known_is_the_cosine_to_the_nearest_centroid() -> None:
    keras.backend.clear_session()
    network = build_network(BACKBONES["mobilenetv2"], CLASSES, image_size=96)
    photo = np.random.default_rng(5).integers(0, 256, (2, 96, 96, 3), dtype=np.uint8)
    pooled = np.asarray(network.tails["transfer"](network.trunk(photo))).mean(axis=(1, 2))
    graph = network.graph(["transfer"])
    lengths = np.linalg.norm(pooled, axis=1)
    centroids = np.zeros((CENTROIDS, pooled.shape[1]), dtype=np.float32)
    centroids[0, 0] = centroids[1, 5] = 1
    network.nearest["transfer"].centroids.assign(centroids.T)
    known = np.asarray(graph(photo)["transfer_known"])[:, 0]
    np.testing.assert_allclose(known, pooled[:, [0, 5]].max(axis=1) / lengths, atol=1e-4)
    centroids[2] = pooled[1] / lengths[1]
    network.nearest["transfer"].centroids.assign(centroids.T)
    assert np.asarray(graph(photo)["transfer_known"])[1, 0] == pytest.approx(1, abs=1e-4)


def test_centroids_are_where_the_photos_are() -> None:
    rng = np.random.default_rng(0)
    middles = rng.normal(size=(5, 8))
    points = np.repeat(middles, 200, axis=0) * rng.uniform(1, 3, (1000, 1))
    found = find_centroids(points.astype(np.float32), seed=0)
    assert found.shape == (CENTROIDS, 8)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-4)
    wanted = middles / np.linalg.norm(middles, axis=1, keepdims=True)
    np.testing.assert_allclose((wanted @ found.T).max(axis=1), 1, atol=1e-4)
    few = find_centroids(points[:3].astype(np.float32), seed=0)
    assert few.shape == (CENTROIDS, 8)
    assert len(np.unique(few.round(4), axis=0)) <= 3


def test_accuracy_is_over_photos_of_the_classes_among_the_classes() -> None:
    metric = ClassAccuracy(2)
    labels = np.eye(3, dtype=np.float32)[[0, 1, 1, 2]]  # The last one is of a background class.
    logits = np.array([[1, 0, 9], [0, 1, 0], [1, 0, 0], [0, 0, 9]], dtype=float)
    metric.update_state(labels, logits)
    assert float(metric.result()) == pytest.approx(2 / 3)
