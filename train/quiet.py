"""Keeps the notices of C++ libraries, which pass Python's logging by, off the terminal."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """Send all that is printed within to a file; print it after all when an error comes up."""
    sys.stdout.flush()
    sys.stderr.flush()
    with tempfile.TemporaryFile() as notices:
        kept = [os.dup(number) for number in (1, 2)]
        try:
            for number in (1, 2):
                os.dup2(notices.fileno(), number)
            yield
        except BaseException:
            _restore(kept)
            notices.seek(0)
            sys.stderr.write(notices.read().decode(errors="replace"))
            raise
        else:
            _restore(kept)


def _restore(kept: list[int]) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    for number, copy in zip((1, 2), kept, strict=True):
        os.dup2(copy, number)
        os.close(copy)
