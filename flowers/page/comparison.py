"""The Comparison tab: stored figures, no model needed."""

from typing import Any

import gradio as gr
import plotly.graph_objects as go

from flowers.backbones import BACKBONES, VARIANTS, Model
from flowers.models.compare import measured_points, standings
from flowers.models.verdicts import leader_of
from flowers.models.zoo import Zoo
from flowers.page import tables
from flowers.page.calls import refused
from flowers.page.charts import curves, matrices, points
from flowers.page.html import data_link, render, script
from flowers.weights.folder import ARTIFACT
from flowers.weights.results import Metrics, Published, VariantResult, same_photos

STUDY = (
    "Known of it is a repository README titled “Image Classifications” and the Kaggle data set of "
    "flowers e0b99652b32f…d913235d; no author, year or paper is known."
)
WIDE = ("differences", "class-f1")
"""Charts that a phone scrolls sideways instead of squeezing them."""


def heading(title: str, caption: str, tag: str = "") -> None:
    """A heading, whether the figures below were measured or published, and on what."""
    gr.HTML(
        render("heading.html", title=title, caption=caption, tag=tag), elem_classes="chart-head"
    )


def chart(fig: go.Figure, title: str, caption: str, tag: str, elem_id: str) -> None:
    """A heading and a figure."""
    with gr.Column(elem_classes="chart wide" if elem_id in WIDE else "chart"):
        heading(title, caption, tag)
        gr.Plot(fig, show_label=False, container=False, elem_id=elem_id)


def comparison_tab(zoo: Zoo) -> None:
    """Lay out the tab."""
    entries = zoo.entries()
    metrics = {key: entry.metrics for key, entry in entries.items() if entry.metrics}
    published = zoo.source.published()
    if metrics:
        sizes = {
            key: entry.config.files[ARTIFACT].bytes / 1e6
            for key, entry in entries.items()
            if entry.config
        }
        compared, *others = same_photos(metrics)
        _measured(compared, sizes)
        if others:
            _measured_elsewhere(others)
        _one_backbone(metrics)
    else:
        heading(
            "Nothing was measured with these weights",
            "Train with `python -m train fit`, and the figures of the test photos appear here.",
        )
    if published:
        _published(published)
    _table(tables.results_table(entries, published))


def _measured(metrics: dict[str, Metrics], sizes: dict[str, float]) -> None:
    where = tables.measured_on(metrics)
    results = _results(metrics)
    verdict = standings({model: result.predictions for model, result in results.items()})
    gr.HTML(render("measured.html", where=where, leader=leader_of(verdict)), elem_id="leader")
    latency = {key: m.latency_ms for key, m in metrics.items() if m.latency_ms}
    chart(
        points.accuracy_chart(measured_points(metrics)),
        "Which backbone reads best",
        f"{where} Where intervals overlap, see below whether the difference is real.",
        "measured",
        "measured-accuracy",
    )
    with gr.Row(elem_classes="pair"):
        chart(
            points.cost_chart(metrics, sizes, "megabytes, both variants in one file", "MB"),
            "Accuracy against size",
            where,
            "measured",
            "accuracy-size",
        )
        if latency:
            machines = "; ".join(dict.fromkeys(m.machine for m in metrics.values() if m.machine))
            chart(
                points.cost_chart(metrics, latency, "milliseconds per photo, both variants", "ms"),
                "Accuracy against latency",
                f"{where} Timed on {machines or 'one machine'}.",
                "measured",
                "accuracy-latency",
            )
    if len(metrics) > 2:  # Of fewer, the headline says it all.
        chart(
            matrices.difference_chart(verdict.differences, list(results)),
            "Is the difference real?",
            f"{where} Cells: how many photos more the row reads right than the column. Coloured "
            "where chance is unlikely (McNemar's exact test, Holm's correction, p < 0.05).",
            "measured",
            "differences",
        )
    chart(
        matrices.class_f1_chart(metrics),
        "F1 of every class",
        where,
        "measured",
        "class-f1",
    )


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


def _one_backbone(metrics: dict[str, Metrics]) -> None:
    """What is shown of one backbone at a time."""
    first = next(iter(metrics))
    heading("One backbone closely", tables.measured_on(metrics), "measured")
    choice = gr.Dropdown(
        [(BACKBONES[key].name, key) for key in metrics],
        value=first,
        label="Backbone",
        elem_id="one-backbone",
    )
    titles = (
        ("confusion-transfer", "Confusion, transfer", "Rows: true class, columns: read as."),
        ("confusion-finetuned", "Confusion, finetuned", "Rows: true class, columns: read as."),
        (
            "learning",
            "Learning curves",
            "Accuracy after every epoch: validation solid, training dotted. The big mark "
            "is the epoch that was kept.",
        ),
        ("calibration", "Calibration", "How often a model is right, by how sure it said it was."),
    )
    figures = one_backbone(metrics, first)
    plots: dict[str, gr.Plot] = {}
    for pair in (titles[:2], titles[2:]):
        with gr.Row(elem_classes="pair"):
            for elem_id, title, caption in pair:
                with gr.Column(elem_classes="chart"):
                    heading(title, caption, "measured")
                    plots[elem_id] = gr.Plot(
                        figures[elem_id], show_label=False, container=False, elem_id=elem_id
                    )

    def show(key: Any) -> dict[gr.Plot, go.Figure | None]:
        if key not in list(metrics):
            raise refused(f"There are no figures of such a backbone. Received: {key!r:.80}")
        return {plots[name]: fig for name, fig in one_backbone(metrics, key).items()}

    # Gradio would turn away what is not among its choices, in words of its own.
    choice.input(
        show,
        choice,
        [*plots.values()],
        preprocess=False,
        api_visibility="private",
        show_progress="hidden",
    )


def one_backbone(metrics: dict[str, Metrics], key: str) -> dict[str, go.Figure | None]:
    """The figures of one backbone, by their place in the page; None where there is nothing."""
    m = metrics[key]
    results = _results({key: m})
    confusions = {
        f"confusion-{variant}": matrices.confusion_chart(m.variants[variant].confusion, m.classes)
        if variant in m.variants
        else None
        for variant in VARIANTS
    }
    learned = {model: result for model, result in results.items() if result.curves}
    return {
        **confusions,
        "learning": curves.learning_chart(learned),
        "calibration": curves.calibration_chart(results),
    }


def _published(published: Published) -> None:
    where = (
        f"{published.title}; {published.test_photos:,} of them to test with. {published.note} "
        f"{STUDY} One photo more or less is {100 / published.test_photos:.2f} %."
    )
    with gr.Row(elem_classes="pair"):
        chart(
            points.published_accuracy(published),
            "Published: transfer against finetuned",
            where,
            "published",
            "published-accuracy",
        )
        chart(
            matrices.published_scores(published),
            "Published: precision, recall and F1",
            f"{published.title}; rounded to two digits there.",
            "published",
            "published-scores",
        )


def _table(rows: list[list[tables.Cell]]) -> None:
    heading("All figures", "Click a header to sort. from and to: the 95 % interval.")
    gr.HTML(tables.to_html(rows), js_on_load=script("sort"), elem_id="figures")
    gr.HTML(
        render(
            "downloads.html",
            links={"Download CSV": ("figures.csv", data_link("text/csv", tables.to_csv(rows)))},
        ),
        elem_id="figures-csv",
    )


def _results(metrics: dict[str, Metrics]) -> dict[Model, VariantResult]:
    return {
        (key, variant): result
        for key, m in metrics.items()
        for variant, result in m.variants.items()
    }
