"""Many photos at once: single files and zips, with labels where a zip has class folders."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from flowers.backbones import Model
from flowers.errors import BatchError, ChoiceError, DatasetError, PhotoError
from flowers.folders.aside import Aside
from flowers.folders.find import find_in_zip, is_zip
from flowers.folders.labels import DroppedLabel, dropped_labels, with_labels
from flowers.folders.names import shown
from flowers.folders.zips import PAGE, Zip
from flowers.models.compare import Reading
from flowers.models.zoo import Zoo, in_order
from flowers.photos import ahead, load_photo

MAX_PHOTOS = 500
LIMITS = PAGE
"""Of each zip."""
MAX_MINUTES = 30
"""For the photos of a batch; at 0.7 seconds per photo, six models on two cores take six for 500."""
ROW_THUMBNAIL = 56

_NO_FOCUS = np.empty((0, 0, 0), dtype=np.float32)


@dataclass(frozen=True)
class Place:
    """Where a photo of a batch lies, so that it can be opened once more."""

    path: Path
    number: int | None = None
    """Among the photos of a zip, from 0; None for a file that is the photo."""

    def read(self) -> bytes:
        """All bytes of the photo. Raises `PhotoError`, also when the file was deleted meanwhile."""
        if not self.path.is_file():
            raise PhotoError(
                "The photo is not on the server any more, since uploads are deleted within a day; "
                "send it again."
            )
        if self.number is None:
            return _reader(self.path)()
        try:
            with Zip(self.path, LIMITS) as opened:
                return find_in_zip(opened).photos[self.number].read()
        except (DatasetError, IndexError) as error:
            raise PhotoError(f"The photo cannot be had again; send it again. {error}") from error


@dataclass(frozen=True)
class Shot:
    """One photo of a batch, not yet opened."""

    name: str
    label: str | None
    read: Callable[[], bytes]
    """Raises `PhotoError`."""
    folder: str | None = None
    """A folder it lies in that may have been meant for a label, and is not a class."""
    place: Place | None = None
    """None where it cannot be opened once more."""


@dataclass(frozen=True)
class Collected:
    """The photos of a batch, and what became of all else."""

    shots: list[Shot]
    dropped: list[DroppedLabel] = field(default_factory=list)
    """Folder names that are not classes, with the class each may mean; see `with_meanings`."""
    aside: Aside = field(default_factory=Aside)
    """Files of zips that are left aside, by kind; `aside.lines()` says it in words."""
    notes: list[str] = field(default_factory=list)
    """Sentences about what was taken for what."""

    def sentences(self) -> list[str]:
        """What was left aside, and what was taken for what."""
        lines = [line[0].upper() + line[1:] + "." for line in self.aside.lines()]
        return [*self.notes, *lines]


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


def collect(paths: Sequence[Path], classes: Sequence[str]) -> Collected:
    """List the photos in files and zips, without opening them. Raises `BatchError`.

    In a zip, a folder that has the name of a class is the label of the photos below it. Photos come
    in the order of the files, and in a zip in its own.
    """
    found = Collected([])
    for path in paths:
        if is_zip(path):
            _collect_zip(path, classes, found)
        else:
            found.shots.append(Shot(shown(path.name), None, _reader(path), place=Place(path)))
    if not found.shots:
        raise BatchError(
            "There are no photos; send JPEG, PNG, WebP, HEIC, AVIF or TIFF, or a zip of them."
            + "".join(f" Received: {line}" for line in found.aside.lines()[:1])
        )
    check_count(len(found.shots))
    found.dropped.extend(dropped_labels([shot.folder for shot in found.shots], classes))
    return found


def check_count(photos: int) -> None:
    """Raises `BatchError` for more photos, or files, than can be read at once."""
    if photos > MAX_PHOTOS:
        raise BatchError(
            f"{MAX_PHOTOS} photos can be read at once; send fewer. Received: {photos:,}"
        )


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


def _reader(path: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise PhotoError(f"{path.name} cannot be read: {error.strerror}.") from error

    return read


def _collect_zip(path: Path, classes: Sequence[str], found: Collected) -> None:
    try:
        # Open until the last of its photos is let go.
        inside = find_in_zip(Zip(path, LIMITS))
    except DatasetError as error:
        raise BatchError(str(error)) from error
    found.aside.update(inside.aside)
    found.notes.extend(inside.notes)
    found.shots.extend(
        Shot(photo.file.name, photo.label, photo.file.read, photo.folder, Place(path, number))
        for number, photo in enumerate(with_labels(inside, classes))
    )


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


def labels_in_order(shots: Sequence[Shot], labels: Iterable[str | None]) -> list[Shot]:
    """Put labels on photos, one each; None and "" leave a photo as it is. Raises `BatchError`."""
    given = list(labels)
    if len(given) != len(shots):
        raise BatchError(
            f"There is to be one label per photo, in the same order; {len(shots)} photos came. "
            f"Received: {len(given)} labels"
        )
    return [replace(s, label=label or s.label) for s, label in zip(shots, given, strict=True)]
