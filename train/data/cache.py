"""Decoded photos in one memory-mapped file, so that every photo is decoded only once.

A photo is found by the hash of its file, so a changed photo is decoded anew and a second run
decodes nothing. A process that dies loses at most the photos added since the last flush.
"""

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image
from tqdm import tqdm

from flowers.backbones import IMAGE_SIZE
from flowers.errors import PhotoError
from flowers.files import sha256_of, write_text
from flowers.photos import ahead, read_photo

PIPELINE = 2
"""Raised when `photos.py` turns the same file into other pixels, so that old caches are left."""

FLUSH_EVERY = 500

Added = tuple[Path, str | PhotoError]
"""A photo, and its SHA-256 or why it could not be read."""


@dataclass(frozen=True)
class Cached:
    """Where a photo lies, and what it looks like."""

    row: int
    perceptual_hash: int
    """64 bits."""


@dataclass(frozen=True)
class Decoded:
    """A photo that was read, on its way into the cache."""

    sha256: str
    pixels: np.ndarray | None
    """uint8[size, size, 3]; None for a photo that is in the cache."""
    perceptual_hash: int
    """64 bits; 0 for a photo that is in the cache."""


class PhotoCache:
    """uint8[n, size, size, 3] on disk, one row per photo. One process at a time may add to it."""

    def __init__(self, folder: Path, size: int = IMAGE_SIZE) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._size = size
        self._rows_path = folder / f"photos-{size}-v{PIPELINE}.u8"
        self._index_path = self._rows_path.with_suffix(".json")
        self._row_bytes = size * size * 3
        # Unbuffered: a disk that is full says so here and not when the file is closed.
        mode = "r+b" if self._rows_path.exists() else "w+b"
        self._file = self._rows_path.open(mode, buffering=0)
        self._index = self._load_index()
        self._count = 1 + max((entry.row for entry in self._index.values()), default=-1)
        self._unsaved = 0

    @property
    def size(self) -> int:
        """Pixels of a side."""
        return self._size

    def add_all(self, paths: Sequence[Path], title: str = "photos") -> Iterator[Added]:
        """Add photos behind a progress bar; yield each path, in order, with its SHA-256 or error.

        Photos are decoded on all cores, and one that is here already is not decoded again. Raises
        OSError when the cache cannot be written.
        """
        cores = os.cpu_count() or 1
        # Threads are enough: decoding, scaling and hashing let go of Python's lock.
        decoded = ahead(self._decode, paths, cores, most=2 * cores + 1)
        for path, photo in tqdm(decoded, total=len(paths), desc=title, unit="photo"):
            yield self._outcome(path, photo)

    def flush(self) -> None:
        """Make what was added survive the process. Raises OSError."""
        if self._unsaved:
            # The index must not know of rows that are not on disk.
            os.fsync(self._file.fileno())
            entries = {
                sha: [entry.row, entry.perceptual_hash] for sha, entry in self._index.items()
            }
            write_text(self._index_path, json.dumps(entries))
            self._unsaved = 0

    def rows(self, hashes: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """The memory map of all photos, uint8[n, size, size, 3], and the rows of `hashes`."""
        self.flush()
        shape = (self._count, self.size, self.size, 3)
        if not self._count:
            return np.empty(shape, dtype=np.uint8), np.empty(0, dtype=np.int64)
        photos = np.memmap(self._rows_path, dtype=np.uint8, mode="r", shape=shape)
        return photos, np.array([self._index[sha256].row for sha256 in hashes], dtype=np.int64)

    def image(self, sha256: str) -> Image.Image:
        """One photo as a Pillow image."""
        photos, (row,) = self.rows([sha256])
        return Image.fromarray(photos[row])

    def perceptual_hashes(self, hashes: Sequence[str]) -> np.ndarray:
        """Perceptual hashes of the photos with these SHA-256 `hashes`, uint64[n]."""
        return np.array([self._index[sha].perceptual_hash for sha in hashes], dtype=np.uint64)

    def _decode(self, path: Path) -> Decoded:
        """Read a photo; its pixels only where they are not here already."""
        try:
            sha256 = sha256_of(path)
        except OSError as error:
            raise PhotoError(f"{path.name} cannot be read: {error.strerror}.") from error
        if sha256 in self._index:
            return Decoded(sha256, None, 0)
        # Not kept when it fails: another try costs little and has the right name in it.
        pixels = read_photo(path, self.size)
        return Decoded(sha256, pixels, perceptual_hash(Image.fromarray(pixels)))

    def _keep(self, photo: Decoded) -> str:
        if photo.pixels is not None and photo.sha256 not in self._index:
            self._write_row(self._count, photo.pixels.tobytes())
            self._index[photo.sha256] = Cached(self._count, photo.perceptual_hash)
            self._count += 1
            self._unsaved += 1
            if self._unsaved >= FLUSH_EVERY:
                self.flush()
        return photo.sha256

    def _outcome(self, path: Path, decoded: Future[Decoded]) -> Added:
        try:
            return path, self._keep(decoded.result())
        except PhotoError as error:
            return path, error

    def _write_row(self, row: int, content: bytes) -> None:
        self._file.seek(row * self._row_bytes)
        rest = memoryview(content)
        while rest:
            rest = rest[self._file.write(rest) :]

    def _load_index(self) -> dict[str, Cached]:
        """What is surely here: of a damaged index nothing, of a cut file its whole rows."""
        whole_rows = os.fstat(self._file.fileno()).st_size // self._row_bytes
        try:
            entries = json.loads(self._index_path.read_text(encoding="utf-8"))
            index = {sha: Cached(int(row), int(seen)) for sha, (row, seen) in entries.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}
        index = {sha256: entry for sha256, entry in index.items() if 0 <= entry.row < whole_rows}
        rows = {entry.row for entry in index.values()}
        return index if len(rows) == len(index) else {}


def perceptual_hash(image: Image.Image) -> int:
    """64-bit perceptual hash of a photo, by imagehash."""
    return int(str(imagehash.phash(image)), 16)
