"""The app's page and the page without a server take their words from one place."""

import re
from pathlib import Path

from flowers.page.about import WORTH_KNOWING
from flowers.page.words import SUBTITLE, TITLE, WORDS
from tests.support import ROOT

PAGES = [
    path
    for folder in ("flowers/page", "static")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".py", ".html", ".js", ".ts") and "node_modules" not in path.parts
]


def pieces(text: str) -> list[str]:
    """The parts of a sentence between what is filled in, where they are long enough to tell."""
    return [part for part in re.split(r"\{\w+\}|\d+", text) if len(part.split()) > 2]


def joined(path: Path) -> str:
    """A source with its spaces as one each, and without the ends of strings at ends of lines."""
    text = " ".join(path.read_text(encoding="utf-8").split())
    return re.sub(r'"\s*\+?\s*f?"', "", text)


def test_a_page_s_words_stand_in_one_file_only() -> None:
    assert len(PAGES) > 60
    words = [TITLE, SUBTITLE, *WORDS.values(), *WORTH_KNOWING]
    sources = {path: joined(path) for path in PAGES}
    for text in words:
        for piece in pieces(text):
            found = [
                p.relative_to(ROOT).as_posix() for p, s in sources.items() if piece.strip() in s
            ]
            assert len(found) == 1, (piece, found)


def test_no_words_are_left_that_neither_page_says() -> None:
    texts = "\n".join(p.read_text(encoding="utf-8") for p in PAGES if p.name != "words.py")
    uses = r"""words\.{0}\b|WORDS\["{0}"|WORDS\['{0}'|say\("{0}"|else "{0}\""""
    assert [key for key in WORDS if not re.search(uses.format(key), texts)] == []
