"""Files that appear whole or not at all."""

import glob
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flowers.errors import UserError

ABANDONED = 3600
"""Seconds without a write after which a partial file belongs to a process that died."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; it takes `path`'s place when the block succeeds.

    A block that fails, or a process that dies, leaves `path` as it was. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=f"-{path.name}")
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.chmod(0o644)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _remove_abandoned(path: Path) -> None:
    for partial in path.parent.glob(f".????????-{glob.escape(path.name)}"):
        with suppress(FileNotFoundError):
            if time.time() - partial.stat().st_mtime > ABANDONED:
                partial.unlink()


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all."""
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Write `content`, whole or not at all."""
    with whole_file(path) as partial:
        partial.write_bytes(content)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's contents, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_temporary_folder(variable: str, folder: Path | None = None) -> None:
    """Try to write to the folder for temporary files: the system's, or that of `variable`.

    Raises `UserError`.
    """
    try:
        where = folder or Path(tempfile.gettempdir())
        where.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=where) as file:
            file.write(b"tried")
    except OSError as error:
        raise UserError(
            f"No temporary files can be written to {folder or 'any folder for them'}; make room "
            f"there, or set {variable} to another folder. Received: {error.strerror}"
        ) from error
