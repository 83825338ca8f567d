"""Epochs that are shorter than the time between two checkpoints are not all kept."""

from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from train.network.progress import EpochLog, Progress, weights_path, write_curves


def train(folder: Path, seconds_between: float, validated: list[int]) -> Progress:
    """Four epochs of a network of one weight."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    photos, labels = np.ones((4, 1)), np.eye(2)[[0, 1, 0, 1]]
    progress = Progress()
    with tqdm(total=4, disable=True) as bar:
        log = EpochLog(folder, progress, bar, lambda epoch: None, seconds_between=seconds_between)
        model.fit(
            photos,
            labels,
            epochs=4,
            validation_data=(photos, labels),
            validation_freq=validated,
            callbacks=[log],
            verbose=0,
        )
    return progress


def test_the_last_epoch_is_kept_however_short_they_are(tmp_path: Path) -> None:
    progress = train(tmp_path, 3600, validated=[4])
    assert [path.name for path in tmp_path.glob("*.h5")] == [weights_path(tmp_path, 3).name]
    assert Progress.load(tmp_path) == progress
    assert len(progress.curves) == 4
    assert progress.best_epoch == 3


def test_curves_leave_out_what_was_not_validated(tmp_path: Path) -> None:
    write_curves(train(tmp_path, 0, validated=[4]), tmp_path / "log.csv")
    header, *rows = (tmp_path / "log.csv").read_text().splitlines()
    assert header == "epoch,loss,accuracy,validation_loss,validation_accuracy"
    assert [row.count(",,") for row in rows] == [1, 1, 1, 0]
