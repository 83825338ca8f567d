"""A file that is closed to a decoder which has worked on it for too long.

A decoder cannot be stopped from outside, and one of its formats may have it work for minutes on a
file of a few megabytes. But most ask for their file piece by piece, so they end with the next one.
"""

import time
from typing import BinaryIO

from flowers.errors import PhotoError


class Budget:
    """Seconds of a processor that the calling thread may spend on one photo.

    Not of a clock: how busy a machine is and how long a photo waits for its turn do not count.
    """

    def __init__(self, name: str, seconds: float) -> None:
        self._name, self._seconds = name, seconds
        self._end = time.thread_time() + seconds

    def check(self) -> None:
        """Raises `PhotoError` where it is spent."""
        if time.thread_time() > self._end:
            raise PhotoError(
                f"{self._name} takes too long to decode; export it as JPEG again. "
                f"Received: over {self._seconds:.0f} seconds"
            )


class TimedFile:
    """What Pillow reads a file by, as long as the budget lasts."""

    def __init__(self, file: BinaryIO, budget: Budget) -> None:
        self._file, self._budget = file, budget

    def read(self, size: int = -1) -> bytes:
        """Raises `PhotoError`."""
        self._budget.check()
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Raises `PhotoError`."""
        self._budget.check()
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Place in the file."""
        return self._file.tell()
