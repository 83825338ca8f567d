"""What the models say of one photo, as HTML: the verdict, the models side by side, focus maps."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from types import MappingProxyType

from PIL import Image

from flowers.backbones import BACKBONES, DEFAULT_CLASSES, Model, model_name
from flowers.models.classifier import Prediction
from flowers.models.compare import Verdict, class_order, consensus, dissent
from flowers.page.overlay import overlay_uri, photo_uri

_NUMBERS = [
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]

_NO_STATUS: Mapping[str, str] = MappingProxyType({})

EMPTY = """<section class="verdict empty"><p class="eyebrow">No photo yet</p>
<h2>Choose a photo</h2><p>Upload one, take one with the camera, paste one, or pick an example.
Every chosen model then reads it, and the page says what they agree on.</p></section>"""


def percent(share: float, digits: int = 0) -> str:
    """A share for people: 0.934 becomes "93 %". Only a full 1 becomes "100 %"."""
    limit = 1 - 0.5 * 10 ** -(digits + 2)
    if limit <= share < 1:
        return f"> {100 - 10**-digits:.{digits}f}\u202f%"
    return f"{100 * share:.{digits}f}\u202f%"


def unknown_name(classes: Sequence[str]) -> str:
    """The plain words for a photo that is none of the classes."""
    count = _NUMBERS[len(classes)] if len(classes) < len(_NUMBERS) else str(len(classes))
    noun = "flowers" if set(classes) <= set(DEFAULT_CLASSES) else "classes"
    return f"none of the {count} {noun}"


def message(text: str, title: str = "That did not work") -> str:
    """One sentence for the person in front of the page."""
    return (
        f'<section class="verdict problem" role="alert"><p class="eyebrow">{escape(title)}</p>'
        f"<p>{sentence(text)}</p></section>"
    )


def sentence(text: str) -> str:
    """A message as HTML; what stands between backticks becomes code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def result(
    photo: Image.Image,
    predictions: Sequence[Prediction],
    pending: Sequence[Model],
    failed: Mapping[str, str],
    status: Mapping[str, str] = _NO_STATUS,
) -> str:
    """The whole answer to one photo; `pending` models have still to read it.

    `status` says of a pending backbone what is being done, where that is not reading.
    """
    parts = [
        verdict(predictions, pending) if predictions else _waiting(pending, status),
        "".join(
            f'<p class="failure" role="alert">{escape(BACKBONES[key].name)} was left out: '
            f"{sentence(reason)}</p>"
            for key, reason in failed.items()
        ),
    ]
    if predictions:
        parts += [heat_table(predictions, pending, status), focus_cards(photo, predictions)]
    return f'<div class="answer" data-pending="{len(pending)}">{"".join(parts)}</div>'


def verdict(predictions: Sequence[Prediction], pending: Sequence[Model] = ()) -> str:
    """The consensus in one look, and where the models part."""
    summary = consensus(predictions)
    classes = class_order(p.classes for p in predictions)
    title = summary.label if summary.known else unknown_name(classes)
    waiting = f", {len(pending)} still reading" if pending else ""
    noun = "model" if summary.models == 1 else "models"
    if summary.known:
        agree = "says so" if summary.models == 1 else "agree"
        facts = (
            f"<li><b>{percent(summary.probability)}</b> mean calibrated probability</li>"
            f"<li><b>{summary.agreement} of {summary.models}</b> {noun} {agree}</li>"
        )
    else:
        unsure = sum(not p.known for p in predictions)
        facts = (
            f"<li><b>{unsure} of {summary.models}</b> {noun} not sure enough of any class</li>"
            f"<li>nearest is <b>{escape(summary.label)}</b> at "
            f"<b>{percent(summary.probability)}</b></li>"
        )
    return (
        f'<section class="verdict" aria-live="polite" data-known="{str(summary.known).lower()}">'
        f'<p class="eyebrow">Consensus of {summary.models} {noun}{waiting}</p>'
        f"<h2>{escape(title[:1].upper() + title[1:])}</h2>"
        f'<ul class="facts">{facts}</ul>{_dissent(predictions)}</section>'
    )


def leader(verdict: Verdict) -> tuple[str, str]:
    """Who reads labelled photos best, as a title, and as list items how sure that is."""
    best = verdict.best
    low, high = best.interval
    facts = (
        f"<li><b>{percent(best.accuracy, 1)}</b> right, {best.correct:,} of {best.photos:,} "
        f"photos</li><li>95\u202f% interval <b>{percent(low, 1)}</b> to "
        f"<b>{percent(high, 1)}</b></li>"
    )
    others, beaten = len(verdict.scores) - 1, len(verdict.beaten())
    if others == 1:
        facts += (
            "<li><b>really better</b> than the other</li>"
            if beaten
            else "<li>its lead over the other <b>may be chance</b></li>"
        )
    elif others and beaten == others:
        facts += f"<li>really better than <b>all {others}</b> others</li>"
    elif others:
        facts += (
            f"<li>really better than <b>{beaten} of {others}</b> others; its lead over the rest "
            "may be chance</li>"
        )
    return f"{model_name(best.model)} reads best", facts


