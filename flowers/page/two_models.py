"""Two models of a batch side by side, as HTML: in its tab, and on a photo that is opened."""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from flowers.backbones import model_name
from flowers.models.batch import BatchRow
from flowers.models.compare import Standings
from flowers.models.head_to_head import head_to_head
from flowers.page.html import render
from flowers.page.one_photo import PhotoAnswer
from flowers.page.pictures import data_uri
from flowers.page.reading import Pair


def pair_of(standings: Standings, chosen: Pair | None) -> Pair | None:
    """The two that were chosen, else the best and the best of another backbone.

    None where only one model was asked.
    """
    scores = {score.model: score.accuracy for score in standings.scores}
    if len(scores) < 2:
        return None
    if chosen and set(chosen) <= scores.keys():
        return chosen
    best, *others = sorted(scores, key=lambda m: -scores[m])
    return best, next((model for model in others if model[0] != best[0]), others[0])


def two_models(rows: Sequence[BatchRow], standings: Standings, pair: Pair) -> Markup:
    """What only one of two models reads right, and whether that is more than chance."""
    found = head_to_head([row.reading for row in rows], standings, *pair)
    sides = [
        {"name": model_name(model), "photos": [_photo(rows, number, pair) for number in photos]}
        for model, photos in zip(pair, (found.only_first, found.only_second), strict=True)
    ]
    return render("two_models.html", found=found, sides=sides)


def _photo(rows: Sequence[BatchRow], number: int, pair: Pair) -> dict[str, Any]:
    row = rows[number]
    said = row.reading.by_model
    return {
        "number": number,
        "name": row.reading.photo,
        "label": row.reading.label,
        "picture": data_uri(row.thumbnail, "JPEG") if row.thumbnail else None,
        "wrong": next(label for m in pair if (label := said[m].label) != row.reading.label),
    }


def two_focus_maps(answer: PhotoAnswer, pair: Pair, picture: str) -> Markup:
    """The focus maps of two models over one photo, with a slider; empty until both are there."""
    found = {p.model: p for p in answer.predictions}
    if answer.photo is None or not set(pair) <= found.keys():
        return Markup("")
    sides = [(model_name(model), found[model], answer.overlay_of(found[model])) for model in pair]
    shape = f"{answer.photo.width} / {answer.photo.height}"
    return render("two_focus_maps.html", sides=sides, picture=picture, shape=shape)
