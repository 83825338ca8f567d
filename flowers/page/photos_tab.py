"""The Your photos tab: many photos, every chosen model, and who reads them best."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import gradio as gr

from flowers.backbones import model_name
from flowers.errors import BatchError, ChoiceError
from flowers.models.batch import MAX_PHOTOS, BatchRow, collect, read_batch
from flowers.models.compare import Verdict, judge, most_disputed
from flowers.models.zoo import Zoo
from flowers.page import batch_table, cards
from flowers.page.charts import accuracy_chart
from flowers.page.classify import PREDICT_BATCH
from flowers.page.diagnostics import confusion_chart, difference_chart
from flowers.page.picker import picker, split_choice, without
from flowers.photos import SUFFIXES

REFRESH = 0.4
"""Seconds between two signs of life while photos are read."""


@dataclass(frozen=True)
class Batch:
    """What a visitor's last batch came to."""

    rows: list[BatchRow] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    chosen: str | None = None
    """Name of the model whose confusion is shown."""
    sent: int = 0
    """Photos that were sent; more than there are rows when the visitor stopped the reading."""

    def verdict(self) -> Verdict | None:
        """Scores and tests, when photos have labels."""
        return judge(row.reading for row in self.rows)


def photos_tab(zoo: Zoo) -> None:
    """Lay out the tab."""
    batch = gr.State(Batch())
    with gr.Row(elem_id="batch-input"):
        files = gr.File(
            label=f"Photos or zips, up to {MAX_PHOTOS} photos",
            file_count="multiple",
            file_types=[*sorted(SUFFIXES), ".zip"],
            height=170,
            elem_id="batch-files",
        )
        with gr.Column():
            with gr.Accordion("Models", open=False):
                choice = picker(zoo)
            with gr.Row():
                start = gr.Button("Read all photos", variant="primary", elem_id="batch-start")
                stop = gr.Button("Stop", elem_id="batch-stop", visible=False)
    summary = gr.HTML(batch_table.EMPTY, elem_id="batch-summary")
    with gr.Column(visible=False, elem_id="batch-scores") as scores:
        gr.HTML("<h3>Accuracy on the labelled photos</h3>", elem_classes="chart-head")
        accuracy = gr.Plot(show_label=False, container=False, elem_id="batch-accuracy")
        gr.HTML(
            "<h3>Is the difference real</h3><p>How many photos more the row reads right than the "
            "column; coloured where chance is unlikely (McNemar's test, Holm's correction, "
            "p &lt; 0.05).</p>",
            elem_classes="chart-head",
        )
        with gr.Column(elem_classes="wide"):
            difference = gr.Plot(show_label=False, container=False, elem_id="batch-difference")
        gr.HTML("<h3>Confusion</h3>", elem_classes="chart-head")
        model = gr.Dropdown([], label="Model", interactive=True, elem_id="batch-model")
        confusion = gr.Plot(show_label=False, container=False, elem_id="batch-confusion")
    links = gr.HTML("", elem_id="batch-links")
    table = gr.HTML("", js_on_load=batch_table.PICK_LABEL, elem_id="batch-table")

    stopped: set[str] = set()
    """Sessions whose visitors want no more photos read."""
    judged = [batch, summary, scores, accuracy, difference, model, confusion, links]
    quick: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}

    def run(request: gr.Request, paths: list[str] | None, *boxes: bool) -> Iterator[list[Any]]:
        session = str(request.session_hash)
        stopped.discard(session)
        try:
            wanted = split_choice(boxes)
            failed: dict[str, str] = {}
            same = [gr.skip()] * len(choice.backbones)
            for values in read_all(
                zoo, map(Path, paths or []), *wanted, failed, lambda: session in stopped
            ):
                yield [*values, *same]
            if failed:
                yield [gr.skip()] * (len(judged) + 1) + without(zoo, failed)
        finally:
            stopped.discard(session)

    def stop_reading(request: gr.Request) -> None:
        stopped.add(str(request.session_hash))

    def label(current: Batch, event: gr.EventData) -> list[Any]:
        rows = list(current.rows)
        if 0 <= event.row < len(rows) and event.label in ["", *zoo.classes()]:
            rows[event.row] = rows[event.row].labelled(event.label or None)
        return _judged(replace(current, rows=rows))

    def show(current: Batch, name: str) -> list[Any]:
        chosen = replace(current, chosen=name)
        return [chosen, _confusion(chosen.verdict(), name)]

    running = start.click(lambda: gr.update(visible=True), None, stop, **quick).then(
        run,
        [files, *choice.boxes],
        [*judged, table, *choice.backbones],
        **{**quick, **PREDICT_BATCH},
    )
    running.then(lambda: gr.update(visible=False), None, stop, **quick)
    stop.click(stop_reading, **quick)
    # One after another, since each picks up what the one before has left.
    table.input(label, batch, judged, trigger_mode="multiple", concurrency_limit=1, **quick)
    model.input(show, [batch, model], [batch, confusion], **quick)


