"""The Comparison tab: stored figures, no model needed."""

from collections.abc import Mapping
from typing import Any

import gradio as gr
import plotly.graph_objects as go
from markupsafe import Markup

from flowers.backbones import BACKBONES, Model, model_name
from flowers.models.compare import Standings, measured_points, published_points, standings
from flowers.models.leader import leader_of, published_lead
from flowers.models.zoo import Zoo
from flowers.page import tables
from flowers.page.charts import curves, matrices, points
from flowers.page.headings import heading
from flowers.page.html import data_link, render
from flowers.page.mistakes import mistakes_html
from flowers.page.requests.calls import refused
from flowers.page.words import WORDS
from flowers.weights.folder import ARTIFACT
from flowers.weights.published import Published
from flowers.weights.results import Metrics, VariantResult, same_photos
from flowers.weights.source import Entry

STUDY = (
    "All that is known of it is a repository README titled “Image Classifications” and the Kaggle "
    "data set of flowers e0b99652b32f…d913235d; no author, year or paper is known."
)
WIDE = ("differences", "class-f1")
"""Charts that a phone scrolls sideways instead of squeezing them."""
CHARTED = 3
"""Backbones from which on there is enough to compare for matrices and costs."""
SWITCH: dict[str, Any] = {
    # Gradio would turn away what is not among its choices, in words of its own.
    "preprocess": False,
    "api_visibility": "private",
    "show_progress": "hidden",
}
"""Of choices that show another figure."""
CLOSELY = (
    ("confusion", "Confusion", "Rows: true class, columns: predicted."),
    ("learning", "Learning curve", "By epoch; the big mark was kept."),
    ("calibration", "Calibration", "How often it is right, by the probability given."),
)
"""Charts of one model: place in the page, title, caption."""


def chart(fig: go.Figure, title: str, caption: str, elem_id: str) -> None:
    """A heading and a figure."""
    with gr.Column(elem_classes="chart wide" if elem_id in WIDE else "chart"):
        heading(title, caption)
        gr.Plot(fig, show_label=False, container=False, elem_id=elem_id)


def comparison_tab(zoo: Zoo) -> None:
    """Lay out the tab."""
    entries = zoo.entries()
    metrics = {key: entry.metrics for key, entry in entries.items() if entry.metrics}
    published = zoo.source.published()
    compared, *others = same_photos(metrics) or [{}]
    found = standings({model: r.predictions for model, r in _results(compared).items()})
    if compared:
        gr.HTML(
            render("measured.html", where=_conditions(compared), leader=leader_of(found)),
            elem_id="leader",
        )
    else:
        heading(
            "Nothing was measured with these weights",
            "Train some, as the tab About shows; the figures of the test photos appear here then.",
        )
    _leaderboard(tables.leaderboard(entries, published, compared), published)
    if others:
        _measured_elsewhere(others)
    if compared:
        _measured(compared, entries, found)
        # With many backbones there is enough to see before.
        with gr.Accordion("One model in detail", open=len(compared) < CHARTED, elem_id="closely"):
            _one_model(metrics, found.best.model)


def _conditions(metrics: dict[str, Metrics]) -> str:
    """What every measured figure of the tab was measured on, said once."""
    timed = "; ".join(dict.fromkeys(m.timed for m in metrics.values() if m.timed))
    where = f"{tables.measured_on(metrics)} All charts below show these."
    return f"{where} Milliseconds: {timed}." if timed else where


def _leaderboard(rows: list[tables.Row], published: Published | None) -> None:
    if not rows:
        return
    measured = [row for row in rows if row.figures["measured"]]
    said = [] if len(measured) == len(rows) else ["Grey: not among these weights."]
    if any(row.figures["measured"].get("others refused %") is not None for row in measured):
        said.append("Others refused: share of the held-out photos of none of the classes.")
    if len({row.figures["measured"].get("epochs of base") for row in measured}) > 1:
        said.append("Epochs: how long each base was trained. They differ, so compare with care.")
    heading("Leaderboard", " ".join(said))
    # On which photos the others were measured stands above, once for all.
    photos = f"On {published.test_photos:,} test photos" if published else ""
    table = tables.to_html(rows, {"published": photos})
    gr.HTML(table, js_on_load="window.flowersSort(element)", elem_id="figures")
    links = {"All figures as CSV": ("figures.csv", data_link("text/csv", tables.to_csv(rows)))}
    gr.HTML(render("downloads.html", links=links), elem_id="figures-csv")
    if published:
        lead = published_points(published)
        first = published_lead(lead, published.test_photos) if len(lead) > 1 else ""
        text = f"{published.title}. {published.note} {STUDY} {first}"
        gr.HTML(render("study.html", text=text), elem_id="study")


