"""A batch of photos as HTML: the verdict, a table photo x model with labels to pick, downloads."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from markupsafe import Markup

from flowers.backbones import Model, model_name
from flowers.folders.labels import DroppedLabel
from flowers.models.batch import BatchRow
from flowers.models.classifier import Prediction
from flowers.models.compare import Reading, Standings, is_right
from flowers.models.consensus import NONE_OF_THESE
from flowers.models.leader import leader_of
from flowers.models.refusals import refusals
from flowers.models.sentences import SENTENCES, counted, none_of
from flowers.page.answers import as_json, comparison, left_out_sentences
from flowers.page.html import data_link, render
from flowers.page.pictures import data_uri
from flowers.page.words import WORDS
from flowers.stats import SIGNIFICANT

COLUMNS = (
    *("photo", "label", "consensus"),
    *("backbone", "variant", "reads", "probability", "known", "milliseconds"),
)
"""Of the CSV."""


def empty() -> Markup:
    """What the tab shows before photos were read."""
    return render("no_batch.html")


def reading_progress(done: int, total: int, name: str) -> Markup:
    """What the page shows while a batch is read."""
    return render("reading.html", done=done, total=total, name=name)


def batch_verdict(
    rows: Sequence[BatchRow],
    standings: Standings | None,
    failed: Mapping[str, str],
    sent: int = 0,
    said: Sequence[str] = (),
) -> Markup:
    """The batch in one look: who reads it best, or how far the models agree.

    `said` is what was left aside, and what was taken for what.
    """
    readings = [row.reading for row in rows]
    read = [r for r in readings if r.predictions]
    skipped = [r.reason for r in readings if r.reason]
    notes = [*left_out_sentences(failed), *skipped[:5]]
    if len(skipped) > 5:
        notes.append(
            WORDS["more_unreadable"].format(photos=counted(len(skipped) - 5, "more photo"))
        )
    notes += said
    return render(
        "batch_verdict.html",
        head=_head(read, len(rows), sent),
        notes=notes,
        leader=leader_of(standings) if standings else None,
        agreement=None if standings else _agreement(read),
    )


def batch_table(rows: Sequence[BatchRow], classes: Sequence[str], complete: bool = True) -> Markup:
    """Photo x model. Labels are picked here, once it is complete; see `scripts/batch.js`."""
    models = _models(row.reading for row in rows)
    return render(
        "batch_table.html",
        models=models,
        classes=classes,
        stranger=NONE_OF_THESE,
        complete=complete,
        rows=[_row(row, models) for row in rows],
    )


def batch_filters(rows: Sequence[BatchRow]) -> Markup:
    """What chooses among the rows of the table; see `scripts/filters.js`. Nothing without any."""
    models = _models(row.reading for row in rows)
    return render("filters.html", models=models) if models else Markup("")


def confusion_table(standings: Standings, model: Model) -> Markup:
    """The confusion of one model; each cell opens its photos."""
    return render(
        "confusion.html",
        model=model,
        name=model_name(model),
        classes=standings.classes,
        confusion=standings.confusion[model],
    )


def differs(standings: Standings) -> bool:
    """Whether any two models differ by more than chance."""
    return any(test.adjusted < SIGNIFICANT for test in standings.differences)


def differences_head(standings: Standings) -> Markup:
    """What stands above the chart of differences, or in its place where there is none to show."""
    if len(standings.scores) < 2:
        return Markup("")
    caption = WORDS["differences" if differs(standings) else "no_difference"]
    return render(
        "heading.html",
        title=WORDS["real"],
        tag="",
        caption=caption.format(tested=WORDS["tested"]),
    )


def refusal_table(rows: Sequence[BatchRow]) -> Markup:
    """How often each model refused the labelled photos; nothing without any."""
    found = refusals(row.reading for row in rows)
    return render("refusals.html", rows=found, rule=SENTENCES["refusals"]) if found else Markup("")


def saved_labels(rows: Sequence[BatchRow]) -> Markup:
    """The labels that count now, for the signs at the rows; see `scripts/saved.js`."""
    labels = json.dumps([row.reading.label or "" for row in rows])
    return Markup('<span hidden data-labels="{}"></span>').format(labels)


def downloads(
    rows: Sequence[BatchRow],
    standings: Standings | None,
    dropped: Sequence[DroppedLabel] = (),
    said: Sequence[str] = (),
) -> Markup:
    """Links to the whole result as CSV and as JSON, if there is one; none is kept on the server."""
    if not _models(row.reading for row in rows):
        return Markup("")
    readings = [row.reading for row in rows]
    answer = json.dumps(as_json(comparison(readings, standings, dropped, said)), ensure_ascii=False)
    return render(
        "downloads.html",
        links={
            WORDS["csv"]: ("photos.csv", data_link("text/csv", readings_csv(readings))),
            WORDS["json"]: ("photos.json", data_link("application/json", answer)),
        },
    )


def readings_csv(readings: Sequence[Reading]) -> str:
    """One line per photo and model."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for r in readings:
        together = r.verdict.in_one_word if r.verdict else ""
        for p in r.predictions:
            photo = [_cell(r.photo), _cell(r.label or ""), _cell(together)]
            model = [p.backbone, p.variant, _cell(p.label), round(p.probability, 5), p.known]
            writer.writerow([*photo, *model, round(p.milliseconds, 2)])
    return buffer.getvalue()


def _cell(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@")) else text


def _head(read: Sequence[Reading], rows: int, sent: int) -> str:
    """How many photos were read by how many models; nothing where none could be."""
    if not read:
        return ""
    models = counted(len(_models(read)), "model")
    head = WORDS["batch"].format(photos=counted(len(read), "photo"), models=models)
    if rows < sent:
        head += WORDS["stopped"].format(read=rows, photos=counted(sent, "photo"))
    return head


def _agreement(read: Sequence[Reading]) -> dict[str, Any]:
    """How far the models agree: a title, and how often each class was found."""
    if not read:
        return {"title": WORDS["none_readable"], "found": {}}
    verdicts = [r.verdict for r in read if r.verdict]
    together = sum(v.votes == len(r.predictions) for v, r in zip(verdicts, read, strict=True))
    found = dict(Counter(v.brief for v in verdicts if v.look == "agreed").most_common())
    if split := sum(v.look == "split" for v in verdicts):
        found["split"] = split
    if unknown := sum(v.look == "none" for v in verdicts):
        found[none_of(read[0].predictions[0].classes)] = unknown
    title = WORDS["agreed"].format(agreed=together, photos=len(read))
    if len(read) == 1:
        title = WORDS["one_agreed" if together else "one_split"]
    return {"title": title, "found": found}


def _models(readings: Iterable[Reading]) -> list[Model]:
    return list(dict.fromkeys(p.model for r in readings for p in r.predictions))


def _row(row: BatchRow, models: Sequence[Model]) -> dict[str, Any]:
    """What `batch_table.html` shows of one photo."""
    r = row.reading
    found = r.by_model

    def kind(p: Prediction) -> str:
        if r.label:
            return "right" if is_right(p, r.label) else "wrong"
        return "wrong" if r.consensus and p.label != r.consensus.label else ""

    return {
        "photo": r.photo,
        "short": PurePosixPath(r.photo).name,
        "picture": data_uri(row.thumbnail, "JPEG") if row.thumbnail else None,
        "label": r.label,
        "reason": r.reason,
        "verdict": r.verdict,
        "cells": [
            {
                "label": p.label,
                "probability": p.probability,
                "known": p.known,
                "kind": kind(p),
            }
            if (p := found.get(model))
            else None
            for model in models
        ],
    }
