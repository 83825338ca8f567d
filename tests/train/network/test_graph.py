"""All six networks build, split at the cut and give the same as their flat graph."""

import keras
import numpy as np
import pytest

from flowers.backbones import BACKBONES, VARIANTS, Backbone
from train.network.graph import Network, Preprocess, build_network

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


@pytest.fixture(scope="module", params=list(BACKBONES))
def network(request: pytest.FixtureRequest) -> Network:
    keras.backend.clear_session()
    return build_network(BACKBONES[request.param], CLASSES)


def test_every_network_splits_into_a_trunk_and_two_tails(network: Network) -> None:
    key = network.backbone.key
    shapes = [tuple(tensor.shape[1:]) for tensor in network.trunk.outputs]
    assert len(shapes) == CUTS[key] if isinstance(CUTS[key], int) else shapes == CUTS[key]

    graph = network.graph()
    photo = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3), dtype=np.uint8)
    outputs = graph(photo)
    crossing = network.trunk(photo)
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


def test_grad_cam_equals_the_gradient() -> None:
    """The closed form against TensorFlow's own gradient of a logit by the features."""
    import tensorflow as tf

    network = build_network(BACKBONES["mobilenetv2"], CLASSES, image_size=96)
    graph = network.graph()
    photo = np.random.default_rng(1).integers(0, 256, (1, 96, 96, 3), dtype=np.uint8)
    focus = graph(photo)["transfer_focus"].numpy()[0]
    features = network.tails["transfer"](network.trunk(photo))
    for i in range(len(CLASSES)):
        with tf.GradientTape() as tape:
            tape.watch(features)
            logit = network.heads["transfer"](tf.reduce_mean(features, axis=(1, 2)))[0, i]
        gradient = tape.gradient(logit, features)
        alpha = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)
        cam = tf.nn.relu(tf.reduce_sum(alpha * features, axis=-1))[0].numpy()
        positions = features.shape[1] * features.shape[2]
        np.testing.assert_allclose(focus[..., i], cam * positions, rtol=1e-3, atol=1e-5)


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


def test_weights_survive_saving(tmp_path) -> None:
    first = build_network(BACKBONES["mobilenetv2"], CLASSES, image_size=96).graph()
    first.save_weights(tmp_path / "model.weights.h5")
    second = build_network(BACKBONES["mobilenetv2"], CLASSES, image_size=96).graph()
    second.load_weights(tmp_path / "model.weights.h5")
    photo = np.random.default_rng(3).integers(0, 256, (2, 96, 96, 3), dtype=np.uint8)
    for name, values in first(photo).items():
        np.testing.assert_array_equal(values, second(photo)[name])
