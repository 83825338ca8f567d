"""Weights folder for page tests until conftest.py has one."""

from pathlib import Path

import numpy as np
import pytest

from flowers.backbones import BACKBONES, DEFAULT_CLASSES, VARIANTS
from flowers.files import write_text
from flowers.measure import measure
from flowers.results import DataSource, EpochResult, Metrics
from flowers.weights import (
    ARTIFACT,
    METRICS,
    BaseSource,
    Config,
    VariantSettings,
    record_of,
    write_config,
)


@pytest.fixture(scope="session")
def weights_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MobileNetV2 with random weights, both variants."""
    import keras

    from flowers.network import build_network
    from train.export import export_artifact

    keras.utils.set_random_seed(1)
    root = tmp_path_factory.mktemp("weights")
    folder = root / "mobilenetv2"
    folder.mkdir()
    network = build_network(BACKBONES["mobilenetv2"], list(DEFAULT_CLASSES))
    export_artifact(network.graph(), folder / ARTIFACT, "float16", np.zeros((1, 224, 224, 3)))
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 7, 70)
    variants = {}
    for variant in VARIANTS:
        shares = rng.dirichlet(np.ones(7), 70)
        shares[np.arange(70), labels] += 0.5
        shares /= shares.sum(1, keepdims=True)
        result = measure([f"{i}.jpg" for i in range(70)], labels, shares, DEFAULT_CLASSES)
        curves = tuple(
            EpochResult(loss=1.0, accuracy=0.5, validation_loss=1.0, validation_accuracy=0.5)
            for _ in range(3)
        )
        variants[variant] = result.model_copy(update={"curves": curves, "best_epoch": 1})
    metrics = Metrics(
        backbone="mobilenetv2",
        classes=list(DEFAULT_CLASSES),
        data=DataSource(name="generated", fingerprint="0", part="test", photos=70),
        variants=variants,
        latency_ms=13.0,
        machine="2 CPU cores",
    )
    write_text(folder / METRICS, metrics.model_dump_json())
    config = Config(
        backbone="mobilenetv2",
        classes=list(DEFAULT_CLASSES),
        image_size=224,
        preprocessing="tf",
        precision="float16",
        variants={variant: VariantSettings() for variant in VARIANTS},
        recipe={"epochs": 3},
        versions={"keras": keras.__version__},
        data_fingerprint="0",
        base=BaseSource(kind="none", name="random weights"),
        files={ARTIFACT: record_of(folder / ARTIFACT)},
    )
    write_config(folder, config)
    return root
