"""One photo of a batch, opened large: what the Classify tab says of a photo, in a dialog."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import uuid4

from markupsafe import Markup

from flowers.errors import PhotoError
from flowers.models.batch import BatchRow
from flowers.models.consensus import NONE_OF_THESE
from flowers.models.zoo import Zoo
from flowers.page.html import message, render
from flowers.page.limits import PREVIEW
from flowers.page.one_photo import PhotoAnswer, photo_answers
from flowers.page.pictures import small_photo
from flowers.page.reading import Pair
from flowers.page.two_models import two_focus_maps
from flowers.page.words import WORDS


@dataclass(frozen=True)
class Asked:
    """The photo that a visitor wants to see."""

    row: int
    """Its number in the batch."""
    focus: str = ""
    """The class whose focus maps are shown, "" for what each model answered."""
    pair: bool = False
    """Whether the focus maps of two models are laid over the photo."""
    ticket: str = field(default_factory=lambda: uuid4().hex)
    """Never the same twice, so that a photo asked for anew is opened anew."""


def opened_photo(
    zoo: Zoo, row: BatchRow, asked: Asked, pair: Pair | None = None
) -> Iterator[Markup]:
    """Yield the dialog again and again, growing with every backbone that has read the photo.

    The models are those that read the photo before; `pair` are two whose maps a slider compares.
    """
    picture = ""
    for answer in _answers(zoo, row, asked.focus):
        if not picture and answer.photo:
            picture = small_photo(answer.photo, PREVIEW)
        yield render(
            "opened.html",
            number=asked.row,
            photo=row.reading.photo,
            labels=[*zoo.classes(), NONE_OF_THESE] if row.reading.predictions else [],
            picture=picture,
            maps=two_focus_maps(answer, pair, picture) if pair else "",
            answer=answer.html(),
        )


def _answers(zoo: Zoo, row: BatchRow, focus: str) -> Iterator[PhotoAnswer]:
    reading = row.reading
    try:
        if row.place is None or reading.reason:
            raise PhotoError(reading.reason or "The photo was not kept; send it again.")
        source = row.place.read()
    except PhotoError as error:
        yield PhotoAnswer(problem=message(str(error), WORDS["cannot_show"]))
        return
    backbones = list(dict.fromkeys(p.backbone for p in reading.predictions))
    variants = list(dict.fromkeys(p.variant for p in reading.predictions))
    yield from photo_answers(zoo, source, backbones, variants, focus)
