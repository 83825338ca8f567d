"""HTML from the templates in `templates/`, which escape all that is put into them."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from flowers.backbones import BACKBONES, DEFAULT_CLASSES

_NUMBERS = (
    *("no", "one", "two", "three", "four", "five", "six", "seven"),
    *("eight", "nine", "ten", "eleven", "twelve"),
)


def percent(share: float, digits: int = 0) -> str:
    """A share for people: 0.934 becomes "93 %". Only a full 1 becomes "100 %"."""
    limit = 1 - 0.5 * 10 ** -(digits + 2)
    if limit <= share < 1:
        return f"> {100 - 10**-digits:.{digits}f}\u202f%"
    return f"{100 * share:.{digits}f}\u202f%"


def count_of(number: int) -> str:
    """A small number in words."""
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)


def noun_of(classes: Sequence[str]) -> str:
    """What the classes are: flowers, as far as is known."""
    return "flowers" if set(classes) <= set(DEFAULT_CLASSES) else "classes"


def unknown_name(classes: Sequence[str]) -> str:
    """The plain words for a photo that is none of the classes."""
    return f"none of the {count_of(len(classes))} {noun_of(classes)}"


def capital(text: str) -> str:
    """The text with a capital letter in front; the rest as it is."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> Markup:
    """A message as HTML; what stands between backticks becomes code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def data_link(kind: str, text: str) -> str:
    """The address of a text that the page itself holds, to download; `kind` is its MIME type."""
    return f"data:{kind};charset=utf-8,{quote(text)}"


def render(template: str, **values: Any) -> Markup:
    """Fill in a template."""
    return Markup(_TEMPLATES.get_template(template).render(**values))


def message(text: str, title: str = "That did not work") -> Markup:
    """One sentence for the person in front of the page."""
    return render("message.html", text=text, title=title)


def backbone_name(key: str) -> str:
    """The name of a backbone for people."""
    return BACKBONES[key].name


_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
_TEMPLATES.filters.update(
    percent=percent, sentence=sentence, capital=capital, backbone=backbone_name
)
