"""Every file in a zip, as the zip of a stranger deserves: little of what it says is believed."""

import io
import lzma
import stat
import struct
import time
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from flowers.errors import DatasetError, PhotoError, said
from flowers.folders.aside import Aside, Kind
from flowers.folders.names import shown
from flowers.folders.zip_names import names_of

DAMAGED = (
    *(zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError, NotImplementedError),
    *(zlib.error, lzma.LZMAError, struct.error),
)
"""What zipfile raises for what is not a sound zip; UnicodeDecodeError is a ValueError."""

STEP = 1 << 20
ENTRY_BYTES = 400
"""Of the list of files, per file; a name and its fields take a hundred or two."""


@dataclass(frozen=True)
class Limits:
    """How much of one zip is read."""

    entries: int
    """Photos or not."""
    photo_bytes: int
    """Of one file, unpacked."""
    total_bytes: int
    """Of all files, unpacked."""
    growth: int = 100
    """Photos are compressed already: what grows more than this many times is not a set of them."""
    seconds: float = float("inf")
    """Spent on unpacking."""


PAGE = Limits(entries=10_000, photo_bytes=60_000_000, total_bytes=3_000_000_000, seconds=60)
"""What visitors send."""
TRAINING = Limits(entries=1_000_000, photo_bytes=2**31, total_bytes=10**13)
"""What people give to a command on their own machine; the free disk is looked at besides."""
SMALL_BYTES = 32_000_000
"""Bytes that any zip may unpack to, whatever its own size."""


class Zip:
    """An open zip; its members can be read as long as it is not closed."""

    def __init__(self, path: Path, limits: Limits) -> None:
        """Read the list of files. Raises `DatasetError`."""
        self.path, self.limits = path, limits
        self.seconds = 0.0
        try:
            self.file = _Guarded(io.FileIO(path), limits.entries * ENTRY_BYTES)
            self.archive = zipfile.ZipFile(self.file)
            self.file.most = None
            self._infos = self.archive.infolist()
            self._names, self.guess = names_of(self._infos)
        except _LongListError:
            raise self._too_many(f"a list of over {limits.entries:,}") from None
        except DAMAGED as error:
            raise DatasetError(
                f"{path.name} is damaged or not a zip; pack it again. Received: {said(error)}"
            ) from error
        if len(self._infos) > limits.entries:
            raise self._too_many(f"{len(self._infos):,}")

    def __enter__(self) -> "Zip":
        return self

    def __exit__(self, *raised: object) -> None:
        self.archive.close()
        self.file.close()

    def members(self, aside: Aside) -> tuple[list["Member"], list[str]]:
        """All files, in the order of the zip, and all folders.

        Links and files with a password are left aside. Raises `DatasetError`.
        """
        found: dict[str, Member] = {}
        folders: set[str] = set()
        for info, given in zip(self._infos, self._names, strict=True):
            name = inner_path(given)
            if not name:
                continue
            folders.update(str(parent) for parent in PurePosixPath(name).parents)
            if info.is_dir() or given.endswith(("/", "\\")):
                folders.add(name)
            elif stat.S_ISLNK(info.external_attr >> 16):
                aside.add(Kind.ZIP_LINK, name)
            elif info.flag_bits & 1:
                aside.add(Kind.PASSWORD, name)
            else:
                if name in found:
                    aside.add(Kind.TWICE, name)
                found[name] = Member(name, info.file_size, self, info)
        return list(found.values()), sorted(folders - {"."})

    def check_bytes(self, members: list["Member"]) -> None:
        """Refuse to unpack what photos would not unpack to. Raises `DatasetError`."""
        size = sum(member.size for member in members)
        packed = self.path.stat().st_size
        if size > max(SMALL_BYTES, self.limits.growth * packed) or size > self.limits.total_bytes:
            raise DatasetError(
                f"{self.path.name} is far larger unpacked than photos would be; check where it "
                f"comes from. Received: {len(members):,} files of {size:,} bytes"
            )
        ends = 0
        for info in sorted((member.info for member in members), key=lambda i: i.header_offset):
            if info.header_offset < ends:
                raise DatasetError(
                    f"{self.path.name} holds files that lie over one another; pack it again. "
                    f"Received: {info.filename!r}"
                )
            ends = info.header_offset + info.compress_size

    def _too_many(self, received: str) -> DatasetError:
        return DatasetError(
            f"{self.path.name} holds too many files; pack no more than {self.limits.entries:,} "
            f"into one zip. Received: {received}"
        )


@dataclass(frozen=True)
class Member:
    """A file in a zip."""

    name: str
    """Path in the zip, with forward slashes; it does not lead out of it."""
    size: int
    """Bytes unpacked, as the zip has it; no more are ever read."""
    zip: Zip = field(repr=False, compare=False)
    info: zipfile.ZipInfo = field(repr=False, compare=False)

    def head(self, most: int) -> bytes:
        """The first `most` bytes. Raises `PhotoError`."""
        started, pieces = time.monotonic(), []
        self._check_seconds(self.zip.seconds)
        try:
            with self.zip.archive.open(self.info) as file:
                while most > 0 and (piece := file.read(min(most, STEP))):
                    pieces.append(piece)
                    most -= len(piece)
                    self._check_seconds(self.zip.seconds + time.monotonic() - started)
        except DAMAGED as error:
            if isinstance(error, PhotoError):
                raise
            raise PhotoError(
                f"{self.name} cannot be unpacked; pack the zip again without a password. "
                f"Received: {said(error)}"
            ) from error
        finally:
            self.zip.seconds += time.monotonic() - started
        return b"".join(pieces)

    def _check_seconds(self, spent: float) -> None:
        if spent > self.zip.limits.seconds:
            raise PhotoError(
                f"{self.name} is not unpacked, since the zip took more than "
                f"{self.zip.limits.seconds:.0f} seconds; send fewer photos at once."
            )

    def read(self) -> bytes:
        """All bytes. Raises `PhotoError`."""
        if self.size > self.zip.limits.photo_bytes:
            raise PhotoError(
                f"{self.name} is too large; make it smaller than "
                f"{self.zip.limits.photo_bytes // 1_000_000} MB."
            )
        return self.head(self.size + 1)


def inner_path(name: str) -> str:
    """The path of a file in a zip with forward slashes, taken to begin at the top of the zip.

    >>> inner_path("C:\\\\photos\\\\..\\\\rose\\\\1.jpg")
    'rose/1.jpg'
    """
    name = name.split("\0")[0].replace("\\", "/")
    if len(name) > 1 and name[1] == ":" and name[0].isascii() and name[0].isalpha():
        name = name[2:]
    parts: list[str] = []
    for part in name.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(shown(part))
    return "/".join(parts)


class _LongListError(Exception):
    """The zip asks for more memory than its list of files may take."""


class _Guarded(io.BufferedReader):
    """zipfile reads the list of files at once, however long a stranger's zip says that it is."""

    most: int | None

    def __init__(self, raw: io.FileIO, most: int) -> None:
        super().__init__(raw)
        self.most = most

    def read(self, size: int | None = -1, /) -> bytes:
        if self.most is not None and size is not None and size > max(self.most, 1 << 17):
            raise _LongListError
        return super().read(size)
