"""The photos in a folder or a zip, whatever their endings, and all that is left aside."""

import zipfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Generic, Protocol, TypeVar

from flowers.errors import DatasetError, PhotoError
from flowers.folders.aside import Aside, Kind, kind_by_ending, kind_by_path
from flowers.folders.disk import DiskFile, Walk
from flowers.folders.zips import Member, Zip
from flowers.photos import SUFFIXES

HEAD = 32
"""Bytes at the beginning of a file that tell what it is."""


class PhotoFile(Protocol):
    """A photo on disk or in a zip, not yet opened."""

    @property
    def name(self) -> str:
        """Path below the folder or in the zip, with forward slashes."""

    def read(self) -> bytes:
        """All bytes. Raises `PhotoError`."""


File = TypeVar("File", bound=PhotoFile)


class AnyFile(PhotoFile, Protocol):
    """A file on disk or in a zip, which may be a photo."""

    def head(self, most: int) -> bytes:
        """The first `most` bytes. Raises `PhotoError`."""


_AnyFile = TypeVar("_AnyFile", bound=AnyFile)


@dataclass
class Found(Generic[File]):
    """The photos of a folder, in order of their paths, or of a zip, in its own; and what else."""

    root: Path
    """The folder or zip."""
    photos: Sequence[File]
    folders: list[str]
    """All folders but those that are left aside, with or without photos."""
    aside: Aside = field(default_factory=Aside)
    notes: list[str] = field(default_factory=list)
    """Sentences about what was taken for what."""
    source: Path | None = None
    """What people gave, where that is not `root`: the zip that was unpacked there."""


def find_on_disk(root: Path, leave: Collection[Path] = ()) -> Found[DiskFile]:
    """Find the photos below a folder. Raises `DatasetError`.

    `leave` are folders that do not count, such as the `--out` of the run that asks.
    """
    if not root.is_dir():
        raise DatasetError(f"{root} is not a folder; give the one that holds the photos.")
    aside = Aside()
    try:
        there = Walk(root, leave, aside)
    except OSError as error:
        raise DatasetError(f"{root} cannot be read: {error.strerror}.") from error
    return Found(root, photos_among(there.files, aside), there.folders, aside)


def find_in_zip(opened: Zip) -> Found[Member]:
    """Find the photos in a zip; they can be read until it is closed. Raises `DatasetError`."""
    aside = Aside()
    members, folders = opened.members(aside)
    photos = photos_among(members, aside)
    if not photos and (locked := aside.count(Kind.PASSWORD)):
        raise DatasetError(
            f"{opened.path.name} is protected by a password; unpack it yourself and give the "
            f"folder. Received: {locked:,} locked files"
        )
    opened.check_bytes(photos)
    filled = _folders_of(photo.name for photo in photos)
    said = filled | _folders_of(name for names in aside.names.values() for name in names)
    aside.add(
        Kind.EMPTY,
        *(n for n in folders if n not in said and kind_by_path(PurePosixPath(n)) is None),
    )
    notes = []
    if opened.guess is not None:
        example = next((m.name for m in members if not m.name.isascii()), "")
        notes.append(
            f"{opened.path.name} does not say in which letters its names are; they are read as "
            f"{opened.guess.upper()}, such as {example!r}."
        )
    return Found(opened.path, photos, [n for n in folders if n in filled], aside, notes)


def photos_among(files: Sequence[_AnyFile], aside: Aside) -> list[_AnyFile]:
    """Those of the files that are photos; all others are noted in `aside`."""
    photos = []
    for file in files:
        path = PurePosixPath(file.name)
        if kind := kind_by_path(path) or _kind_by_content(file, path):
            aside.add(kind, file.name)
        else:
            photos.append(file)
    return photos


def _folders_of(names: Iterable[str]) -> set[str]:
    return {str(parent) for name in names for parent in PurePosixPath(name).parents}


def is_photo(head: bytes) -> bool:
    """Whether a file that begins with these bytes is a photo of a format that can be read."""
    if head[4:8] == b"ftyp":
        return head[8:12] in HEIF_BRANDS
    if head[:4] == b"RIFF":
        return head[8:12] == b"WEBP"
    if head[:2] == b"BM":
        return int.from_bytes(head[14:18], "little") in (12, 40, 52, 56, 64, 108, 124)
    return head.startswith(MARKS)


def is_zip(path: Path) -> bool:
    """Whether a file is to be read as a zip: by what it holds, else by its ending.

    A photo is not one, whatever it is called and whatever follows it.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:  # Which is said when it is read.
        head = b""
    if is_photo(head):
        return False
    # The list at the end of the file tells a zip that unpacks itself.
    return head.startswith(b"PK\3\4") or path.suffix.lower() == ".zip" or zipfile.is_zipfile(path)


MARKS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"II*\0", b"MM\0*")
HEIF_BRANDS = frozenset(
    {b"avif", b"avis", b"heic", b"heim", b"heis", b"heix", b"hevc", b"hevx", b"mif1", b"msf1"}
)


def _kind_by_content(file: AnyFile, path: PurePosixPath) -> Kind | None:
    if path.suffix.lower() in SUFFIXES:
        return None  # What cannot be read of these is said of each, with the reason.
    kind = kind_by_ending(path)
    if kind is Kind.RAW:
        return kind  # It begins like a TIFF, and holds no more than a small preview as one.
    try:
        head = file.head(HEAD)
    except PhotoError:
        return Kind.CLOSED
    return None if is_photo(head) else kind