def read_all(
    zoo: Zoo,
    paths: Iterable[Path],
    backbones: list[str],
    variants: list[str],
    failed: dict[str, str],
    stopped: Callable[[], bool],
) -> Iterator[list[Any]]:
    """Yield signs of life and what was read so far, then the values of `judged` and the table.

    `failed` takes the backbones that could not be asked, with the reasons.
    """
    blank = [Batch(), "", gr.update(visible=False), *[gr.skip()] * 4, "", ""]
    rows: list[BatchRow] = []
    try:
        choice = zoo.choose(backbones, variants, leave_out=True)
        failed |= choice.left_out
        shots = collect(list(paths), zoo.classes()).shots
        yield _with_summary(blank, batch_table.reading_progress(0, len(shots), shots[0].name))
        shown, tabled = time.monotonic(), 0
        for row in read_batch(zoo, shots, choice.models):
            rows.append(row)
            failed |= row.left_out
            if stopped():
                break
            if time.monotonic() - shown > REFRESH and len(rows) < len(shots):
                shown = time.monotonic()
                name = shots[len(rows)].name
                note = batch_table.reading_progress(len(rows), len(shots), name)
                values: list[Any] = [gr.skip()] * len(blank)
                if len(rows) >= 2 * tabled:  # So that all tables together are as long as two.
                    tabled = len(rows)
                    values[-1] = batch_table.batch_table(rows, zoo.classes(), complete=False)
                yield _with_summary(values, note)
    except (BatchError, ChoiceError) as error:
        yield _with_summary(blank, cards.message(str(error)))
        return
    order = {id(r): i for i, r in enumerate(most_disputed(row.reading for row in rows))}
    rows.sort(key=lambda row: order[id(row.reading)])
    yield [
        *_judged(Batch(rows, failed, sent=len(shots))),
        batch_table.batch_table(rows, zoo.classes()),
    ]


def _with_summary(values: Sequence[Any], summary: str) -> list[Any]:
    return [values[0], summary, *values[2:]]


def _judged(batch: Batch) -> list[Any]:
    verdict = batch.verdict()
    summary = batch_table.batch_verdict(batch.rows, verdict, batch.failed, batch.sent)
    links = batch_table.downloads(batch.rows, verdict)
    if verdict is None:
        return [batch, summary, gr.update(visible=False), *[gr.skip()] * 4, links]
    models = [score.model for score in verdict.scores]
    names = [model_name(model) for model in models]
    chosen = batch.chosen if batch.chosen in names else model_name(verdict.best.model)
    return [
        replace(batch, chosen=chosen),
        summary,
        gr.update(visible=True),
        accuracy_chart({s.model: (s.accuracy, *s.interval) for s in verdict.scores}),
        difference_chart(verdict.differences, models),
        gr.update(choices=names, value=chosen),
        _confusion(verdict, chosen),
        links,
    ]


def _confusion(verdict: Verdict | None, name: str) -> Any:
    found = next((m for m in verdict.confusion if model_name(m) == name), None) if verdict else None
    if verdict is None or found is None:
        return gr.skip()
    return confusion_chart(verdict.confusion[found], verdict.classes)
