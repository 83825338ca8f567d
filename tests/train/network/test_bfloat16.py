"""Mixed precision as on a GPU, by Keras's policy, which every processor can compute.

What is trained in bfloat16 keeps float32 weights, and what comes out of it is float32.
"""

from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from flowers.backbones import BACKBONES, VARIANTS, Backbone
from flowers.weights.folder import read_config
from flowers.weights.results import read_metrics
from tests.support.photos import SIZE, write_photos
from tests.support.predictions import learned
from train import pretrain as pretrain_module
from train.__main__ import build_parser, main
from train.network import bfloat16 as mixed
from train.network.bfloat16 import mixed_layers, with_inner
from train.network.graph import build_network
from train.network.progress import Progress
from train.network.student import Student
from train.network.tails import HeadClassifier, TailClassifier
from train.pretrain import RESUME


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let mixed precision do what it does on a GPU."""
    monkeypatch.setattr(mixed, "has_gpu", lambda: True)


def test_layers_compute_in_bfloat16_inside_and_as_before_after_it(gpu: None) -> None:
    keras.utils.set_random_seed(0)
    network = build_network(BACKBONES["mobilenetv2"], ["a", "b", "c"], None, SIZE)
    model = TailClassifier(network.tails["finetuned"], network.heads["finetuned"])
    rng = np.random.default_rng(0)
    crossing = tuple(
        rng.normal(size=(4, *tensor.shape[1:])).astype(np.float16)
        for tensor in network.trunk.outputs
    )
    plain = np.asarray(model(crossing))
    with mixed_layers([model]):
        logits = model(crossing)
        names = {layer.name: layer.compute_dtype for layer in with_inner([model])}
    assert keras.backend.standardize_dtype(logits.dtype) == "float32"
    assert names.pop("logits") == "float32"
    assert {names["finetuned_Conv_1"], names["hidden"]} == {"bfloat16"}
    assert {variable.dtype for variable in model.weights} == {"float32"}
    differences = np.abs(np.asarray(logits) - plain)
    assert 0 < differences.max() < 0.05 * np.abs(plain).max() + 0.05
    np.testing.assert_array_equal(np.asarray(model(crossing)), plain)


def test_a_trunk_that_is_trained_through_preprocesses_in_float32(gpu: None) -> None:
    network = build_network(BACKBONES["vgg16"], ["a", "b"], None, SIZE)
    preprocessing, convolution = (
        network.trunk.get_layer(name) for name in ("preprocessing", "block1_conv1")
    )
    with mixed_layers([network.trunk]):
        assert preprocessing.compute_dtype == "float32"
        assert convolution.compute_dtype == "bfloat16"
    assert convolution.compute_dtype == "float32"


def test_not_wanted_changes_nothing(gpu: None) -> None:
    network = build_network(BACKBONES["mobilenetv2"], ["a", "b"], None, SIZE)
    model = HeadClassifier(network.heads["transfer"])
    with mixed_layers([model], wanted=False):
        assert {layer.compute_dtype for layer in with_inner([model])} == {"float32"}


@pytest.mark.slow
def test_fit_in_bfloat16_learns_and_its_export_agrees(
    gpu: None, generated_photos: Path, base_folder: Path, tmp_path: Path
) -> None:
    arguments = ["fit", "--data", str(generated_photos), "--base", str(base_folder)]
    arguments += ["--epochs", "6", "--batch-size", "8", "--views", "2", "--image-size", str(SIZE)]
    # Neither option given: on a GPU, bfloat16 is the default.
    assert main([*arguments, "--precision", "float32", "--out", str(tmp_path)]) == 0
    assert read_config(tmp_path / "mobilenetv2").recipe["bfloat16"] is True
    metrics = read_metrics(tmp_path / "mobilenetv2")
    for variant in VARIANTS:
        result = metrics.variants[variant]
        assert learned(result)
        assert result.keras_accuracy == pytest.approx(result.accuracy)


def pretrained(folder: Path) -> Path:
    """The base that one epoch of `pretrain` leaves."""
    photos = write_photos(folder / "photos", 5)
    arguments = ["pretrain", "--data", str(photos), "--out", str(folder)]
    arguments += ["--backbone", "mobilenetv2", "--image-size", str(SIZE), "--epochs", "1"]
    assert main([*arguments, "--batch-size", "8"]) == 0
    return folder / "mobilenetv2.base.weights.h5"


def assert_float32(weights: Path) -> None:
    types = set()
    with h5py.File(weights) as file:
        file.visititems(
            lambda _, item: types.add(str(item.dtype)) if isinstance(item, h5py.Dataset) else None
        )
    assert types == {"float32"}
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.slow
def test_pretrain_in_bfloat16_leaves_a_float32_base(gpu: None, tmp_path: Path) -> None:
    assert_float32(pretrained(tmp_path))


def test_pretrain_gives_the_training_a_network_in_bfloat16_and_keeps_a_float32_base(
    gpu: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As above, but for the training itself, which takes long."""
    types: dict[str, str] = {}

    def look(backbone: Backbone, student: Student, *others: object) -> Progress:
        types.update({layer.name: layer.compute_dtype for layer in student.base.layers})
        assert student.logits.compute_dtype == student.compute_dtype == "float32"
        (tmp_path / f"mobilenetv2.{RESUME}").mkdir()
        return Progress(curves=[{"loss": 1.0}])

    monkeypatch.setattr(pretrain_module, "_train", look)
    base = pretrained(tmp_path)
    assert types["Conv1"] == types["block_16_project"] == "bfloat16"
    assert_float32(base)


def test_the_options_say_yes_no_or_nothing() -> None:
    common = ["fit", "--data", "d", "--out", "o"]
    for extra, expected in (
        ([], None),
        (["--mixed-precision"], True),
        (["--no-mixed-precision"], False),
    ):
        options = build_parser().parse_args([*common, *extra])
        assert getattr(options, "mixed_precision", None) is expected
