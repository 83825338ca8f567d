"""The photos of a zip, unpacked once into a folder that is made for them."""

import hashlib
import lzma
import shutil
import tempfile
import time
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from flowers.errors import DatasetError, said
from flowers.folders.disk import DiskFile
from flowers.folders.find import Found, find_in_zip, find_on_disk
from flowers.folders.names import without_capitals
from flowers.folders.zips import TRAINING, Member, Zip

UNPACKED_SHARE = 0.9
"""Of the free disk."""
LONGEST = 240
"""Bytes of a file's name; most file systems allow 255."""
LONGEST_PATH = 2000
"""Bytes of a path below the folder; Linux allows 4,096 in all."""
KEPT_NAMES = 5
"""Names at the top of a path that is too long which stay, since they say what class it is."""
ABANDONED_UNPACKING = 24 * 3600
"""Seconds after which a folder half unpacked belongs to a process that died."""


def unpack(archive: Path, cache: Path) -> Found[DiskFile]:
    """Find the photos of a zip in a folder below `cache`, unpacked once, whole or not at all.

    Raises `DatasetError`, and OSError when the disk cannot be written.
    """
    try:
        with Zip(archive, TRAINING) as opened:
            inside = find_in_zip(opened)
            if not inside.photos:
                raise DatasetError(
                    f"{archive.name} holds no photos; put class folders of JPEG or PNG files in it."
                )
            names = safe_names([photo.name for photo in inside.photos])
            target = cache / f"{archive.stem}-{_key(inside.photos)}"
            if not target.is_dir():
                _unpack(opened, dict(zip(names, inside.photos, strict=True)), target)
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        UnicodeDecodeError,
        NotImplementedError,  # A method of compression that Python lacks.
    ) as error:
        raise DatasetError(
            f"{archive.name} is damaged or not a zip; unpack it yourself and give the folder. "
            f"Received: {said(error)}"
        ) from error
    found = find_on_disk(target)
    found.aside.update(inside.aside)
    found.notes += inside.notes
    found.source = archive
    others = [n for n, photo in zip(names, inside.photos, strict=True) if n != photo.name]
    if others:
        found.notes.append(
            f"{len(others)} names that are too long, or equal but for capitals, are unpacked as "
            f"others, such as {others[0]}."
        )
    return found


def safe_names(names: Sequence[str]) -> list[str]:
    """Names under which photos can be unpacked next to one another on any disk.

    What is longer than a file system allows is cut, and of names that differ only in capitals or
    the form of accents the later ones get a number.
    """
    paths = [_short_path(name) for name in names]
    # A file may not have the name of a folder either.
    taken = {without_capitals(str(parent)) for path in paths for parent in path.parents}
    safe = []
    for path in paths:
        number = 1
        unique = path
        while without_capitals(str(unique)) in taken:
            number += 1
            unique = path.with_name(f"{path.stem}~{number}{path.suffix}")
        taken.add(without_capitals(str(unique)))
        safe.append(str(unique))
    return safe


def _short_path(name: str) -> PurePosixPath:
    parts = [_short(part) for part in name.split("/")]
    while len(parts) > KEPT_NAMES and len("/".join(parts).encode()) > LONGEST_PATH:
        del parts[KEPT_NAMES - 1]
    return PurePosixPath(*parts)


def _short(name: str) -> str:
    if len(name.encode()) <= LONGEST:
        return name
    suffix = PurePosixPath(name).suffix
    end = f"~{hashlib.sha256(name.encode()).hexdigest()[:8]}{suffix if len(suffix) < 10 else ''}"
    return name.encode()[: LONGEST - len(end.encode())].decode(errors="ignore") + end


def _key(photos: Sequence[Member]) -> str:
    """Changes with the names and contents of the photos."""
    digest = hashlib.sha256()
    for path, photo in sorted((PurePosixPath(photo.name), photo) for photo in photos):
        digest.update(f"{path}\t{photo.size}\t{photo.info.CRC}\n".encode())
    return digest.hexdigest()[:16]


def _unpack(opened: Zip, photos: dict[str, Member], target: Path) -> None:
    cache = target.parent
    _check_room(photos, opened.path, cache)
    cache.mkdir(parents=True, exist_ok=True)
    for stale in cache.glob(".unpacking-*"):
        if time.time() - stale.stat().st_mtime > ABANDONED_UNPACKING:
            shutil.rmtree(stale, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".unpacking-") as partial:
        whole = Path(partial) / "photos"
        for name, photo in tqdm(photos.items(), desc="unpacking", unit="photo"):
            path = whole / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with opened.archive.open(photo.info) as source, path.open("xb") as file:
                shutil.copyfileobj(source, file)
        if not target.is_dir():  # Another run may have been quicker.
            whole.replace(target)


def _check_room(photos: dict[str, Member], archive: Path, cache: Path) -> None:
    # zipfile gives no more bytes of an entry than it declares, so these can be relied upon.
    size = sum(photo.size for photo in photos.values())
    existing = next(folder for folder in [cache, *cache.parents] if folder.is_dir())
    free = shutil.disk_usage(existing).free
    if size > UNPACKED_SHARE * free:
        raise DatasetError(
            f"{archive.name} needs {size / 1e9:.1f} GB unpacked and {free / 1e9:.1f} GB are free; "
            f"free some space."
        )
