"""The folder of uploads: one per process, with a limit, and gone when its process is."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

from flowers.errors import StorageError
from flowers.files import check_temporary_folder
from flowers.page.limits import MAX_STORED, MIN_FREE, YOUNG

VARIABLE = "GRADIO_TEMP_DIR"
PREFIX = "flowers-"
IN_USE = ".in-use"


class Storage:
    """A folder for the uploads of this process, within the one that Gradio is told to use."""

    def __init__(self, most: int = MAX_STORED) -> None:
        """Make the folder, and delete those that dead processes left. Raises `UserError`."""
        named = os.environ.get(VARIABLE)
        self.most = most
        # First, since what they left may be what fills the disk.
        with suppress(OSError):
            _delete_abandoned(_base(named))
        check_temporary_folder(VARIABLE, Path(named) if named else None)
        base = _base(named)
        base.mkdir(parents=True, exist_ok=True)
        # Under another name until it is locked, so that nobody takes it for abandoned.
        made = Path(tempfile.mkdtemp(prefix="new-", dir=base))
        self._lock = _locked(made / IN_USE)
        self.folder = made.rename(made.with_name(made.name.replace("new-", PREFIX, 1)))

    def make_room(self, size: int, keep: Callable[[], Collection[str]] = tuple) -> None:
        """Delete the oldest uploads until `size` more bytes fit. Raises `StorageError`.

        Files in `keep`, and uploads of the last minutes, stay.
        """
        files = sorted(self._files(), key=lambda found: found[1].st_ctime)
        stored = sum(stat.st_size for _, stat in files)
        disk = shutil.disk_usage(self.folder)
        wanted = size + min(MIN_FREE, disk.total // 20)
        needed = max(stored + size - self.most, wanted - disk.free)
        if needed <= 0:
            return
        kept = set(keep())
        for path, stat in files:
            if str(path) in kept or time.time() - stat.st_ctime < YOUNG:
                continue
            with suppress(OSError):
                path.unlink()
                needed -= stat.st_size
            if needed <= 0:
                return
        raise StorageError(
            f"There is no room for more uploads now; try again in {YOUNG // 60} minutes, or send "
            f"fewer. Received: {size:,} bytes"
        )

    def delete_old(self, age: float, keep: Collection[str] = ()) -> None:
        """Delete uploads of more than `age` seconds but those in `keep`, and empty folders."""
        now = time.time()
        for path, stat in self._files():
            if now - stat.st_ctime > age and str(path) not in keep:
                with suppress(OSError):
                    path.unlink()
        for name, _, _ in os.walk(self.folder, topdown=False):
            # A young one may be about to get its file.
            with suppress(OSError):
                if Path(name) != self.folder and now - Path(name).stat().st_mtime > YOUNG:
                    Path(name).rmdir()

    def close(self) -> None:
        """Delete the folder and all uploads in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.release()

    def _files(self) -> list[tuple[Path, os.stat_result]]:
        found = []
        for folder, _, names in os.walk(self.folder):
            for name in names:
                path = Path(folder, name)
                with suppress(OSError):
                    if path != self.folder / IN_USE:  # Somebody's upload may be called so.
                        found.append((path, path.lstat()))
        return found


def _base(named: str | None) -> Path:
    return Path(named or Path(tempfile.gettempdir()) / "gradio").resolve()


def _delete_abandoned(base: Path) -> None:
    for folder in base.glob(f"{PREFIX}*"):
        try:
            lock = _locked(folder / IN_USE)
        except OSError:
            continue  # Its process lives.
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()


def _locked(path: Path) -> FileLock:
    """A lock that is held until it is released or this process ends. Raises `OSError`."""
    lock = FileLock(path, timeout=0, thread_local=False)  # Another thread may release it.
    lock.acquire()
    return lock
