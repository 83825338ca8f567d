"""Random views of training photos and what is to be learned of each, the same for every student.

The epoch and the photo alone decide on a view, so a stopped run goes on with the same ones, and
several students learn from the same. Making a view and asking a teacher about it costs as much as
a step of a small network: `KeptViews` does it once for all of them.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from pydantic import JsonValue
from tqdm import tqdm

from flowers.files import write_text
from train.data.augment import random_view, whole_view
from train.data.rowfile import RowFile

Teacher = Callable[[np.ndarray], np.ndarray]
"""A view, uint8[size, size, 3], to probabilities, float32[classes]."""


@dataclass
class LabelledRows:
    """Photos to learn from."""

    photos: np.ndarray
    """uint8[n, size, size, 3], decoded photos, of which some are learned from."""
    rows: np.ndarray
    """Rows of those in `photos`, int64[t]."""
    labels: np.ndarray
    """Their class indices, int64[t]."""
    classes: int


class Views(Protocol):
    """Views of the photos of an epoch, and a target for each."""

    def __len__(self) -> int:
        """Number of photos."""

    def batch(self, epoch: int, chosen: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Views of photos int[b]: uint8[b, size, size, 3], and targets float32[b, classes]."""

    def describe(self) -> dict[str, JsonValue]:
        """All that decides on the views but the photos."""


@dataclass
class FreshViews:
    """Views made when they are asked for, mixed in pairs (mixup, Zhang et al. 2018)."""

    data: LabelledRows
    seed: int = 0
    mixup: float = 0.2
    """Parameter of the Beta distribution of the shares; 0 mixes nothing."""
    smallest_crop: float = 0.35
    smoothing: float = 0.1
    """Share of a label that is spread over all classes. A teacher's answers stay as they are."""
    teacher: Teacher | None = None
    taught_by: str | None = None
    """SHA-256 of the teacher's artifact."""
    teacher_size: int = 224
    """Side of what the teacher sees, in pixels. The student sees the same, shrunk to its size: both
    see the same view (Beyer et al. 2022)."""

    def __len__(self) -> int:
        return len(self.data.rows)

    def batch(self, epoch: int, chosen: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Views of photos int[b]: uint8[b, size, size, 3], and targets float32[b, classes]."""
        partners = np.random.default_rng([self.seed, epoch]).permutation(len(self))
        made = [self._one(epoch, int(i), int(partners[i]), size) for i in chosen]
        return np.stack([view for view, _ in made]), np.stack([target for _, target in made])

    def describe(self) -> dict[str, JsonValue]:
        """All that decides on the views but the photos."""
        names = ("seed", "mixup", "smallest_crop", "smoothing", "taught_by", "teacher_size")
        return {name: getattr(self, name) for name in names}

    def _one(self, epoch: int, i: int, partner: int, size: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng([self.seed, epoch, i])
        side = self.teacher_size if self.teacher else size
        drawn = rng.beta(self.mixup, self.mixup) if self.mixup else 1.0
        share = np.float32(max(drawn, 1 - drawn))
        view = self._view(i, side, rng)
        if share < 1:
            other = self._view(partner, side, rng)
            view = (share * view + (1 - share) * other).astype(np.uint8)
        if self.teacher:
            return whole_view(view, size), self.teacher(view)
        target = np.full(self.data.classes, self.smoothing / self.data.classes, np.float32)
        target[self.data.labels[i]] += (1 - self.smoothing) * share
        target[self.data.labels[partner]] += (1 - self.smoothing) * (1 - share)
        return view, target

    def _view(self, i: int, side: int, rng: np.random.Generator) -> np.ndarray:
        photo = self.data.photos[self.data.rows[i]]
        return random_view(photo, side, rng, self.smallest_crop)


@dataclass
class KeptViews:
    """Views of another maker, kept on disk: made for the first student, read by the others.

    They take 93 kB per photo and epoch at 176 px. Writing raises OSError.
    """

    made: FreshViews
    folder: Path
    epochs: int = 12
    """Epochs of different views; then they come again."""
    size: int = 176
    """Side of what is kept, in pixels; students see it shrunk to their size."""

    def __len__(self) -> int:
        return len(self.made)

    def batch(self, epoch: int, chosen: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Views of photos int[b]: uint8[b, size, size, 3], and targets float32[b, classes]."""
        views, targets = self._epoch(epoch % self.epochs)
        x = np.stack([whole_view(views[i], size) for i in chosen])
        return x, np.asarray(targets[chosen])

    def describe(self) -> dict[str, JsonValue]:
        """All that decides on the views but the photos."""
        return {**self.made.describe(), "epochs": self.epochs, "size": self.size}

    def _epoch(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        count, classes = len(self), self.made.data.classes
        described = json.dumps([self.describe(), count, classes], sort_keys=True)
        folder = self.folder / hashlib.sha256(described.encode()).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
        kept = folder / f"{epoch:02d}"
        views = RowFile(kept.with_suffix(".views.npy"), count, (self.size, self.size, 3), np.uint8)
        targets = RowFile(kept.with_suffix(".targets.npy"), count, (classes,), np.float32)
        note = kept.with_suffix(".done")  # Written last: without it the files are begun anew.
        if not note.exists():
            views.create()
            targets.create()
            for i in tqdm(range(count), desc=f"views of epoch {epoch}", unit="photo"):
                x, y = self.made.batch(epoch, np.array([i]), self.size)
                views.write(i, x)
                targets.write(i, y)
            write_text(note, "")
        return views.read(), targets.read()
