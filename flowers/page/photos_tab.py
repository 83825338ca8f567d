"""The Your photos tab: many photos, every chosen model, and who reads them best."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr
from markupsafe import Markup

from flowers.backbones import model_name
from flowers.errors import BatchError, ChoiceError
from flowers.models.batch import with_meanings
from flowers.models.compare import Standings
from flowers.models.consensus import NONE_OF_THESE
from flowers.models.shots import Collected
from flowers.models.zoo import Zoo
from flowers.page import many_photos
from flowers.page.answers import left_out_sentences
from flowers.page.charts.matrices import difference_chart
from flowers.page.charts.points import accuracy_chart
from flowers.page.chosen_files import ChosenFiles
from flowers.page.examples import sample_batch
from flowers.page.headings import heading
from flowers.page.html import message, script
from flowers.page.limits import PREDICT, PREDICT_BATCH
from flowers.page.opened import Asked, opened_photo
from flowers.page.picker import picker, without
from flowers.page.reading import Batch, read_all
from flowers.page.requests.calls import field_of, refused
from flowers.page.two_models import pair_of, two_models
from flowers.page.words import WORDS

BATCH_IN_TURN: dict[str, Any] = {
    "trigger_mode": "multiple",
    "concurrency_id": "batch-state",
    "concurrency_limit": 1,
}
"""Shared by all events that change a part of the batch: each reads and writes the whole of it, so
one that began before another was done would undo what that has changed."""


def photos_tab(zoo: Zoo) -> None:
    """Lay out the tab."""
    batch, chosen = gr.State(Batch()), gr.State(ChosenFiles())
    asked = gr.State(None)
    with gr.Row(elem_id="batch-input"):
        files = gr.HTML(
            ChosenFiles().html(zoo), js_on_load=script("chosen_files"), elem_id="batch-files"
        )
        with gr.Column():
            with gr.Accordion("Models", open=False):
                choice = picker(zoo, "batch-pick")
            with gr.Row():
                start = gr.Button(
                    "Read all photos", variant="primary", elem_id="batch-start", interactive=False
                )
                sample = gr.Button("Try with 28 sample photos", elem_id="batch-sample")
                stop = gr.Button("Stop", elem_id="batch-stop", visible=False)
    summary = gr.HTML(many_photos.empty(), elem_id="batch-summary")
    take = gr.Button("", visible=False, elem_id="batch-take")
    with gr.Column(visible=False, elem_id="batch-scores") as scores:
        with gr.Column(elem_classes="chart"):
            heading(WORDS["accuracy"])
            accuracy = gr.Plot(show_label=False, container=False, elem_id="batch-accuracy")
        with gr.Column(elem_classes="chart wide"):
            real = gr.HTML("", elem_classes="chart-head", elem_id="batch-real")
            difference = gr.Plot(show_label=False, container=False, elem_id="batch-difference")
        heading(WORDS["confusion"])
        model = gr.Dropdown([], label="Model", interactive=True, elem_id="batch-model")
        confusion = gr.HTML("", js_on_load=script("confusion"), elem_id="batch-confusion")
    with gr.Column(visible=False, elem_id="batch-two") as two:
        heading(WORDS["head_to_head"])
        with gr.Row(elem_classes="pair"):
            first = gr.Dropdown(
                [], label=WORDS["first_model"], interactive=True, elem_id="batch-first"
            )
            second = gr.Dropdown(
                [], label=WORDS["second_model"], interactive=True, elem_id="batch-second"
            )
        compared = gr.HTML("", js_on_load=script("two_models"), elem_id="batch-compared")
    refused_table = gr.HTML("", elem_id="batch-refusals", elem_classes="chart-head")
    links = gr.HTML("", elem_id="batch-links")
    filters = gr.HTML("", js_on_load=script("filters"), elem_id="batch-filters")
    table = gr.HTML("", js_on_load=script("batch"), elem_id="batch-table")
    saved = gr.HTML("", js_on_load=script("saved"), elem_id="batch-saved")
    opened = gr.HTML("", js_on_load=script("opened"), elem_id="batch-opened")

    stopped: set[str] = set()
    """Sessions whose visitors want no more photos read."""
    judged = [batch, summary, take, scores, accuracy, real, difference, model, confusion]
    judged += [two, first, second, compared, refused_table, links]
    quick: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    hide = gr.update(visible=False)

    def judge_anew(found: Batch) -> dict[Any, Any]:
        standings = found.standings()
        values = {
            batch: found,
            summary: many_photos.batch_verdict(
                found.rows, standings, found.failed, found.sent, found.sentences()
            ),
            take: gr.update(value=_offer(found.meanings()), visible=bool(found.meanings())),
            refused_table: many_photos.refusal_table(found.rows),
            links: many_photos.downloads(
                found.rows,
                standings,
                found.dropped,
                [*left_out_sentences(found.failed), *found.said],
            ),
        }
        if standings is None:
            return {**values, scores: hide, two: hide}
        models = [score.model for score in standings.scores]
        names = [model_name(each) for each in models]
        chosen = found.chosen if found.chosen in names else model_name(standings.best.model)
        return {
            **values,
            **compare_two(replace(found, chosen=chosen), standings),
            scores: gr.update(visible=True),
            accuracy: accuracy_chart(
                {s.model: (s.accuracy, *s.interval) for s in standings.scores}
            ),
            real: many_photos.differences_head(standings),
            difference: gr.update(
                value=difference_chart(standings), visible=many_photos.differs(standings)
            ),
            model: gr.update(choices=names, value=chosen),
            confusion: confusion_of(standings, chosen),
        }

    def compare_two(found: Batch, standings: Standings) -> dict[Any, Any]:
        pair = pair_of(standings, found.two)
        if pair is None:
            return {batch: replace(found, two=None), two: hide}
        names = [model_name(score.model) for score in standings.scores]
        a, b = map(model_name, pair)
        return {
            batch: replace(found, two=pair),
            two: gr.update(visible=True),
            first: gr.update(choices=[name for name in names if name != b], value=a),
            second: gr.update(choices=[name for name in names if name != a], value=b),
            compared: two_models(found.rows, standings, pair),
        }

    def run_sent(request: gr.Request, sent: ChosenFiles, *boxes: bool) -> Iterator[dict[Any, Any]]:
        yield from run(request, lambda: sent.collect(zoo.classes()), boxes)

    def run_sample(request: gr.Request, *boxes: bool) -> Iterator[dict[Any, Any]]:
        yield from run(request, lambda: sample_batch(zoo.classes()), boxes)

    def run(
        request: gr.Request, photos: Callable[[], Collected], boxes: Sequence[bool]
    ) -> Iterator[dict[Any, Any]]:
        session = str(request.session_hash)
        stopped.discard(session)
        nothing = dict.fromkeys((summary, refused_table, links, filters, table, opened), "")
        yield {**nothing, batch: Batch(), take: hide, scores: hide, two: hide}
        try:
            for found in read_all(zoo, photos(), *choice.split(boxes), lambda: session in stopped):
                if found.following is not None:
                    done = len(found.rows)
                    yield {summary: many_photos.reading_progress(done, found.sent, found.following)}
                    continue
                yield {
                    **judge_anew(found),
                    filters: many_photos.batch_filters(found.rows),
                    table: many_photos.batch_table(found.rows, zoo.classes()),
                    **without(zoo, choice, found.failed),
                }
        except (BatchError, ChoiceError) as error:
            yield {summary: message(str(error))}
        finally:
            stopped.discard(session)

    def stop_reading(request: gr.Request) -> None:
        stopped.add(str(request.session_hash))

    def row_of(current: Batch, event: gr.EventData) -> int:
        row = field_of(event, "row", int)
        if not 0 <= row < len(current.rows):
            raise refused(f"There is no such photo now; read the photos again. Received: {row}")
        return int(row)

    def ask(current: Batch, event: gr.EventData) -> Asked:
        pair = bool(field_of(event, "pair", int))
        return Asked(row_of(current, event), field_of(event, "focus", str), pair)

    def open_photo(current: Batch, asked: Asked | None) -> Iterator[str]:
        if asked and asked.row < len(current.rows):
            pair = current.two if asked.pair else None
            yield from opened_photo(zoo, current.rows[asked.row], asked, pair)

    def label(current: Batch, event: gr.EventData) -> dict[Any, Any]:
        rows = list(current.rows)
        row, name = row_of(current, event), field_of(event, "label", str)
        if name not in ["", *(names := [*zoo.classes(), NONE_OF_THESE])]:
            raise refused(f"There is no such class; use {', '.join(names)}. Received: {name!r:.80}")
        rows[row] = rows[row].labelled(name or None)
        found = replace(current, rows=rows)
        return {**judge_anew(found), saved: many_photos.saved_labels(rows)}

    def take_meanings(current: Batch) -> dict[Any, Any]:
        rows = with_meanings(current.rows, current.meanings())
        found = replace(current, rows=rows, dropped=current.without_class())
        return {
            **judge_anew(found),
            filters: many_photos.batch_filters(rows),  # All rows are shown again.
            table: many_photos.batch_table(rows, zoo.classes()),
        }

    def show(current: Batch, name: Any) -> dict[Any, Any]:
        standings = current.standings()
        names = [model_name(score.model) for score in standings.scores] if standings else []
        if standings is None or name not in names:
            raise refused(f"There is no such model in this batch. Received: {name!r:.80}")
        return {batch: replace(current, chosen=name), confusion: confusion_of(standings, name)}

    def choose_two(current: Batch, a: Any, b: Any) -> dict[Any, Any]:
        standings = current.standings()
        scores = standings.scores if standings else []
        models = {model_name(score.model): score.model for score in scores}
        # Of any kind that JSON has, so not all can be looked up.
        if standings is None or a == b or a not in list(models) or b not in list(models):
            raise refused(f"There are no two such models. Received: {a!r:.80} and {b!r:.80}")
        return compare_two(replace(current, two=(models[a], models[b])), standings)

    def take_files(before: ChosenFiles, event: gr.EventData) -> dict[Any, Any]:
        return show_files(before.more(event))

    def leave_file(before: ChosenFiles, event: gr.EventData) -> dict[Any, Any]:
        return show_files(before.fewer(event))

    def leave_files() -> dict[Any, Any]:
        return show_files(ChosenFiles())

    def show_files(sent: ChosenFiles) -> dict[Any, Any]:
        return {chosen: sent, files: sent.html(zoo), start: gr.update(interactive=bool(sent))}

    def busy() -> dict[Any, Any]:
        still = gr.update(interactive=False)
        return {stop: gr.update(visible=True), start: still, sample: still}

    def idle(sent: ChosenFiles) -> dict[Any, Any]:
        ready = gr.update(interactive=bool(sent))
        return {stop: hide, start: ready, sample: gr.update(interactive=True)}

    buttons = [stop, start, sample]
    only_names: dict[str, Any] = {**quick, "preprocess": False}
    box = [chosen, files, start]
    # One after another, since each adds to what the one before has left.
    in_turn = {
        **quick,
        "trigger_mode": "multiple",
        "concurrency_id": "files",
        "concurrency_limit": 1,
    }
    files.upload(take_files, chosen, box, **in_turn)
    files.delete(leave_file, chosen, box, **in_turn)
    files.clear(leave_files, None, box, **in_turn)
    for button, reads, photos in ((start, run_sent, [chosen]), (sample, run_sample, [])):
        button.click(busy, None, buttons, **quick).then(
            reads,
            [*photos, *choice.boxes],
            [*judged, filters, table, opened, *choice.backbones.values()],
            **{**quick, **PREDICT_BATCH},
        ).then(idle, chosen, buttons, **quick)
    stop.click(stop_reading, **quick)
    table.input(label, batch, [*judged, saved], **quick, **BATCH_IN_TURN)
    # The last photo that was asked for wins. By way of a state, since an event that has to wait
    # would bring what the one before it said.
    opened.select(ask, batch, asked, trigger_mode="multiple", **quick)
    asked.change(
        open_photo, [batch, asked], opened, trigger_mode="always_last", **{**quick, **PREDICT}
    )
    take.click(take_meanings, batch, [*judged, filters, table], **quick, **BATCH_IN_TURN)
    # Gradio would turn away what is not among its choices, in words of its own.
    model.input(show, [batch, model], [batch, confusion], **only_names, **BATCH_IN_TURN)
    for one in (first, second):
        one.input(
            choose_two,
            [batch, first, second],
            [batch, two, first, second, compared],
            **only_names,
            **BATCH_IN_TURN,
        )


def _offer(meanings: Mapping[str, str | None]) -> str:
    taken = [WORDS["meaning"].format(folder=folder, name=name) for folder, name in meanings.items()]
    return WORDS["take_meanings"].format(meanings=", ".join(taken))


def confusion_of(standings: Standings, name: str) -> Markup:
    """The confusion of the model with this name, which is one of those judged."""
    found = next(each for each in standings.confusion if model_name(each) == name)
    return many_photos.confusion_table(standings, found)
