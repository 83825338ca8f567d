"""A process that reads photos and asks every model, on one core."""

import hashlib
import io
import multiprocessing
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowers.backbones import VARIANTS, Variant
from flowers.errors import PhotoError
from flowers.models.classifier import Classifier, Prediction
from flowers.photos import load_photo, to_square
from flowers.weights.folder import Artifact

NamedPhoto = tuple[str, Path]
"""Path below the data folder, with forward slashes, and the file."""

ShardRow = dict[str, Any]
"""As `shards.SCHEMA` has it."""


@dataclass(frozen=True)
class ReadPhoto:
    """What a photo's file held when it was read."""

    name: str
    """As of `NamedPhoto`."""
    content: bytes | None
    """None where it could not be read."""
    modified_ns: int = 0
    """When it was last changed, in nanoseconds since 1970."""
    reason: str | None = None
    """Why it could not be read."""

    @classmethod
    def read(cls, photo: NamedPhoto) -> "ReadPhoto":
        """Read a photo's file."""
        name, path = photo
        try:
            modified_ns = path.stat().st_mtime_ns  # First: a change while it is read is noticed.
            return cls(name, path.read_bytes(), modified_ns)
        except OSError as error:
            return cls(name, None, reason=f"{path.name} cannot be read: {error.strerror}.")


class RowMaker:
    """Models on one thread each, and the rows that they make of a photo."""

    def __init__(self, artifacts: Sequence[Artifact], variants: Sequence[Variant]) -> None:
        """Load artifacts. Raises `WeightsError`."""
        self._classifiers = [Classifier(artifact, threads=1) for artifact in artifacts]
        self._variants = variants
        self._sizes = {classifier.config.image_size for classifier in self._classifiers}
        self._detail = 2 * max(self._sizes)  # As the page decodes a photo.

    def rows(self, file: ReadPhoto) -> list[ShardRow]:
        """One row per model."""
        if file.content is None:
            return self._without({"photo": file.name}, str(file.reason))
        known = {
            "photo": file.name,
            "bytes": len(file.content),
            "modified_ns": file.modified_ns,
            "sha256": hashlib.sha256(file.content).hexdigest(),
        }
        content = io.BytesIO(file.content)
        content.name = file.name  # For the sentences about it.
        try:
            image = load_photo(content, at_least=self._detail)
        except PhotoError as error:
            return self._without(known, str(error))
        squares = {size: to_square(image, size) for size in self._sizes}
        return [
            known | _answer(said)
            for classifier in self._classifiers
            for variant, said in classifier.predict(squares[classifier.config.image_size]).items()
            if variant in self._variants
        ]

    def _without(self, known: ShardRow, reason: str) -> list[ShardRow]:
        return [
            {**known, "backbone": key, "variant": variant, "reason": reason}
            for key, variant in self._models()
        ]

    def _models(self) -> list[tuple[str, Variant]]:
        return [
            (classifier.backbone.key, variant)
            for classifier in self._classifiers
            for variant in VARIANTS
            if variant in classifier.config.variants and variant in self._variants
        ]


def _answer(said: Prediction) -> ShardRow:
    return {
        "backbone": said.backbone,
        "variant": said.variant,
        "label": said.label,
        "probability": said.probability,
        "known": said.known,
        "p_known": said.p_known,
        "probabilities": list(zip(said.classes, said.probabilities.tolist(), strict=True)),
    }


class _Process:
    """What this process keeps between portions."""

    artifacts: Sequence[Artifact]
    variants: Sequence[Variant]
    read: Any
    maker: RowMaker | None = None


def start(artifacts: Sequence[Artifact], variants: Sequence[Variant], read: Any) -> None:
    """Set this process up; `read` is the shared count of photos that all processes have read."""
    _Process.artifacts, _Process.variants, _Process.read = artifacts, variants, read
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    # A pool's process would wait for ever for work from a parent that was killed.
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def predict(photos: Sequence[NamedPhoto]) -> list[ShardRow]:
    """The rows of some photos. Raises `WeightsError`."""
    if _Process.maker is None:  # Not in `start`, from where an error would not reach the parent.
        _Process.maker = RowMaker(_Process.artifacts, _Process.variants)
    rows = []
    for photo in photos:
        rows += _Process.maker.rows(ReadPhoto.read(photo))
        with _Process.read.get_lock():
            _Process.read.value += 1
    return rows
