"""What of a photo file no pixel needs, taken out where a decoder stumbles over it.

Browsers read the pixels of a file whose comments, profiles or checksums of such are damaged. Pillow
refuses some of these files, so they are given to it once more without. The orientation stays.
"""

import struct
import zlib
from collections.abc import Iterator

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8"
END_OF_JPEG = b"\xff\xd9"
START_OF_SCAN = b"\xff\xda"

_EXIF = b"Exif\0\0"
_ORIENTATION = 0x0112
_COMMENT = 0xFE
_ALONE = frozenset([0x01, *range(0xD0, 0xD8)])
"""Markers of a JPEG that stand without a length."""


def without_metadata(data: bytes) -> bytes | None:
    """A PNG or JPEG with no more than its pixels and its orientation.

    None for other files, and for one that is damaged where its pixels begin.
    """
    if data.startswith(PNG):
        return _bare_png(data)
    if data.startswith(JPEG):
        return _bare_jpeg(data)
    return None


def orientation_of(exif: bytes) -> int:
    """The orientation in an EXIF block, whatever its other entries are; 1 where there is none."""
    tiff = exif.removeprefix(_EXIF)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 8:
        return 1
    (start,) = struct.unpack_from(order + "I", tiff, 4)
    if start + 2 > len(tiff):
        return 1
    (entries,) = struct.unpack_from(order + "H", tiff, start)
    for at in range(start + 2, min(start + 2 + 12 * entries, len(tiff) - 11), 12):
        tag, kind, count, value = struct.unpack_from(order + "HHIH", tiff, at)
        if (tag, kind, count) == (_ORIENTATION, 3, 1):
            return int(value)
    return 1


def scans_of(jpeg: bytes) -> int:
    """How many scans a JPEG has at most: the mark never stands in pixels, but in small previews."""
    return jpeg.count(START_OF_SCAN)


def _bare_exif(orientation: int) -> bytes:
    entry = struct.pack(">HHIHH", _ORIENTATION, 3, 1, orientation, 0)
    return b"MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)


def _bare_png(data: bytes) -> bytes:
    parts, exif = [PNG], b""
    for kind, payload, checksum in _png_chunks(data):
        if kind == b"eXIf":  # Whatever its checksum: the entries around may be what is damaged.
            exif = payload
        if kind[0] < ord("a") or kind == b"tRNS":  # Capitals: what the pixels need.
            if kind == b"IDAT" and exif:
                parts.append(_png_chunk(b"eXIf", _bare_exif(orientation_of(exif))))
                exif = b""
            parts.append(_png_chunk(kind, payload, checksum))
    return b"".join(parts)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    at = len(PNG)
    while at + 12 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        end = at + 8 + size
        if end + 4 > len(data):
            return
        yield kind, data[at + 8 : end], struct.unpack_from(">I", data, end)[0]
        at = end + 4


def _png_chunk(kind: bytes, payload: bytes, checksum: int | None = None) -> bytes:
    checksum = zlib.crc32(kind + payload) if checksum is None else checksum
    return struct.pack(">I4s", len(payload), kind) + payload + struct.pack(">I", checksum)


def _bare_jpeg(data: bytes) -> bytes | None:
    parts, orientation, at = [b""], 1, len(JPEG)
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # Any number of these may stand before a marker.
            at += 1
            continue
        if marker == START_OF_SCAN[1]:
            exif = _EXIF + _bare_exif(orientation)
            parts[0] = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
            return JPEG + b"".join(parts) + data[at:]
        if marker in _ALONE:
            at += 2
            continue
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        payload = data[at + 4 : end]
        if marker == 0xE1 and payload.startswith(_EXIF) and orientation == 1:
            orientation = orientation_of(payload)
        if not _is_metadata(marker, payload):
            parts.append(data[at:end])
        at = end
    return None


def _is_metadata(marker: int, payload: bytes) -> bool:
    if marker in (0xE0, 0xEE):  # These say how colours are stored.
        return not payload.startswith((b"JFIF", b"Adobe"))
    return marker == _COMMENT or 0xE0 <= marker <= 0xEF
