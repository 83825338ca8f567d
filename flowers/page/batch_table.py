"""A batch of photos as HTML: the verdict, and a table photo x model with labels to pick."""

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import PurePosixPath
from urllib.parse import quote

from flowers.backbones import BACKBONES, Model
from flowers.models.batch import BatchRow
from flowers.models.compare import Reading, Verdict
from flowers.page import cards
from flowers.page.answers import comparison
from flowers.page.overlay import data_uri

# A picked label marks the row at once; the event tells Python, which scores the models anew.
PICK_LABEL = """element.addEventListener('change', (event) => {
  const select = event.target.closest('select[data-row]');
  if (!select) return;
  select.closest('tr').querySelectorAll('td[data-reads]').forEach((cell) => {
    cell.classList.toggle('wrong', select.value !== '' && cell.dataset.reads !== select.value);
    cell.classList.toggle('right', cell.dataset.reads === select.value);
  });
  trigger('input', {row: Number(select.dataset.row), label: select.value});
});"""

COLUMNS = (
    *("photo", "label", "consensus"),
    *("backbone", "variant", "reads", "probability", "known", "milliseconds"),
)
"""Of the CSV."""

EMPTY = """<section class="verdict empty"><p class="eyebrow">No photos yet</p>
<h2>Which model reads your photos best?</h2><p>Send many photos at once. In a zip, photos in a
folder with the name of a class are labelled with it; other labels can be picked in the table.
With labels, the page scores the models and tests which differences are real.</p></section>"""


def reading_progress(done: int, total: int, name: str) -> str:
    """What the page shows while a batch is read."""
    return (
        f'<section class="verdict"><p class="eyebrow">Reading {done + 1} of {total}</p>'
        f'<progress max="{total}" value="{done}" aria-label="Photos read"></progress>'
        f"<p>{escape(name)}</p></section>"
    )


def batch_verdict(
    rows: Sequence[BatchRow],
    verdict: Verdict | None,
    failed: Mapping[str, str],
    sent: int = 0,
) -> str:
    """The batch in one look: who reads it best, or how far the models agree."""
    readings = [row.reading for row in rows]
    read = [r for r in readings if r.predictions]
    models = len({(p.backbone, p.variant) for r in read for p in r.predictions})
    head = f"{len(read)} photos, {models} models"
    if sent > len(rows):
        head += f"; stopped after {len(rows)} of {sent} photos"
    title, facts = cards.leader(verdict) if verdict else _agreement(read)
    skipped = [r for r in readings if r.reason]
    notes = [f"{BACKBONES[key].name} was left out: {why}" for key, why in failed.items()]
    notes += [r.reason or "" for r in skipped[:5]]
    if len(skipped) > 5:
        notes.append(f"{len(skipped) - 5} more photos could not be read; see the table.")
    return (
        f'<section class="verdict" aria-live="polite"><p class="eyebrow">{head}</p>'
        f"<h2>{escape(title)}</h2><ul class='facts'>{facts}</ul></section>"
        + "".join(f'<p class="failure" role="alert">{cards.sentence(note)}</p>' for note in notes)
    )


def batch_table(rows: Sequence[BatchRow], classes: Sequence[str], complete: bool = True) -> str:
    """Photo x model. Labels are picked here, once it is complete; see `PICK_LABEL`."""
    models = _models(rows)
    head = "".join(
        f'<th scope="col">{escape(BACKBONES[key].name)}<br>'
        f'<span class="variant">{variant}</span></th>'
        for key, variant in models
    )
    body = "".join(_row(number, row, classes, models) for number, row in enumerate(rows))
    busy, order = "", "Most disputed photos first. "
    if not complete:
        body = body.replace("<select ", "<select disabled ")
        busy, order = ' aria-busy="true"', ""
    return (
        '<div class="scroll tall" tabindex="0" role="region" aria-label="Photos by models">'
        f'<table class="plain batch"{busy}><thead><tr><th scope="col">photo</th>'
        f'<th scope="col">label</th><th scope="col">consensus</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
        f'<p class="hint">{order}Orange: differs from the label, or from the '
        "consensus where there is no label.</p>"
    )


