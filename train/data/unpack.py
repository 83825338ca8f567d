"""Photos out of a zip, as the zip of a stranger deserves: nothing leaves the folder made for it."""

import hashlib
import lzma
import shutil
import stat
import tempfile
import time
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from flowers.errors import DatasetError
from flowers.photos import SUFFIXES

MOST_GROWTH = 100
"""Photos are compressed already; what grows more than this many times is not a set of photos."""
MOST_FILES = 1_000_000
MOST_DISK = 0.9
"""Of the free disk."""
ABANDONED = 24 * 3600
"""Seconds after which a folder half unpacked belongs to a process that died."""


def unpack(archive: Path, cache: Path) -> Path:
    """Return a folder below `cache` with the photos of a zip, unpacked once, whole or not at all.

    Only files that end like photos are unpacked. Raises `DatasetError`, and OSError when the disk
    cannot be written.
    """
    try:
        with zipfile.ZipFile(archive) as zipped:
            entries = _photos(zipped, archive.name)
            target = cache / f"{archive.stem}-{_key(entries)}"
            if target.is_dir():
                return target
            _check_sizes(entries, archive, cache)
            cache.mkdir(parents=True, exist_ok=True)
            for stale in cache.glob(".unpacking-*"):
                if time.time() - stale.stat().st_mtime > ABANDONED:
                    shutil.rmtree(stale, ignore_errors=True)
            with tempfile.TemporaryDirectory(dir=cache, prefix=".unpacking-") as partial:
                whole = Path(partial) / "photos"
                _write(zipped, entries, whole)
                if not target.is_dir():  # Another run may have been quicker.
                    whole.replace(target)
            return target
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        UnicodeDecodeError,
        NotImplementedError,  # A method of compression that Python lacks.
        FileExistsError,
        NotADirectoryError,  # A name that is a file here and a folder there.
    ) as error:
        raise DatasetError(
            f"{archive.name} is damaged or not a zip; unpack it yourself and give the folder. "
            f"Received: {error}"
        ) from error


def _photos(zipped: zipfile.ZipFile, name: str) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """Path -> entry of the photos; refuses what an honest zip of photos does not hold."""
    photos: dict[PurePosixPath, zipfile.ZipInfo] = {}
    for entry in zipped.infolist():
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or any(":" in part for part in path.parts):
            raise _refused(name, "a path that leads out of it", entry)
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise _refused(name, "a link", entry)
        hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
        if entry.is_dir() or hidden or path.suffix.lower() not in SUFFIXES:
            continue
        if entry.flag_bits & 1:
            raise DatasetError(
                f"{name} is protected by a password; unpack it yourself and give the folder."
            )
        photos[path] = entry
    if not photos:
        raise DatasetError(f"{name} holds no photos; put class folders of JPEG or PNG files in it.")
    return photos


def _refused(name: str, what: str, entry: zipfile.ZipInfo) -> DatasetError:
    return DatasetError(
        f"{name} holds {what}; unpack it yourself and give the folder. Received: {entry.filename!r}"
    )


def _key(entries: dict[PurePosixPath, zipfile.ZipInfo]) -> str:
    """Changes with the names and contents of the photos."""
    digest = hashlib.sha256()
    for path, entry in sorted(entries.items()):
        digest.update(f"{path}\t{entry.file_size}\t{entry.CRC}\n".encode())
    return digest.hexdigest()[:16]


def _check_sizes(entries: dict[PurePosixPath, zipfile.ZipInfo], archive: Path, cache: Path) -> None:
    # zipfile gives no more bytes of an entry than it declares, so these can be relied upon.
    size = sum(entry.file_size for entry in entries.values())
    if size > MOST_GROWTH * archive.stat().st_size or len(entries) > MOST_FILES:
        raise DatasetError(
            f"{archive.name} is far larger unpacked than photos would be; check where it comes "
            f"from. Received: {len(entries):,} files of {size:,} bytes"
        )
    existing = next(folder for folder in [cache, *cache.parents] if folder.is_dir())
    free = shutil.disk_usage(existing).free
    if size > MOST_DISK * free:
        raise DatasetError(
            f"{archive.name} needs {size / 1e9:.1f} GB unpacked and {free / 1e9:.1f} GB are free; "
            f"free some space."
        )


def _write(
    zipped: zipfile.ZipFile, entries: dict[PurePosixPath, zipfile.ZipInfo], root: Path
) -> None:
    for path, entry in tqdm(entries.items(), desc="unpacking", unit="photo"):
        target = root.joinpath(*path.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with zipped.open(entry) as source, target.open("xb") as file:
            shutil.copyfileobj(source, file)
