"""Decoded photos, wherever they are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np


class DecodedPhotos(Protocol):
    """Photos of one size, found by the SHA-256 of their files."""

    @property
    def size(self) -> int:
        """Pixels of a side."""

    def rows(self, hashes: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """All photos, uint8[n, size, size, 3], and the rows of `hashes`, int64[len(hashes)].

        Raises KeyError when one is not there.
        """


@dataclass(frozen=True)
class PhotosInMemory:
    """Photos in an array that somebody else keeps."""

    photos: np.ndarray
    """uint8[n, size, size, 3]."""
    row_of: Mapping[str, int]
    """SHA-256 -> row."""

    @property
    def size(self) -> int:
        """Pixels of a side."""
        return self.photos.shape[1]

    def rows(self, hashes: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """The array, and the rows of n `hashes` in it, int64[n]. KeyError for unknown ones."""
        return self.photos, np.array([self.row_of[sha256] for sha256 in hashes], dtype=np.int64)
