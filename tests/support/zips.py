"""Zips as other programs write them, which zipfile does not."""

import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from tests.support.folders import files_of


def write_zip(path: Path, members: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    """A zip of files, in order."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def write_raw_names(path: Path, names: Mapping[bytes, str | None]) -> Path:
    """A zip of empty files whose names are these bytes, without the flag for UTF-8.

    A text beside a name goes into the Unicode Path field, as Info-ZIP writes it.
    """
    stand_ins = {}
    with zipfile.ZipFile(path, "w") as archive:
        for number, (raw, text) in enumerate(names.items()):
            stand_in = f"{number:04}".ljust(len(raw), "x")
            stand_ins[stand_in.encode()] = raw
            entry = zipfile.ZipInfo(stand_in)
            if text is not None:
                field = b"\1" + struct.pack("<I", zlib.crc32(raw)) + text.encode()
                entry.extra = struct.pack("<HH", 0x7075, len(field)) + field
            archive.writestr(entry, b"")
    content = path.read_bytes()
    for stand_in, raw in stand_ins.items():
        content = content.replace(stand_in, raw)
    path.write_bytes(content)
    return path


def locked(path: Path, count: int) -> Path:
    """The same zip with its first `count` files marked as protected by a password."""
    content = bytearray(path.read_bytes())
    at = 0
    for _ in range(count):
        at = content.index(b"PK\x01\x02", at + 1)
        content[at + 8] |= 1
    path.write_bytes(content)
    return path


def zip_of(root: Path, path: Path, prefix: str = "") -> Path:
    """A zip of a folder's files, below `prefix`."""
    with zipfile.ZipFile(path, "w") as zipped:
        for name, content in files_of(root).items():
            zipped.writestr(prefix + name, content)
    return path