def downloads(rows: Sequence[BatchRow], verdict: Verdict | None) -> str:
    """Links to the whole result as CSV and as JSON; nothing is kept on the server."""
    readings = [row.reading for row in rows]
    answer = json.dumps(comparison(readings, verdict), ensure_ascii=False)
    return (
        '<p class="downloads">'
        f'<a download="photos.csv" href="{_data("text/csv", to_csv(readings))}">Download CSV</a> '
        f'<a download="photos.json" href="{_data("application/json", answer)}">Download JSON</a>'
        "</p>"
    )


def to_csv(readings: Sequence[Reading]) -> str:
    """One line a photo and model."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for r in readings:
        summary = r.consensus
        for p in r.predictions:
            photo = [_cell(r.photo), _cell(r.label or ""), _cell(summary.label if summary else "")]
            model = [p.backbone, p.variant, _cell(p.label), round(p.probability, 5), p.known]
            writer.writerow([*photo, *model, round(p.milliseconds, 2)])
    return buffer.getvalue()


def _cell(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _data(kind: str, text: str) -> str:
    return f"data:{kind};charset=utf-8,{quote(text)}"


def _agreement(read: Sequence[Reading]) -> tuple[str, str]:
    summaries = [s for r in read if (s := r.consensus)]
    if not summaries:
        return "No photo could be read", ""
    together = sum(s.agreement == s.models for s in summaries)
    names = Counter(s.label for s in summaries if s.known)
    unknown = sum(not s.known for s in summaries)
    facts = "".join(f"<li><b>{n}</b> {escape(name)}</li>" for name, n in names.most_common())
    if unknown:
        classes = read[0].predictions[0].classes
        facts += f"<li><b>{unknown}</b> {escape(cards.unknown_name(classes))}</li>"
    if len(summaries) == 1:
        return ("All models agree" if together else "The models do not agree"), facts
    return f"All models agree on {together} of {len(summaries)}", facts


def _models(rows: Sequence[BatchRow]) -> list[Model]:
    return list(
        dict.fromkeys((p.backbone, p.variant) for row in rows for p in row.reading.predictions)
    )


def _row(number: int, row: BatchRow, classes: Sequence[str], models: Sequence[Model]) -> str:
    r = row.reading
    name = escape(r.photo)
    uri = data_uri(row.thumbnail, "JPEG") if row.thumbnail else ""
    picture = f'<img alt="" width="44" height="44" src="{uri}">' if uri else ""
    short = escape(PurePosixPath(r.photo).name)
    shown = f'<div class="photo">{picture}<span title="{name}">{short}</span></div>'
    photo = f'<th scope="row">{shown}</th>'
    summary = r.consensus
    if summary is None:
        return f'<tr>{photo}<td colspan="{2 + len(models)}">{escape(r.reason or "")}</td></tr>'
    options = "".join(
        f"<option{' selected' if c == r.label else ''}>{escape(c)}</option>" for c in classes
    )
    pick = (
        f'<td><select data-row="{number}" aria-label="Label of {name}">'
        f'<option value="">–</option>{options}</select></td>'
    )
    agreed = escape(summary.label) if summary.known else "none"
    found = {(p.backbone, p.variant): p for p in r.predictions}
    cells = ""
    for model in models:
        p = found.get(model)
        if p is None:
            cells += "<td>–</td>"
            continue
        wrong = p.label != (r.label or summary.label)
        right = r.label is not None and not wrong
        kind = " class='wrong'" if wrong else " class='right'" if right else ""
        cells += (
            f'<td{kind} data-reads="{escape(p.label)}">{escape(p.label)} '
            f"<small>{100 * p.probability:.0f}</small></td>"
        )
    return (
        f"<tr>{photo}{pick}<td>{agreed} <small>{100 * summary.probability:.0f}, "
        f"{summary.agreement}/{summary.models}</small></td>{cells}</tr>"
    )
