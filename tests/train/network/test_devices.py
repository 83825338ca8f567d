"""Training on two devices is training on one: the same losses and weights, but for rounding."""

import json
import subprocess
import sys

import pytest

from tests.support import ROOT

pytestmark = pytest.mark.long

PROGRAM = """
import json, sys, tempfile
from pathlib import Path
import numpy as np
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})  # For few steps.
import keras
from flowers.backbones import BACKBONES, VARIANTS
from flowers.errors import UserError
from train.network.features import Features
from train.network.graph import build_network
from train.network.tails import train_variant
from train.recipe import Recipe

keras.utils.set_random_seed(0)
network = build_network(BACKBONES["mobilenetv2"], ["daisy", "rose"], None, 96)
shapes = [tensor.shape[1:] for tensor in network.trunk.outputs]

def invent(train, validation):
    rng = np.random.default_rng(0)
    rows = train + validation + 4
    return Features(
        photos=np.empty((0, 96, 96, 3), np.uint8),
        photo_rows=np.arange(rows),
        view_numbers=np.zeros(rows, np.int64),
        labels={part: rng.integers(0, 2, n) for part, n in
                (("train", train), ("validation", validation), ("test", 4))},
        views=1,
        seed=0,
        pooled=rng.normal(size=(rows, 1280)).astype(np.float32),
        crossing=[rng.normal(size=(rows, *shape)).astype(np.float16) for shape in shapes],
    )

features = invent(24, 8)
graph = network.graph()
start = graph.get_weights()
recipe = Recipe(epochs=2, batch_size=8, views=1)
found = []
for devices in (1, 2):
    graph.set_weights(start)
    with tempfile.TemporaryDirectory() as folder:
        curves = {
            v: train_variant(network, v, features, recipe, Path(folder) / v, None, devices).curves
            for v in VARIANTS
        }
    found.append((curves, graph.get_weights()))
(one, ours), (two, theirs) = found
graph.set_weights(start)
with tempfile.TemporaryDirectory() as folder:
    last_of_one = train_variant(
        network, "transfer", invent(9, 9), recipe, Path(folder), None, 2
    ).curves
try:
    train_variant(network, "transfer", features, recipe, Path(tempfile.mkdtemp()), None, 3)
except UserError as error:
    refused = str(error)
print(json.dumps({
    "one": one,
    "two": two,
    "moved": max(float(np.abs(a - b).max()) for a, b in zip(start, ours)),
    "apart": max(float(np.abs(a - b).max()) for a, b in zip(ours, theirs)),
    "last of one": last_of_one,
    "refused": refused,
}))
"""


@pytest.fixture(scope="module")
def found() -> dict:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_two_devices_end_with_the_weights_and_figures_of_one(found: dict) -> None:
    assert found["moved"] > 1e-3  # It did learn.
    assert found["apart"] < 1e-4
    for variant, curve in found["one"].items():
        for epoch, other in zip(curve, found["two"][variant], strict=True):
            assert other == pytest.approx(epoch, abs=1e-4), variant


def test_a_last_batch_of_one_photo_leaves_no_device_without_any(found: dict) -> None:
    assert len(found["last of one"]) == 2
    for epoch in found["last of one"]:
        ninths = 9 * epoch["validation_accuracy"]
        assert ninths == pytest.approx(round(ninths), abs=1e-4)  # The photo added does not count.
        assert 0 < epoch["validation_loss"] < 10


def test_more_devices_than_there_are_are_refused(found: dict) -> None:
    assert found["refused"] == (
        "TensorFlow has 2 CPU here; give --devices all or fewer. Received: 3"
    )
