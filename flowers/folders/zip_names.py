"""Names of the files in a zip, which say in three ways, or in none, in which letters they are."""

import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Sequence

UTF8_FLAG = 0x800
UNICODE_PATH = 0x7075
"""Extra field of Info-ZIP (APPNOTE 4.6.9): the name in UTF-8 beside one in another encoding."""


def names_of(entries: Sequence[zipfile.ZipInfo]) -> tuple[list[str], str | None]:
    """The name of each entry, and the encoding where it had to be guessed.

    A name is in UTF-8 by its flag, or stands in the Unicode Path field. All others of one zip are
    taken to be in one encoding: macOS writes UTF-8 without the flag, Windows the encoding of the
    machine.
    """
    declared = [_declared(entry) for entry in entries]
    # Without the flag, zipfile takes every byte for a letter of cp437, which loses none.
    raw = [
        b"" if name is not None else entry.orig_filename.encode("cp437", "replace")
        for entry, name in zip(entries, declared, strict=True)
    ]
    guess = None if all(map(bytes.isascii, raw)) else guess_encoding(raw)
    return [
        found.decode(guess or "ascii", "replace") if name is None else name
        for name, found in zip(declared, raw, strict=True)
    ], guess


def guess_encoding(names: Sequence[bytes]) -> str:
    """The encoding in which most letters beyond ASCII are common ones; cp437 where none fits.

    Names that are UTF-8 throughout are hardly ever anything else.
    """
    text = b"\n".join(names)
    best, most = "cp437", 0.0
    for encoding, common in _COMMON.items():
        try:
            decoded = text.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8":
            return encoding
        words = [word for word in re.findall(r"[^\s/.\\_-]+", decoded) if not word.isascii()]
        letters = [(letter, word) for word in words for letter in word if not letter.isascii()]
        share = sum(common(letter, word) for letter, word in letters) / len(letters)
        if share > most:
            best, most = encoding, share
    return best


def _declared(entry: zipfile.ZipInfo) -> str | None:
    if entry.flag_bits & UTF8_FLAG:
        return entry.orig_filename
    extra = entry.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        content, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == UNICODE_PATH and len(content) > 5 and content[0] == 1:
            (checksum,) = struct.unpack_from("<I", content, 1)
            # Where another program renamed the entry, the field is stale and its checksum says so.
            if checksum == zlib.crc32(entry.orig_filename.encode("cp437", "replace")):
                try:
                    return content[5:].decode()
                except UnicodeDecodeError:
                    return None
    return None


def _western(letter: str, word: str) -> bool:
    """Whether a letter is Latin, in a word that consists of plain ones at least by half."""
    plain = sum(other.isascii() and other.isalpha() for other in word)
    return unicodedata.name(letter, "").startswith("LATIN") and 2 * plain >= len(word)


def _cyrillic(letter: str, word: str) -> bool:
    """Whether a letter is Cyrillic, in a word without plain ones."""
    plain = any(other.isascii() and other.isalpha() for other in word)
    return unicodedata.name(letter, "").startswith("CYRILLIC") and not plain


def _in_rows(encoding: str, first: int, last: int) -> Callable[[str, str], bool]:
    """Whether a letter stands in the rows of a national standard that hold its common letters."""

    def common(letter: str, word: str) -> bool:
        try:
            return first <= letter.encode(encoding)[0] <= last
        except UnicodeEncodeError:
            return False

    return common


def _japanese(letter: str, word: str) -> bool:
    kana = unicodedata.name(letter, "").startswith(("HIRAGANA", "KATAKANA LETTER", "KATAKANA-HIR"))
    return kana or _in_rows("shift_jis", 0x88, 0x97)(letter, word)


_COMMON: dict[str, Callable[[str, str], bool]] = {
    "utf-8": lambda letter, word: True,
    "cp437": _western,
    "cp850": _western,
    "cp866": _cyrillic,
    "gbk": _in_rows("gb2312", 0xB0, 0xD7),
    "cp932": _japanese,
    "cp949": _in_rows("euc_kr", 0xB0, 0xC8),
    "big5": _in_rows("big5", 0xA4, 0xC6),
}
"""Encoding -> whether a letter is common in it. Of equals, the first wins."""
