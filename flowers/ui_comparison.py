"""The Comparison tab: stored figures, no model needed."""

from html import escape

import gradio as gr
import plotly.graph_objects as go

from flowers import charts
from flowers.serving import Zoo
from flowers.weights import ARTIFACT


def chart(fig: go.Figure, heading: str, caption: str, tag: str, elem_id: str) -> None:
    """A heading, where the figures come from, and the chart."""
    with gr.Column(elem_classes="chart"):
        gr.HTML(
            f'<h3>{escape(heading)}</h3><p><span class="tag {tag}">{tag}</span>'
            f"{escape(caption)}</p>",
            elem_classes="chart-head",
        )
        gr.Plot(fig, show_label=False, container=False, elem_id=elem_id)


def comparison_tab(zoo: Zoo) -> None:
    """Lay out the tab."""
    entries = zoo.entries()
    metrics = {key: entry.metrics for key, entry in entries.items() if entry.metrics}
    published = zoo.source.published()
    if metrics:
        any_metrics = next(iter(metrics.values()))
        where = f"On {any_metrics.data.photos:,} test photos of {any_metrics.data.name}"
        chart(
            charts.measured_accuracy(metrics),
            "Which backbone reads best",
            f"{where}, with the artifacts that this page serves.",
            "measured",
            "measured-accuracy",
        )
        sizes = {
            key: entry.config.files[ARTIFACT].bytes / 1e6
            for key, entry in entries.items()
            if entry.config
        }
        chart(
            charts.cost_chart(metrics, sizes, "artifact in MB, both variants", "MB"),
            "Accuracy against size",
            f"{where}.",
            "measured",
            "accuracy-size",
        )
    if published:
        chart(
            charts.published_accuracy(published),
            "Published study: transfer against finetuned",
            f"{published.title}. {published.test_photos:,} test photos. {published.note}",
            "published",
            "published-accuracy",
        )