def heat_table(
    predictions: Sequence[Prediction],
    pending: Sequence[Model] = (),
    status: Mapping[str, str] = _NO_STATUS,
) -> str:
    """Model x class, in the order in which the models answered and one fixed order of classes."""
    classes = class_order(p.classes for p in predictions)
    agreed = consensus(predictions).label
    head = "".join(f'<th scope="col" class="cell">{escape(name)}</th>' for name in classes)
    rows = "".join(_heat_row(p, classes, agreed) for p in predictions)
    for key, variant in pending:
        rows += (
            f'<tr class="pending"><th scope="row">{_name(key, variant)}</th><td>'
            f"{escape(status.get(key, 'reading…'))}</td>"
            f'<td></td><td></td><td colspan="{len(classes)}"></td></tr>'
        )
    return (
        '<h3>Side by side</h3><div class="scroll" tabindex="0" role="region" '
        'aria-label="Probability of every class by every model"><table class="heat">'
        '<thead><tr><th scope="col">model</th><th scope="col">reads</th>'
        f'<th scope="col" class="num">sure</th><th scope="col" class="num">ms</th>{head}'
        f"</tr></thead><tbody>{rows}</tbody></table></div>"
        '<p class="hint">Cells: calibrated probability in percent. ms: one pass through the '
        "backbone, which serves both its variants.</p>"
    )


def focus_cards(photo: Image.Image, predictions: Sequence[Prediction]) -> str:
    """A card a model with its focus map over the photo, which is embedded once."""
    agreed = consensus(predictions).label
    shape = f"{photo.width} / {photo.height}"
    cards = "".join(
        f'<figure class="card{" differs" if p.label != agreed else ""}">'
        f'<div class="shot" role="img" aria-label="Where {escape(_plain(p))} looked">'
        f'<img alt="" src="{overlay_uri(p)}"></div>'
        f"<figcaption><span>{_name(p.backbone, p.variant)}</span>"
        f"<b>{escape(p.label)}{_doubt(p)}</b>"
        f'<span class="num">{percent(p.probability)} · {_ms(p.milliseconds)} ms</span>'
        "</figcaption></figure>"
        for p in predictions
    )
    return (
        "<h3>Where each model looked</h3>"
        f'<div class="cards" style="--photo: url(\'{photo_uri(photo)}\'); --shape: {shape}">'
        f'{cards}</div><p class="hint">Grad-CAM of the predicted class; brightest where it '
        "counted most. Point at a card to see the photo alone.</p>"
    )


def _heat_row(p: Prediction, classes: Sequence[str], agreed: str) -> str:
    shares = dict(zip(p.classes, map(float, p.probabilities), strict=True))
    cells = "".join(
        f'<td class="cell{" top" if name == p.label else ""}" '
        f'style="--p: {100 * shares[name]:.1f}%">{100 * shares[name]:.0f}</td>'
        if name in shares
        else '<td class="cell">–</td>'
        for name in classes
    )
    differs = ' class="differs"' if p.label != agreed else ""
    return (
        f'<tr{differs}><th scope="row">{_name(p.backbone, p.variant)}</th>'
        f"<td>{escape(p.label)}{_doubt(p)}</td>"
        f'<td class="num">{percent(p.probability)}</td>'
        f'<td class="num">{_ms(p.milliseconds)}</td>{cells}</tr>'
    )


def _dissent(predictions: Sequence[Prediction]) -> str:
    others = dissent(predictions)
    if not others:
        return ""
    parts = []
    for label, found in others.items():
        names = ", ".join(f"{_plain(p)} ({percent(p.probability)})" for p in found[:3])
        if len(found) > 3:
            names += f" and {len(found) - 3} more"
        parts.append(f"<b>{escape(label)}</b> by {escape(names)}")
    return f'<p class="dissent">Read otherwise: {"; ".join(parts)}.</p>'


def _waiting(pending: Sequence[Model], status: Mapping[str, str]) -> str:
    if not pending:
        return message("None of the chosen models can be used; choose others.")
    return (
        '<section class="verdict" aria-live="polite"><p class="eyebrow">Reading</p>'
        f"<h2>…</h2><p>{len(pending)} models, the fastest first. "
        f"{escape(' '.join(f'{BACKBONES[k].name}: {text}.' for k, text in status.items()))}"
        "</p></section>"
    )


def _doubt(p: Prediction) -> str:
    title = "below this model's threshold for a flower it knows"
    return "" if p.known else f' <abbr class="doubt" title="{title}">unsure</abbr>'


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.0f}" if milliseconds >= 9.5 else f"{milliseconds:.1f}"


def _plain(p: Prediction) -> str:
    return model_name((p.backbone, p.variant))


def _name(key: str, variant: str) -> str:
    return f'{escape(BACKBONES[key].name)} <span class="variant">{escape(variant)}</span>'
