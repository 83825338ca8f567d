"""Reads many photos, one by one, with every chosen model."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from flowers.backbones import Model
from flowers.errors import ChoiceError, PhotoError
from flowers.models.compare import Reading
from flowers.models.shots import Place, Shot
from flowers.models.zoo import Zoo, in_order
from flowers.photos import ahead, load_photo

MAX_MINUTES = 30
"""For the photos of a batch; at 0.7 seconds per photo, six models on two cores take six for 500."""
ROW_THUMBNAIL = 56

_NO_FOCUS = np.empty((0, 0, 0), dtype=np.float32)


@dataclass(frozen=True)
class BatchRow:
    """One photo of a batch after all models have read it."""

    reading: Reading
    thumbnail: Image.Image | None = None
    """The middle of the photo, `ROW_THUMBNAIL` pixels square."""
    folder: str | None = None
    """As in `Shot`."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Backbones that had to be left out so far, with the reasons."""
    place: Place | None = None
    """As in `Shot`."""

    def labelled(self, label: str | None) -> "BatchRow":
        """The same row under another label."""
        return replace(self, reading=replace(self.reading, label=label))


def read_batch(
    zoo: Zoo,
    shots: Sequence[Shot],
    models: Sequence[Model],
    progress: Callable[[int, str], None] = lambda done, name: None,
) -> Iterator[BatchRow]:
    """Read the photos one by one, with all models; a photo that cannot be read says why.

    After `MAX_MINUTES` no more are read, since others wait: each that is left says so. Raises
    `ChoiceError` when no model is left.
    """
    left_out: dict[str, str] = {}
    detail = zoo.detail()
    end = time.monotonic() + 60 * MAX_MINUTES
    for number, (shot, opened) in enumerate(_ahead(_until(end, shots), detail)):
        progress(number, shot.name)
        try:
            photo = opened()
        except PhotoError as error:
            reason = str(error).replace("The photo", shot.name, 1)
            left_aside = Reading(shot.name, shot.label, reason=reason)
            yield BatchRow(left_aside, None, shot.folder, dict(left_out), shot.place)
            continue
        answers = list(zoo.predict(photo, [m for m in models if m[0] not in left_out]))
        left_out |= {a.backbone: a.reason for a in answers if a.reason is not None}
        found = [replace(p, focus=_NO_FOCUS) for a in answers for p in a.predictions]
        if not found:
            reasons = " ".join(left_out.values())
            raise ChoiceError(f"None of the chosen models can be used. {reasons}")
        reading = Reading(shot.name, shot.label, tuple(in_order(found, models)))
        yield BatchRow(reading, _thumbnail(photo), shot.folder, dict(left_out), shot.place)


def _until(end: float, shots: Iterable[Shot]) -> Iterator[Shot]:
    """The photos, which from that moment on cannot be opened any more."""

    def refuse() -> bytes:
        raise PhotoError(
            f"The photo was not read, since the batch took over {MAX_MINUTES} minutes; send fewer "
            "at once."
        )

    for shot in shots:
        yield shot if time.monotonic() < end else replace(shot, read=refuse)


def _ahead(
    shots: Iterable[Shot], at_least: int
) -> Iterator[tuple[Shot, Callable[[], Image.Image]]]:
    """Yield each photo with what waits for it, or raises `PhotoError`.

    One photo is opened while the one before is read: decoding keeps one core busy, and no more than
    two photos are held at a time.
    """

    def load(shot: Shot) -> Image.Image:
        return load_photo(shot.read(), at_least=at_least)

    for shot, loading in ahead(load, shots, threads=1, most=2):
        yield shot, loading.result


def _thumbnail(photo: Image.Image) -> Image.Image:
    side = min(photo.size)
    left, top = (photo.width - side) // 2, (photo.height - side) // 2
    square = photo.crop((left, top, left + side, top + side))
    return square.resize((ROW_THUMBNAIL, ROW_THUMBNAIL), Image.Resampling.BILINEAR)


def with_meanings(rows: Iterable[BatchRow], meanings: Mapping[str, str | None]) -> list[BatchRow]:
    """Label the photos of folders whose names are not classes: folder -> the class that it means.

    A label that a photo has already stays.
    """
    return [
        row.labelled(meanings[row.folder])
        if row.folder is not None and row.folder in meanings and row.reading.label is None
        else row
        for row in rows
    ]
