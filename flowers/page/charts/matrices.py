"""Heat maps: confusion, F1 of every class, and whether differences are real."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from flowers.backbones import Model, model_name
from flowers.models.compare import Difference
from flowers.page.charts.look import heatmap
from flowers.stats import SIGNIFICANT
from flowers.weights.results import Metrics

DIFFERENT = [
    [0, "rgba(234,120,50,0.6)"],
    [0.5, "rgba(128,120,110,0.16)"],
    [1, "rgba(20,184,166,0.6)"],
]
"""Of differences: neutral where it may be chance, the accent for better, rust for worse."""


def confusion_chart(confusion: Sequence[Sequence[int]], classes: Sequence[str]) -> go.Figure:
    """True class by predicted class: cells show counts, colours the share of the true class."""
    shares = [[n / max(1, sum(row)) for n in row] for row in confusion]
    fig = heatmap(
        104 + 28 * len(classes),
        shares,
        classes,
        classes,
        text=[[str(n) if n else "" for n in row] for row in confusion],
        texttemplate="%{text}",
        zmin=0,
        zmax=1,
        hovertemplate="%{y} predicted as %{x}: %{text} (%{z:.0%})<extra></extra>",
    )
    fig.update_yaxes(title_text="true class")
    fig.update_xaxes(title_text="predicted class")
    return fig


def class_f1_chart(metrics: Mapping[str, Metrics]) -> go.Figure:
    """F1 of every class by every model: where the models are weak."""
    rows = [
        (model_name((key, variant)), result)
        for key, m in metrics.items()
        for variant, result in m.variants.items()
    ]
    classes = list(dict.fromkeys(name for m in metrics.values() for name in m.classes))
    values = [
        [result.per_class[name].f1 if name in result.per_class else None for name in classes]
        for _, result in rows
    ]
    known = [v for row in values for v in row if v is not None]
    fig = heatmap(
        90 + 28 * len(rows),
        values,
        classes,
        [name for name, _ in rows],
        texttemplate="%{z:.2f}",
        zmin=min(known, default=0),
        zmax=1,
        hovertemplate="%{y}, %{x}: F1 %{z:.3f}<extra></extra>",
    )
    fig.update_xaxes(side="top")
    return fig


def difference_chart(tests: Sequence[Difference], models: Sequence[Model]) -> go.Figure:
    """Is the difference real: row against column, McNemar's test with Holm's correction.

    Cells show how many photos more the row read right; coloured where that is more than chance.
    """
    place = {model: i for i, model in enumerate(models)}
    size = len(models)
    colour: list[list[float | None]] = [[None] * size for _ in range(size)]
    text = [[""] * size for _ in range(size)]
    hover = [[""] * size for _ in range(size)]
    for test in tests:
        for first, second, gain, lost in (
            (test.first, test.second, test.only_first, test.only_second),
            (test.second, test.first, test.only_second, test.only_first),
        ):
            row, column = place[first], place[second]
            real = test.adjusted < SIGNIFICANT
            colour[row][column] = ((gain > lost) - (gain < lost)) if real else 0
            text[row][column] = f"{gain - lost:+d}" if gain != lost else "0"
            hover[row][column] = (
                f"only {model_name(first)} right: {gain} photos<br>"
                f"only {model_name(second)} right: {lost} photos<br>"
                f"p = {test.p_value:.3g}, corrected {test.adjusted:.3g}"
            )
    names = [model_name(model) for model in models]
    fig = heatmap(
        150 + 30 * size,
        colour,
        names,
        names,
        DIFFERENT,
        text=text,
        texttemplate="%{text}",
        customdata=hover,
        zmin=-1,
        zmax=1,
        hovertemplate="%{customdata}<extra></extra>",
    )
    fig.update_xaxes(side="top", tickangle=-45)
    return fig
