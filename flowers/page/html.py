"""HTML from the templates in `templates/`, which escape all that is put into them; scripts."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from flowers.backbones import BACKBONES
from flowers.models.sentences import capital, percent
from flowers.page.words import WORDS


def sentence(text: str) -> Markup:
    """A message as HTML: `code` between backticks, and what stands out between two stars."""
    coded = re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    return Markup(re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", coded))


def data_link(kind: str, text: str) -> str:
    """The address of a text that the page itself holds, to download; `kind` is its MIME type."""
    return f"data:{kind};charset=utf-8,{quote(text)}"


def render(template: str, **values: Any) -> Markup:
    """Fill in a template."""
    return Markup(_TEMPLATES.get_template(template).render(**values))


def message(text: str, title: str = WORDS["problem"]) -> Markup:
    """One sentence for the person in front of the page."""
    return render("message.html", text=text, title=title)


def backbone_name(key: str) -> str:
    """The name of a backbone for people."""
    return BACKBONES[key].name


def script(name: str) -> str:
    """What runs in the browser for one part of the page: a file in `scripts/`."""
    return (_FOLDER / "scripts" / f"{name}.js").read_text(encoding="utf-8")


_FOLDER = Path(__file__).parent
_TEMPLATES = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
_TEMPLATES.globals["words"] = WORDS
_TEMPLATES.filters.update(
    percent=percent, sentence=sentence, capital=capital, backbone=backbone_name
)
