"""`fit --cluster` makes what `fit` makes, also when a node dies on the way."""

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from flowers.backbones import VARIANTS
from flowers.weights.folder import ARTIFACT, KERAS_WEIGHTS, MANIFEST, check_artifact, read_config
from flowers.weights.results import read_metrics
from tests.support import ROOT
from tests.support.photos import SIZE
from tests.support.predictions import learned
from train.__main__ import main
from train.work import WORK

pytestmark = pytest.mark.cluster
EPOCHS = 5


@pytest.fixture(scope="module")
def arguments(generated_photos: Path, base_folder: Path) -> list[str]:
    options = ["fit", "--data", str(generated_photos), "--base", str(base_folder), "--seeds", "2"]
    options += ["--epochs", str(EPOCHS), "--batch-size", "8", "--views", "2"]
    return [*options, "--image-size", str(SIZE), "--precision", "float32"]


def kill_in_the_middle(out: Path, kill) -> None:
    """Kill when both seeds have an epoch behind them, long before either is over."""
    work = out / WORK / "mobilenetv2"
    notes = [seed / "transfer" / "progress.json" for seed in (work, work / "seed-1")]
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        if all(note.exists() for note in notes):
            kill()
            return
        time.sleep(0.02)


def test_a_fit_that_loses_a_node_makes_what_a_local_fit_makes(
    cluster, second_node, arguments, tmp_path, capfd
):
    out, local = tmp_path / "cluster", tmp_path / "local"
    watch = threading.Thread(target=kill_in_the_middle, args=(out, second_node))
    watch.start()
    assert main([*arguments, "--out", str(out), "--cluster", cluster.address]) == 0
    watch.join()
    said = "".join(capfd.readouterr())
    went_on = re.findall(r"MobileNetV2, seed [01]: goes on after (\d+) epochs on ", said)
    assert len(went_on) == 1
    assert 1 <= int(went_on[0]) < 2 * EPOCHS
    # All that was made on nodes has come here, and nothing else is left behind.
    assert not (out / WORK / "mobilenetv2" / "folder").exists()

    # A task on one core computes on one thread; more threads add up in another order.
    subprocess.run(
        [sys.executable, "-m", "train", *arguments, "--out", str(local)],
        cwd=ROOT,
        env={**os.environ, "TF_NUM_INTRAOP_THREADS": "1"},
        check=True,
        timeout=300,
    )
    assert (out / MANIFEST).read_bytes() == (local / MANIFEST).read_bytes()
    assert figures(out / "mobilenetv2") == figures(local / "mobilenetv2")
    assert config_of(out / "mobilenetv2") == config_of(local / "mobilenetv2")
    ours, theirs = weights_of(out / "mobilenetv2"), weights_of(local / "mobilenetv2")
    assert ours.keys() == theirs.keys()
    for name, values in ours.items():
        np.testing.assert_array_equal(values, theirs[name], err_msg=name)
    check_artifact(out / "mobilenetv2")
    for result in read_metrics(out / "mobilenetv2").variants.values():
        assert learned(result)


def figures(folder: Path) -> dict:
    """What `metrics.json` says, but for times."""
    metrics = read_metrics(folder).model_dump(exclude={"latency_ms"})
    assert set(metrics["variants"]) == set(VARIANTS)
    for result in metrics["variants"].values():
        assert len(result["curves"]) == EPOCHS
        assert len(result["seeds"]) == 2
        del result["training_seconds"]
    return metrics


def config_of(folder: Path) -> dict:
    """What `config.json` says, but for the date and the hashes of what says times."""
    config = read_config(folder).model_dump()
    del config["recipe"]["date"]
    return config | {"files": {name: config["files"][name] for name in (ARTIFACT,)}}


def weights_of(folder: Path) -> dict[str, np.ndarray]:
    import h5py

    found: dict[str, np.ndarray] = {}
    with h5py.File(folder / KERAS_WEIGHTS) as file:
        file.visititems(
            lambda name, item: (
                found.update({name: item[...]}) if isinstance(item, h5py.Dataset) else None
            )
        )
    return found
