"""Training that is stopped at any moment ends as if nothing had been.

It runs in this process, on a network with random weights and features.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from flowers.backbones import BACKBONES, VARIANTS
from flowers.folders.layout import read_folder
from tests.support.photos import SIZE, write_patterns
from train.data.cache import PhotoCache
from train.data.dataset import Dataset, scan_dataset
from train.recipe import Recipe

EPOCHS = 4
BACKBONE = BACKBONES["mobilenetv2"]


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> tuple[Dataset, PhotoCache]:
    root = tmp_path_factory.mktemp("resume")
    photos = write_patterns(root / "photos", {"daisy": 20, "rose": 20})
    cache = PhotoCache(root / "cache", SIZE)
    return scan_dataset(read_folder(photos), cache), cache


@pytest.fixture(scope="module")
def network():
    from train.network.graph import build_network

    # Of a short tail: one convolution with its normalization is trained as fifteen layers are.
    return build_network(replace(BACKBONE, tail=3), ["daisy", "rose"], None, SIZE)


@pytest.fixture(scope="module")
def graph(network):
    return network.graph()


def invented_features(network):
    from train.network.features import Features

    rng = np.random.default_rng(0)
    shapes = [tensor.shape[1:] for tensor in network.trunk.outputs]
    rows = 2 * 24 + 8 + 4
    return Features(
        photos=np.empty((0, SIZE, SIZE, 3), dtype=np.uint8),
        photo_rows=np.arange(rows),
        view_numbers=np.zeros(rows, dtype=np.int64),
        labels={
            "train": rng.integers(0, 2, 24),
            "validation": rng.integers(0, 2, 8),
            "test": rng.integers(0, 2, 4),
        },
        views=2,
        seed=0,
        pooled=rng.normal(size=(rows, 1280)).astype(np.float32),
        crossing=[rng.normal(size=(rows, *shape)).astype(np.float16) for shape in shapes],
    )


@pytest.fixture(scope="module")
def train_both(network, graph):
    """Trains both variants from the same start; gives the weights and how it went."""
    from train.network.tails import train_variant

    start = graph.get_weights()
    features = invented_features(network)
    recipe = Recipe(epochs=EPOCHS, batch_size=8, views=2)

    def train(folder: Path):
        graph.set_weights(start)
        progress = {v: train_variant(network, v, features, recipe, folder / v) for v in VARIANTS}
        return graph.get_weights(), progress

    return train


@pytest.fixture(scope="module")
def unbroken(train_both, tmp_path_factory):
    return train_both(tmp_path_factory.mktemp("unbroken"))


@pytest.mark.long
@pytest.mark.parametrize(
    ("variant", "moment"),
    [("transfer", "between"), ("finetuned", "before"), ("finetuned", "after")],
)
def test_a_stopped_training_ends_as_an_unbroken_one(
    train_both, unbroken, tmp_path, monkeypatch, variant, moment
):
    from train.network import progress as progress_module
    from train.network.progress import EpochLog, Progress

    def stop_in_third_epoch(log: EpochLog) -> None:
        if len(log.progress.curves) == 2 and log.folder.name == variant:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        if moment == "before":
            begin = EpochLog.on_epoch_begin

            def stopping_begin(self, epoch, logs=None):
                stop_in_third_epoch(self)
                begin(self, epoch, logs)

            patched.setattr(EpochLog, "on_epoch_begin", stopping_begin)
        elif moment == "between":  # Weights of the epoch are written, its figures are not.
            save = Progress.save

            def stopping_save(self, folder):
                if len(self.curves) == 3 and folder.name == variant:
                    raise KeyboardInterrupt
                save(self, folder)

            patched.setattr(Progress, "save", stopping_save)
        else:  # The figures are written, old weights are not removed.
            write = progress_module.write_text

            def stopping_write(path, text):
                write(path, text)
                if len(json.loads(text)["curves"]) == 3 and path.parent.name == variant:
                    raise KeyboardInterrupt

            patched.setattr(progress_module, "write_text", stopping_write)
        with pytest.raises(KeyboardInterrupt):
            train_both(tmp_path)
    left = Progress.load(tmp_path / variant)
    assert len(left.curves) == (3 if moment == "after" else 2)
    assert left.best_weights(tmp_path / variant).exists()
    assert left.last_weights(tmp_path / variant).exists()

    weights, progress = train_both(tmp_path)
    expected_weights, expected = unbroken
    for name in VARIANTS:
        assert len(progress[name].curves) == EPOCHS
        assert progress[name].best_epoch == expected[name].best_epoch
        found = [list(row.values()) for row in progress[name].curves]
        wanted = [list(row.values()) for row in expected[name].curves]
        np.testing.assert_allclose(found, wanted, atol=1e-3)
        kept = {path.name for path in (tmp_path / name).iterdir()}
        assert kept == {
            "progress.json",
            f"epoch-{progress[name].best_epoch}.weights.h5",
            f"epoch-{EPOCHS - 1}.weights.h5",
        }
    for one, other in zip(weights, expected_weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3)


def test_damaged_progress_starts_anew(tmp_path):
    from train.network.progress import Progress, weights_path

    figures = {"loss": 1.0, "accuracy": 0.5, "validation_loss": 1.0, "validation_accuracy": 0.5}
    progress = Progress(best_epoch=0, curves=[figures] * 2, seconds=3.0)
    progress.save(tmp_path)
    assert Progress.load(tmp_path) == Progress()  # Its weights are not there.
    for epoch in (0, 1):
        weights_path(tmp_path, epoch).touch()
    assert Progress.load(tmp_path) == progress
    for text in ("", "{", "[]", '{"of": "another version"}'):
        (tmp_path / "progress.json").write_text(text)
        assert Progress.load(tmp_path) == Progress()


def test_features_go_on_from_the_last_chunk(data, network, tmp_path, monkeypatch):
    from train.network import features as features_module

    dataset, cache = data
    seen: list[int] = []
    stop_after = 24

    def engine_of_means(frozen, size, photos):
        shapes = [tensor.shape[1:] for tensor in frozen.outputs]

        def run(views: np.ndarray) -> list[np.ndarray]:
            if sum(seen) >= stop_after:
                raise OSError(28, "No space left on device")
            seen.append(len(views))
            means = views.mean(axis=(1, 2, 3)) / 255
            return [
                np.ones((len(views), *shape)) * means.reshape(-1, *[1] * len(shape))
                for shape in shapes
            ]

        return run

    monkeypatch.setattr(features_module, "frozen_engine", engine_of_means)
    monkeypatch.setattr(features_module, "CHUNK", 8)

    def compute():
        return features_module.compute_features(
            network, "hash", dataset, cache, tmp_path / "features", views=2, seed=0
        )

    with pytest.raises(OSError, match="No space left"):
        compute()
    assert sum(seen) == 24

    seen.clear()
    stop_after = 10**9
    # What is there already has taken its room: another look at the disk must not drop it.
    usage = features_module.shutil.disk_usage(tmp_path)._replace(free=0)
    monkeypatch.setattr(features_module.shutil, "disk_usage", lambda path: usage)
    features = compute()
    assert features.has_crossing
    rows = len(features.photo_rows)
    assert rows == 2 * 28 + 8 + 4
    assert sum(seen) == rows - 24
    expected = np.array([features.photo_of(row).mean() / 255 for row in range(rows)])
    np.testing.assert_allclose(features.pooled.mean(axis=1), expected, atol=1e-5)
    for array in features.crossing:
        np.testing.assert_allclose(array.mean(axis=(1, 2, 3), dtype=float), expected, atol=1e-3)

    seen.clear()
    compute()
    assert seen == []
    # A file that was lost is not taken for one of zeros.
    (victim,) = tmp_path.glob("features/*/1.npy")
    victim.unlink()
    stop_after = 8
    with pytest.raises(OSError, match="No space left"):
        compute()
    stop_after = 10**9
    seen.clear()
    assert (compute().crossing[0].reshape(rows, -1).min(axis=1) > 0).all()


def test_a_full_disk_leaves_no_weights_file_that_cannot_be_closed(graph, tmp_path):
    # HDF5 ends the process at its exit when a file of its own could not be written.
    h5f = pytest.importorskip("h5py").h5f
    resource = pytest.importorskip("resource")
    from train.network.progress import save_weights

    path = tmp_path / "epoch-0.weights.h5"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # A limit on the size of files stands in for a full disk; both fail in the same call.
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            save_weights(graph, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert h5f.get_obj_count(h5f.OBJ_ALL, h5f.OBJ_FILE) == 0
    assert list(tmp_path.iterdir()) == []
    save_weights(graph, path)
    before = graph.get_weights()
    graph.load_weights(path)
    for one, other in zip(before, graph.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
