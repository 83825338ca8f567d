"""Decoded photos in one memory-mapped file, so that every photo is decoded only once.

A photo is found by the hash of its file, so a changed photo is decoded anew and a second run
decodes nothing. A process that dies loses at most the photos added since the last flush.
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from flowers.backbones import IMAGE_SIZE
from flowers.files import sha256_of, write_text
from flowers.photos import PhotoError, read_photo

PIPELINE = 1
"""Raised when `photos.py` turns the same file into other pixels, so that old caches are left."""

FLUSH_EVERY = 500


class PhotoCache:
    """uint8[n, size, size, 3] on disk, one row a photo."""

    def __init__(self, folder: Path, size: int = IMAGE_SIZE) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.size = size
        self._rows_path = folder / f"photos-{size}-v{PIPELINE}.u8"
        self._index_path = self._rows_path.with_suffix(".json")
        self._bytes_a_row = size * size * 3
        self._index: dict[str, int | str] = {}
        if self._index_path.exists() and self._rows_path.exists():
            self._index = json.loads(self._index_path.read_text(encoding="utf-8"))
        self._count = sum(isinstance(row, int) for row in self._index.values())
        self._unsaved = 0
        self._file = self._rows_path.open("r+b" if self._rows_path.exists() else "w+b")

    def add(self, path: Path) -> str:
        """Decode the photo unless it is here already; return its SHA-256. Raises `PhotoError`."""
        try:
            sha256 = sha256_of(path)
        except OSError as error:
            raise PhotoError(f"{path.name} cannot be read: {error.strerror}.") from error
        if sha256 not in self._index:
            try:
                row = read_photo(path, self.size)
            except PhotoError as error:
                self._index[sha256] = str(error)
            else:
                self._file.seek(self._count * self._bytes_a_row)
                self._file.write(row.tobytes())
                self._index[sha256] = self._count
                self._count += 1
            self._unsaved += 1
            if self._unsaved >= FLUSH_EVERY:
                self.flush()
        entry = self._index[sha256]
        if isinstance(entry, str):
            raise PhotoError(entry)
        return sha256

    def flush(self) -> None:
        """Make what was added survive the process."""
        self._file.flush()
        if self._unsaved:
            write_text(self._index_path, json.dumps(self._index))
            self._unsaved = 0

    def rows(self, hashes: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """The memory map of all photos, uint8[n, size, size, 3], and the rows of `hashes`."""
        self.flush()
        shape = (self._count, self.size, self.size, 3)
        photos = np.memmap(self._rows_path, dtype=np.uint8, mode="r", shape=shape)
        return photos, np.array([self._index[sha256] for sha256 in hashes], dtype=np.int64)

    def image(self, sha256: str) -> Image.Image:
        """One photo as a Pillow image."""
        photos, (row,) = self.rows([sha256])
        return Image.fromarray(photos[row])
