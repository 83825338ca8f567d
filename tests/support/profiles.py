"""Colour profiles (ICC) as cameras write them."""

import struct

SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""g, a, b, c, d of (a x + b)^g from d on, and c x below: IEC 61966-2-1."""
DISPLAY_P3 = (
    (0.51512, 0.24120, -0.00105),
    (0.29198, 0.69225, 0.04189),
    (0.15710, 0.06657, 0.78407),
)
"""X, Y and Z of red, green and blue, adapted to D50: SMPTE EG 432-1 with a white of D65."""
SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
"""The same of IEC 61966-2-1."""
D50 = (0.9642, 1.0, 0.8249)


def matrix_profile(
    primaries: tuple[tuple[float, float, float], ...], curve: tuple[float, ...] = SRGB_CURVE
) -> bytes:
    """An ICC profile, version 4, of a display with three primaries and one curve."""
    text = "test".encode("utf-16-be")
    words = b"mluc" + struct.pack(">4xII2s2sII", 1, 12, b"en", b"US", len(text), 28) + text
    parts = {b"desc": words, b"cprt": words, b"wtpt": _xyz(D50)}
    parts |= {n: _xyz(p) for n, p in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)}
    trc = b"para" + struct.pack(">4xH2x", 3) + b"".join(map(_fixed, curve))
    parts |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), trc)
    at = 128 + 4 + 12 * len(parts)
    table, body = struct.pack(">I", len(parts)), b""
    for name, part in parts.items():
        table += name + struct.pack(">II", at + len(body), len(part))
        body += part + bytes(-len(part) % 4)
    head = struct.pack(">I4sI4s4s4s12x4s", at + len(body), b"none", 0x04200000, *_KIND, b"acsp")
    return head.ljust(68, b"\0") + b"".join(map(_fixed, D50)) + bytes(48) + table + body


_KIND = (b"mntr", b"RGB ", b"XYZ ")


def _fixed(number: float) -> bytes:
    return struct.pack(">i", round(number * 65536))


def _xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(map(_fixed, values))
