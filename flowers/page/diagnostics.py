"""Figures that look into a model: confusion, classes, learning, calibration, real differences."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from flowers.backbones import Model, model_name
from flowers.models.compare import Difference
from flowers.page.charts import COLOURS, SCALE, figure
from flowers.stats import SIGNIFICANT
from flowers.weights.results import Metrics, VariantResult


def confusion_chart(confusion: Sequence[Sequence[int]], classes: Sequence[str]) -> go.Figure:
    """True class by predicted class: cells show counts, colours the share of the true class."""
    shares = [[n / max(1, sum(row)) for n in row] for row in confusion]
    fig = figure(110 + 38 * len(classes))
    fig.add_heatmap(
        z=shares,
        x=list(classes),
        y=list(classes),
        text=[[str(n) if n else "" for n in row] for row in confusion],
        texttemplate="%{text}",
        colorscale=SCALE,
        zmin=0,
        zmax=1,
        showscale=False,
        xgap=2,
        ygap=2,
        hovertemplate="%{y} read as %{x}: %{text} (%{z:.0%})<extra></extra>",
    )
    fig.update_yaxes(autorange="reversed", title_text="true class", showgrid=False)
    fig.update_xaxes(title_text="read as", showgrid=False)
    return fig


def class_f1_chart(metrics: Mapping[str, Metrics]) -> go.Figure:
    """F1 of every class by every model: where the backbones are weak."""
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
    fig = figure(90 + 28 * len(rows))
    fig.add_heatmap(
        z=values,
        x=classes,
        y=[name for name, _ in rows],
        texttemplate="%{z:.2f}",
        colorscale=SCALE,
        zmin=min(known, default=0),
        zmax=1,
        showscale=False,
        xgap=2,
        ygap=2,
        hovertemplate="%{y}, %{x}: F1 %{z:.3f}<extra></extra>",
    )
    fig.update_yaxes(autorange="reversed", showgrid=False)
    fig.update_xaxes(side="top", showgrid=False)
    return fig


def learning_chart(results: Mapping[Model, VariantResult]) -> go.Figure:
    """Accuracy after every epoch: validation drawn through, training dotted, the kept epoch big."""
    fig = figure(340)
    for model, result in results.items():
        colour = COLOURS[model[1]]
        epochs = list(range(1, len(result.curves) + 1))
        for name, dash, values in (
            ("validation", "solid", [100 * e.validation_accuracy for e in result.curves]),
            ("training", "dot", [100 * e.accuracy for e in result.curves]),
        ):
            kept = result.best_epoch if name == "validation" else None
            fig.add_scatter(
                x=epochs,
                y=values,
                mode="lines+markers",
                name=f"{model[1]}, {name}",
                line={"color": colour, "dash": dash, "width": 2},
                marker={"size": [11 if i == kept else 5 for i in range(len(epochs))]},
                hovertemplate="epoch %{x}: %{y:.1f} %<extra>" + f"{model[1]}, {name}</extra>",
            )
    fig.update_xaxes(title_text="epoch", dtick=1, showgrid=False)
    fig.update_yaxes(title_text="accuracy in percent")
    return fig


def calibration_chart(results: Mapping[Model, VariantResult]) -> go.Figure:
    """Accuracy against stated probability; on the diagonal a model is as good as its word."""
    fig = figure(380)
    fig.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": "#8a8178", "dash": "dot", "width": 1.5},
        name="as good as its word",
        hoverinfo="skip",
    )
    for model, result in results.items():
        bins = result.calibration
        fig.add_scatter(
            x=[b.confidence for b in bins],
            y=[b.accuracy for b in bins],
            customdata=[b.photos for b in bins],
            mode="lines+markers",
            name=f"{model[1]}, error {100 * result.expected_calibration_error:.1f} %",
            line={"color": COLOURS[model[1]], "width": 2},
            marker={"size": [5 + min(13, b.photos**0.5) for b in bins]},
            hovertemplate="says %{x:.0%}, right in %{y:.0%} of %{customdata} photos<extra></extra>",
        )
    fig.update_xaxes(title_text="calibrated probability", range=[-0.02, 1.02], tickformat=".0%")
    fig.update_yaxes(title_text="share read right", range=[-0.04, 1.04], tickformat=".0%")
    return fig


def difference_chart(tests: Sequence[Difference], models: Sequence[Model]) -> go.Figure:
    """Is the difference real: row against column, McNemar's test with Holm's correction.

    Cells show how many photos more the row read right; coloured where that is no chance.
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
    fig = figure(150 + 30 * size)
    fig.add_heatmap(
        z=colour,
        x=names,
        y=names,
        text=text,
        texttemplate="%{text}",
        customdata=hover,
        # Neutral where the difference may be chance, accent for better, orange for worse.
        colorscale=[
            [0, "rgba(234,120,50,0.6)"],
            [0.5, "rgba(128,120,110,0.16)"],
            [1, "rgba(20,184,166,0.6)"],
        ],
        zmin=-1,
        zmax=1,
        showscale=False,
        xgap=2,
        ygap=2,
        hovertemplate="%{customdata}<extra></extra>",
    )
    fig.update_yaxes(autorange="reversed", showgrid=False)
    fig.update_xaxes(side="top", tickangle=-45, showgrid=False)
    return fig
