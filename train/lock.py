"""One run at a time in a folder: two would overwrite each other's photos and weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flowers.errors import WeightsError

try:
    import fcntl
except ImportError:  # Windows has none; there, two runs are not kept apart.
    fcntl = None  # type: ignore[assignment]

LOCK = "lock"


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Hold the folder for this process within the block; a process that dies lets go of it.

    Raises `WeightsError` when another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise WeightsError(
                    f"Another run is at work in {folder.parent}; wait for it or choose another "
                    f"--out."
                ) from None
        yield
