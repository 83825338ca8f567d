"""A NumPy file that is filled row by row and then read as a memory map."""

from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import DTypeLike


class RowFile:
    """`rows` arrays of `shape` in a `.npy` file.

    Rows are written by ordinary writes: a full disk raises OSError, where writing to a memory map
    would end the process.
    """

    def __init__(self, path: Path, rows: int, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self.path, self.shape, self.dtype = path, (rows, *shape), np.dtype(dtype)

    def exists(self) -> bool:
        """Whether the file is there, whole, and of this shape."""
        try:
            there = open_memmap(self.path, "r")
        except (OSError, ValueError):
            return False
        return there.shape == self.shape and there.dtype == self.dtype

    def create(self) -> None:
        """Make the file, of zeros. It takes its room on the disk as rows are written."""
        open_memmap(self.path, "w+", self.dtype, self.shape)

    def write(self, start: int, values: np.ndarray) -> None:
        """Write rows, [n, *shape[1:]], from `start` on. Raises OSError."""
        offset = open_memmap(self.path, "r").offset
        with self.path.open("r+b") as file:
            file.seek(offset + start * int(np.prod(self.shape[1:])) * self.dtype.itemsize)
            file.write(np.ascontiguousarray(values, dtype=self.dtype).data)

    def read(self) -> np.ndarray:
        """All rows as a memory map, [*shape]."""
        return open_memmap(self.path, "r")
