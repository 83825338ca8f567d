"""What the training of one variant has reached, kept on disk so that a stop loses one epoch.

`progress.json` alone says what counts: weights of an epoch are written before it names them, and
removed after it no longer does. So whenever a process dies, all that it names is there and whole.
"""

import csv
import io
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from flowers.files import write_bytes, write_text
from flowers.weights.results import EpochResult

PROGRESS = "progress.json"


@dataclass
class Progress:
    """Learning curves and the best epoch."""

    best_epoch: int = -1
    best_accuracy: float = -1.0
    best_loss: float = float("inf")
    curves: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    test_accuracy: float | None = None
    """Of the best epoch, once training is done; before any export, in float32."""

    @classmethod
    def load(cls, folder: Path) -> "Progress":
        """Read from disk, or start anew where that is damaged or weights are missing."""
        try:
            progress = cls(**json.loads((folder / PROGRESS).read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return cls()
        named = {progress.best_weights(folder), progress.last_weights(folder)}
        return progress if all(path.is_file() for path in named) else cls()

    def save(self, folder: Path) -> None:
        """Write to disk, whole or not at all."""
        write_text(folder / PROGRESS, json.dumps(asdict(self)))

    def epochs(self) -> tuple[EpochResult, ...]:
        """The learning curves for `metrics.json`."""
        return tuple(EpochResult.model_validate(row) for row in self.curves)

    def best_weights(self, folder: Path) -> Path:
        """The weights of the best epoch."""
        return weights_path(folder, self.best_epoch)

    def last_weights(self, folder: Path) -> Path:
        """Weights and optimizer after the last epoch, to go on from."""
        return weights_path(folder, len(self.curves) - 1)

    def kept_weights(self, folder: Path) -> set[Path]:
        """The weights of the best epoch and of the last."""
        return {self.best_weights(folder), self.last_weights(folder)}

    def remove_other_weights(self, folder: Path) -> None:
        """Remove the weights of epochs that are neither best nor last."""
        for path in set(folder.glob(weights_pattern())) - self.kept_weights(folder):
            path.unlink()


class EpochLog(keras.callbacks.Callback):
    """Writes down every epoch; Keras's BackupAndRestore writes its two files one after the other.

    A process that dies in between would go on with the wrong epoch, or not at all. `kept` is told
    the folder when an epoch is on the disk. Where epochs are shorter than `seconds_between`, some
    are not kept; the last one is. Without validation the last one counts as the best.
    """

    def __init__(
        self,
        folder: Path,
        progress: Progress,
        bar: tqdm,
        start_epoch: Callable[[int], None],
        kept: Callable[[Path], None] | None = None,
        seconds_between: float = 0.0,
    ):
        super().__init__()
        self.kept, self.seconds_between = kept, seconds_between
        self.next_save = time.perf_counter() + seconds_between
        self.folder, self.progress, self.bar = folder, progress, bar
        self.start_epoch = start_epoch
        self.started = 0.0

    def on_epoch_begin(self, epoch, logs=None):
        """Tell the batches which epoch it is, also after a restart."""
        self.start_epoch(epoch)
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        """Keep weights and figures; remove the weights of epochs that are neither best nor last."""
        progress = self.progress
        row = {"loss": float(logs["loss"]), "accuracy": float(logs["accuracy"])}
        told, best = f"loss {row['loss']:.3f}", True
        if "val_loss" in logs:
            accuracy, loss = float(logs["val_accuracy"]), float(logs["val_loss"])
            row |= {"validation_loss": loss, "validation_accuracy": accuracy}
            told = f"validation accuracy {accuracy:.1%}"
            best = (accuracy, -loss) > (progress.best_accuracy, -progress.best_loss)
        progress.curves.append(row)
        progress.seconds += time.perf_counter() - self.started
        self.bar.set_postfix_str(told)
        self.bar.update()
        if epoch + 1 < self.params["epochs"] and time.perf_counter() < self.next_save:
            return
        if best:
            progress.best_epoch = epoch
            progress.best_accuracy = row.get("validation_accuracy", -1.0)
            progress.best_loss = row.get("validation_loss", float("inf"))
        save_weights(self.model, weights_path(self.folder, epoch))
        progress.save(self.folder)
        progress.remove_other_weights(self.folder)
        self.next_save = time.perf_counter() + self.seconds_between
        if self.kept:
            self.kept(self.folder)


def reseed(dropout: keras.layers.Dropout, seed: int, epoch: int) -> None:
    """Let the epoch alone decide what is dropped: weight files do not hold a generator's state."""
    rng = np.random.default_rng([seed, epoch])
    dropout.seed_generator.state.assign(rng.integers(0, 2**32, 2, dtype=np.uint32))


def weights_path(folder: Path, epoch: int) -> Path:
    """Where the weights after an epoch are kept."""
    return folder / f"epoch-{epoch}.weights.h5"


def weights_pattern() -> str:
    """Matches the names of the weights of all epochs."""
    return weights_path(Path(), 0).name.replace("0", "*")


class _InMemory(io.BytesIO):
    """Takes an HDF5 file; Keras looks at the end of its name."""

    def __str__(self) -> str:
        return "memory.weights.h5"


def save_weights(model: keras.Model, path: Path) -> None:
    """Save weights whole or not at all. `path` ends in `.weights.h5`. Raises OSError."""
    # HDF5 cannot close a file on a full disk, and ends the process when Python does.
    weights = _InMemory()
    model.save_weights(weights)
    write_bytes(path, weights.getbuffer())


def write_curves(progress: Progress, path: Path) -> None:
    """Write the learning curves as CSV, one row per epoch."""
    text = io.StringIO()
    columns = ["epoch", *progress.curves[-1]]  # Not every epoch need have been validated.
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({"epoch": i, **row} for i, row in enumerate(progress.curves))
    write_text(path, text.getvalue())
