"""Names that look the same, names that cannot be shown, and the class that a name may mean."""

import os
import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

INVISIBLE = "\u200b\u200e\u200f\u2060\ufeff"
"""Marks that are copied along with a name and that nobody sees."""
ALIKE = 0.6
"""Least similarity, as difflib has it, of a name and the class that is suggested for it."""


def tidy(name: str) -> str:
    """The name composed (NFC), as macOS does not store it, and without blanks at its ends.

    >>> tidy("Ga\\u0308nseblu\\u0308mchen ")
    'Gänseblümchen'
    """
    return unicodedata.normalize("NFC", name).strip(INVISIBLE).strip().strip(INVISIBLE)


def without_capitals(name: str) -> str:
    """The name as it is compared where capitals do not count."""
    return unicodedata.normalize("NFC", tidy(name).casefold())


def class_named(name: str, classes: Iterable[str]) -> str | None:
    """The class that a folder means: by its very name, else tidied, else without capitals.

    None where no class fits, or where two do.
    """
    given = list(classes)
    for key in (str, tidy, without_capitals):
        fitting = [known for known in given if key(known) == key(name)]
        if fitting:
            return fitting[0] if len(fitting) == 1 else None
    return None


def nearest_class(name: str, classes: Iterable[str]) -> str | None:
    """The class that is most like a name which is not a class, or None where none is.

    >>> nearest_class("Red roses (2024)", ["daisy", "rose"])
    'rose'
    """
    by_letters = {_letters(known): known for known in classes}
    wanted = _letters(name)
    within = [letters for letters in by_letters if letters and letters in wanted]
    if within:
        return by_letters[max(within, key=len)]
    close = get_close_matches(wanted, by_letters, n=1, cutoff=ALIKE)
    return by_letters[close[0]] if close else None


def _letters(name: str) -> str:
    return re.sub(r"[\W\d_]+", "", without_capitals(name))


def shown(name: str) -> str:
    r"""A file name that can be shown: in letters that UTF-8 has, and without orders to a terminal.

    Other bytes, which Linux allows, become \\xe9; what ends a line, moves a cursor or turns the
    direction of writing becomes a picture of it, such as \u240a for a line feed.
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        name = os.fsencode(name).decode(errors="backslashreplace")
    return name.translate(_PICTURES)


_PICTURES = {
    **{code: 0x2400 + code for code in range(0x20)},
    0x7F: 0x2421,
    **dict.fromkeys([*range(0x80, 0xA0), 0x2028, 0x2029], 0xFFFD),
    **dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)], 0xFFFD),
}
