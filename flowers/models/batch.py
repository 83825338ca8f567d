"""Many photos at once: single files and zips, with labels where a zip has class folders."""

import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from flowers.ahead import ahead
from flowers.backbones import Model
from flowers.errors import BatchError, ChoiceError, PhotoError
from flowers.models.classifier import Prediction
from flowers.models.compare import Reading
from flowers.models.zoo import Zoo
from flowers.page.overlay import data_uri
from flowers.photos import SUFFIXES, load_photo

MAX_PHOTOS = 500
MAX_ENTRIES = 10_000
"""Of one zip, photos or not: reading the list of a larger one costs too much."""
MAX_BYTES = 60_000_000
"""Of one photo in a zip, unpacked."""
THUMBNAIL = 56

_DAMAGED = (
    *(zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError, NotImplementedError),
    *(zlib.error, lzma.LZMAError, struct.error),
)
"""What zipfile raises for what is no sound zip; UnicodeDecodeError is a ValueError."""

_NO_FOCUS = np.empty((0, 0, 0), dtype=np.float32)


@dataclass(frozen=True)
class Shot:
    """One photo of a batch, not yet opened."""

    name: str
    label: str | None
    read: Callable[[], bytes]
    """Raises `PhotoError`."""


@dataclass(frozen=True)
class BatchRow:
    """One photo of a batch after all models have read it."""

    reading: Reading
    thumbnail: str = ""
    """Data URI."""

    def labelled(self, label: str | None) -> "BatchRow":
        """The same row under another label."""
        return replace(self, reading=replace(self.reading, label=label))


def collect(paths: Sequence[Path], classes: Sequence[str]) -> list[Shot]:
    """List the photos in files and zips, without opening them. Raises `BatchError`.

    In a zip, the folder that holds a photo is its label when it has the name of a class.
    """
    shots: list[Shot] = []
    for path in paths:
        if path.suffix.lower() == ".zip":
            shots += _in_zip(path, classes)
        else:
            shots.append(Shot(path.name, None, _reader(path)))
    if not shots:
        raise BatchError("There are no photos; send JPEG, PNG, WebP, HEIC, AVIF or TIFF, or a zip.")
    check_count(len(shots))
    return shots


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
    failed: Callable[[str, str], None],
    progress: Callable[[int, str], None] = lambda done, name: None,
) -> Iterator[BatchRow]:
    """Read the photos one by one, with all models; a photo that cannot be read says why.

    `failed` is called as in `Zoo.predict`. Raises `ChoiceError` when no model is left.
    """
    broken: dict[str, str] = {}

    def leave_out(backbone: str, reason: str) -> None:
        broken[backbone] = reason
        failed(backbone, reason)

    detail = zoo.detail()
    for number, (shot, opened) in enumerate(_ahead(shots, detail)):
        progress(number, shot.name)
        try:
            photo = opened()
        except PhotoError as error:
            reason = str(error).replace("The photo", shot.name, 1)
            yield BatchRow(Reading(shot.name, shot.label, reason=reason))
            continue
        left = [model for model in models if model[0] not in broken]
        found = [p for some in zoo.predict(photo, left, failed=leave_out) for p in some]
        if not found:
            raise ChoiceError(f"None of the chosen models can be used. {' '.join(broken.values())}")
        predictions = tuple(map(_without_focus, sorted(found, key=_place(models))))
        yield BatchRow(Reading(shot.name, shot.label, predictions), _thumbnail(photo))


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


def _without_focus(prediction: Prediction) -> Prediction:
    return replace(prediction, focus=_NO_FOCUS)


def _place(models: Sequence[Model]) -> Callable[[Prediction], int]:
    place = {model: i for i, model in enumerate(models)}
    return lambda p: place[p.backbone, p.variant]


def _thumbnail(photo: Image.Image) -> str:
    side = min(photo.size)
    left, top = (photo.width - side) // 2, (photo.height - side) // 2
    square = photo.crop((left, top, left + side, top + side))
    return data_uri(square.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BILINEAR), "JPEG")


def _reader(path: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise PhotoError(f"{path.name} cannot be read: {error.strerror}.") from error

    return read


def _in_zip(path: Path, classes: Sequence[str]) -> list[Shot]:
    by_name = {name.casefold(): name for name in classes}
    try:
        if (entries := _entries(path)) > MAX_ENTRIES:
            raise BatchError(
                f"{path.name} holds too many files; pack no more than {MAX_ENTRIES:,} into one "
                f"zip. Received: {entries:,}"
            )
        archive = zipfile.ZipFile(path)  # Open until the last of its photos is let go.
        members = [m for m in archive.infolist() if _is_photo(m)]
    except BatchError:
        raise
    except _DAMAGED as error:
        raise BatchError(
            f"{path.name} is damaged or no zip; pack it again. Received: {error}"
        ) from error
    return [
        Shot(
            name=member.filename,
            label=by_name.get(PurePosixPath(member.filename).parent.name.casefold()),
            read=_zip_reader(archive, member),
        )
        for member in members
    ]


def _entries(path: Path) -> int:
    """How many entries a zip says it has, without reading them; 0 where it says nothing."""
    with path.open("rb") as file:
        end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    return end[zipfile._ECD_ENTRIES_TOTAL] if end else 0  # type: ignore[attr-defined]


def _is_photo(member: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(member.filename).parts
    hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
    return (
        not member.is_dir()
        and not hidden
        and PurePosixPath(member.filename).suffix.lower() in SUFFIXES
    )


def _zip_reader(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            with archive.open(member) as file:
                data = file.read(MAX_BYTES + 1)
        except _DAMAGED as e:
            raise PhotoError(
                f"{member.filename} cannot be unpacked; pack the zip again without a password. "
                f"Received: {e}"
            ) from e
        if len(data) > MAX_BYTES:
            raise PhotoError(
                f"{member.filename} is too large; make it smaller than {MAX_BYTES // 1_000_000} MB."
            )
        return data

    return read


def labels_in_order(shots: Sequence[Shot], labels: Iterable[str | None]) -> list[Shot]:
    """Put labels on photos, one each; None and "" leave a photo as it is. Raises `BatchError`."""
    given = list(labels)
    if len(given) != len(shots):
        raise BatchError(
            f"There is to be one label a photo, in the same order; {len(shots)} photos came. "
            f"Received: {len(given)} labels"
        )
    return [replace(s, label=label or s.label) for s, label in zip(shots, given, strict=True)]