def _measured(metrics: dict[str, Metrics], entries: Mapping[str, Entry], found: Standings) -> None:
    accuracy = (
        points.accuracy_chart(measured_points(metrics)),
        "Accuracy",
        "Bars: 95 % intervals.",
        "measured-accuracy",
    )
    if len(metrics) < CHARTED:  # Of fewer, the headline and the table say it all.
        chart(*accuracy)
        return
    latency = {key: m.latency_ms for key, m in metrics.items() if m.latency_ms}
    sizes = {key: e.config.files[ARTIFACT].bytes / 1e6 for key, e in entries.items() if e.config}
    costs = [
        ("latency", latency, "milliseconds per photo, both variants", "ms"),
        ("size", sizes, "megabytes, both variants in one file", "MB"),
    ]
    with gr.Row(elem_classes="pair"):
        chart(*accuracy)
        _costs({n: points.cost_chart(metrics, cost, *how) for n, cost, *how in costs if cost})
    with gr.Row(elem_classes=["pair", "matrices"]):
        chart(
            matrices.difference_chart(found),
            WORDS["real"],
            WORDS["differences"].format(tested=WORDS["tested"]),
            "differences",
        )
        chart(
            matrices.class_f1_chart(metrics),
            "F1 of every class",
            "Precision and recall in one; the models in the same order.",
            "class-f1",
        )


def _costs(figures: Mapping[str, go.Figure]) -> None:
    """Accuracy against one cost at a time, of those that are known by their names."""
    if not figures:
        return
    first = next(iter(figures))
    with gr.Column(elem_classes="chart"):
        with gr.Row(elem_classes="choice-line"):
            heading("Accuracy against", "")
            choice = gr.Dropdown(
                list(figures),
                value=first,
                label="Cost",
                show_label=False,
                container=False,
                min_width=100,  # So that it stands beside the heading on a phone.
                elem_id="cost",
            )
        plot = gr.Plot(figures[first], show_label=False, container=False, elem_id="accuracy-cost")

    def show(name: Any) -> go.Figure:
        if name not in list(figures):
            raise refused(f"There is no such cost. Received: {name!r:.80}")
        return figures[name]

    choice.input(show, choice, plot, **SWITCH)


def _measured_elsewhere(groups: list[dict[str, Metrics]]) -> None:
    found = [
        f"{', '.join(BACKBONES[key].name for key in group)}: {tables.measured_on(group)}"
        for group in groups
    ]
    heading(
        "Measured on other photos",
        "Not compared above, since a difference could come from the photos. " + " ".join(found),
        "measured",
    )


def _one_model(metrics: dict[str, Metrics], first: Model) -> None:
    """What is shown of one model at a time."""
    models = {"-".join(model): model for model in _results(metrics)}
    choice = gr.Dropdown(
        [(model_name(model), name) for name, model in models.items()],
        value="-".join(first),
        label="Model",
        show_label=False,
        container=False,
        elem_id="one-model",
    )
    found = one_model(metrics, first)
    places: dict[str, gr.Plot | gr.HTML] = {}
    with gr.Row(elem_classes="trio"):
        for elem_id, title, caption in CLOSELY:
            with gr.Column(elem_classes="chart", min_width=300):
                heading(title, caption)
                places[elem_id] = gr.Plot(
                    found[elem_id], show_label=False, container=False, elem_id=elem_id
                )
    places["mistakes"] = gr.HTML(found["mistakes"], elem_id="mistakes")

    def show(name: Any) -> dict[gr.Plot | gr.HTML, Any]:
        if name not in list(models):
            raise refused(f"There are no figures of such a model. Received: {name!r:.80}")
        return {places[place]: it for place, it in one_model(metrics, models[name]).items()}

    choice.input(show, choice, [*places.values()], **SWITCH)


def one_model(metrics: dict[str, Metrics], model: Model) -> dict[str, go.Figure | Markup | None]:
    """What is shown of one model, by its place in the page; None where there is nothing."""
    m, variant = metrics[model[0]], model[1]
    result = m.variants[variant]
    return {
        "confusion": matrices.confusion_chart(result.confusion, m.classes),
        "learning": curves.learning_chart({model: result}) if result.curves else None,
        "calibration": curves.calibration_chart({model: result}),
        "mistakes": mistakes_html(m, variant),
    }


def _results(metrics: dict[str, Metrics]) -> dict[Model, VariantResult]:
    return {
        (key, variant): result
        for key, m in metrics.items()
        for variant, result in m.variants.items()
    }
