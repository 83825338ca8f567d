"""What the training of one variant has reached, kept on disk so that a stop loses one epoch."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import keras
from tqdm import tqdm

from flowers.files import whole_file, write_text
from flowers.results import EpochResult

BEST = "best.weights.h5"
PROGRESS = "progress.json"


@dataclass
class Progress:
    """Learning curves, the best epoch, and whether the training is over."""

    best_epoch: int = -1
    best_accuracy: float = -1.0
    best_loss: float = float("inf")
    curves: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    done: bool = False

    @classmethod
    def load(cls, folder: Path) -> "Progress":
        """Read from disk, or start anew."""
        path = folder / PROGRESS
        return cls(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else cls()

    def save(self, folder: Path) -> None:
        """Write to disk, whole or not at all."""
        write_text(folder / PROGRESS, json.dumps(asdict(self)))

    def epochs(self) -> tuple[EpochResult, ...]:
        """The learning curves for `metrics.json`."""
        return tuple(EpochResult.model_validate(row) for row in self.curves)


class EpochLog(keras.callbacks.Callback):
    """Keeps the weights of the best epoch and the learning curves, across restarts."""

    def __init__(
        self, folder: Path, progress: Progress, bar: tqdm, start_epoch: Callable[[int], None]
    ):
        super().__init__()
        self.folder, self.progress, self.bar = folder, progress, bar
        self.start_epoch = start_epoch
        self.started = 0.0

    def on_epoch_begin(self, epoch, logs=None):
        """Tell the batches which epoch it is, also after a restart."""
        self.start_epoch(epoch)
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        """Note the figures; keep the weights when they are the best so far."""
        progress = self.progress
        # An epoch that was cut short after this line is run again: overwrite, do not append.
        progress.curves[epoch:] = [
            {
                "loss": float(logs["loss"]),
                "accuracy": float(logs["accuracy"]),
                "validation_loss": float(logs["val_loss"]),
                "validation_accuracy": float(logs["val_accuracy"]),
            }
        ]
        progress.seconds += time.perf_counter() - self.started
        accuracy, loss = float(logs["val_accuracy"]), float(logs["val_loss"])
        if (accuracy, -loss) > (progress.best_accuracy, -progress.best_loss):
            save_weights(self.model, self.folder / BEST)
            progress.best_epoch, progress.best_accuracy, progress.best_loss = epoch, accuracy, loss
        progress.save(self.folder)
        self.bar.set_postfix_str(f"validation accuracy {accuracy:.1%}")
        self.bar.update()

    def finish(self) -> None:
        """Note that the training is over."""
        self.progress.done = True
        self.progress.save(self.folder)


def save_weights(model: keras.Model, path: Path) -> None:
    """Save weights whole or not at all. `path` ends in `.weights.h5`."""
    with whole_file(path) as partial:
        model.save_weights(partial)
