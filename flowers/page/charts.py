"""Results as Plotly figures. Published and measured figures never share a chart.

Titles and captions stand in the page, and the style sheet colours texts and lines, so that the
same figure is readable in the light and in the dark theme.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from flowers.backbones import BACKBONES, VARIANTS, Model, Variant, model_name
from flowers.models.compare import Difference
from flowers.stats import SIGNIFICANT, pareto_front
from flowers.weights.results import Metrics, Published, VariantResult

COLOURS: dict[Variant, str] = {"transfer": "#8a8178", "finetuned": "#0d9488"}
SYMBOLS: dict[Variant, str] = {"transfer": "circle-open", "finetuned": "circle"}
"""Told apart without colours too: open rings and filled discs."""
SCALE = [[0, "rgba(20,184,166,0.05)"], [1, "rgba(20,184,166,0.6)"]]
"""Of heat maps: the accent, so transparent that text is readable on it in either theme."""
DIFFERENT = [
    [0, "rgba(234,120,50,0.6)"],
    [0.5, "rgba(128,120,110,0.16)"],
    [1, "rgba(20,184,166,0.6)"],
]
"""Of differences: neutral where it may be chance, the accent for better, rust for worse."""
ROW = 46
"""Pixels of height per backbone."""


def figure(height: int, **layout: object) -> go.Figure:
    """An empty figure in the project's style."""
    fig = go.Figure()
    fig.update_layout(
        height=height,
        margin={"l": 8, "r": 16, "t": 30, "b": 44},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 13, "color": "#5c554f"},
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "xanchor": "left"},
        hoverlabel={"font": {"family": "system-ui, sans-serif"}},
        dragmode=False,
        **layout,
    )
    axis = {
        "automargin": True,
        "title_font_size": 13,
        "zeroline": False,
        "gridcolor": "#d6d1ca",
        "ticks": "",
    }
    fig.update_xaxes(**axis)
    fig.update_yaxes(**axis)
    return fig


def marker(variant: Variant, size: int) -> dict[str, Any]:
    """How a variant is marked, in colour and shape."""
    return {
        "color": COLOURS[variant],
        "size": size,
        "symbol": SYMBOLS[variant],
        "line_width": 2,
    }


def heatmap(
    height: int,
    z: Sequence[Sequence[float | None]],
    x: Sequence[str],
    y: Sequence[str],
    scale: list[list[Any]] = SCALE,
    **options: object,
) -> go.Figure:
    """A heat map with its first row on top; `options` go to Plotly's trace.

    `z` has a row per name in `y` and a column per name in `x`; None leaves a cell blank.
    """
    fig = figure(height)
    fig.add_heatmap(
        z=z,
        x=list(x),
        y=list(y),
        colorscale=scale,
        showscale=False,
        xgap=2,
        ygap=2,
        **options,
    )
    fig.update_yaxes(autorange="reversed", showgrid=False)
    fig.update_xaxes(showgrid=False)
    return fig


def _marker(variant: Variant, size: int) -> dict[str, Any]:
    """How the points of a variant look: told apart by shape too, not by colour alone."""
    return {"color": COLOURS[variant], "size": size, "symbol": SYMBOLS[variant], "line_width": 2}


def published_accuracy(published: Published) -> go.Figure:
    """Dumbbells: transfer against finetuned, as the study printed them; best backbone on top."""
    ranked = sorted(
        published.results,
        key=lambda key: max(r.accuracy_percent for r in published.results[key].values()),
    )
    fig = figure(90 + ROW * len(ranked))
    names = {key: BACKBONES[key].name for key in ranked}
    for key in ranked:
        values = [r.accuracy_percent for r in published.results[key].values()]
        fig.add_scatter(
            x=[min(values), max(values)],
            y=[names[key]] * 2,
            mode="lines",
            line={"color": "#b8b0a6", "width": 3},
            hoverinfo="skip",
            showlegend=False,
        )
    for variant in VARIANTS:
        rows = [(k, r[variant]) for k in ranked if variant in (r := published.results[k])]
        fig.add_scatter(
            x=[result.accuracy_percent for _, result in rows],
            y=[names[key] for key, _ in rows],
            mode="markers",
            name=variant,
            marker=_marker(variant, 13),
            hovertemplate="%{y} " + variant + ": %{x:.2f} %<extra></extra>",
        )
    fig.update_xaxes(title_text="accuracy in percent", ticksuffix=" %")
    return fig


def published_scores(published: Published) -> go.Figure:
    """Precision, recall and F1 as printed: a heat map, model x score."""
    models = [(k, v) for k in BACKBONES for v in VARIANTS if v in published.results.get(k, {})]
    rows = [published.results[key][variant] for key, variant in models]
    fig = heatmap(
        70 + 26 * len(models),
        [[r.precision, r.recall, r.f1] for r in rows],
        ["precision", "recall", "F1"],
        [model_name(model) for model in models],
        texttemplate="%{z:.2f}",
        hovertemplate="%{y}: %{x} %{z:.2f}<extra></extra>",
    )
    fig.update_xaxes(side="top")
    return fig


def accuracy_chart(points: Mapping[Model, tuple[float, float, float]]) -> go.Figure:
    """Accuracy of every model with the ends of its 95 % interval; best backbone on top."""
    best: dict[str, float] = {}
    for (key, _), (accuracy, _, _) in points.items():
        best[key] = max(accuracy, best.get(key, 0.0))
    ranked = sorted(best, key=lambda key: best[key])
    fig = figure(90 + ROW * len(ranked))
    for variant in VARIANTS:
        rows = [(key, *points[key, variant]) for key in ranked if (key, variant) in points]
        fig.add_scatter(
            x=[100 * accuracy for _, accuracy, _, _ in rows],
            y=[ranked.index(k) + (0.13 if variant == "finetuned" else -0.13) for k, *_ in rows],
            mode="markers",
            name=variant,
            marker=_marker(variant, 11),
            error_x={
                "type": "data",
                "array": [100 * (high - accuracy) for _, accuracy, _, high in rows],
                "arrayminus": [100 * (accuracy - low) for _, accuracy, low, _ in rows],
                "color": COLOURS[variant],
                "thickness": 1.8,
                "width": 5,
            },
            customdata=[[BACKBONES[k].name, 100 * low, 100 * high] for k, _, low, high in rows],
            hovertemplate="%{customdata[0]} " + variant + ": %{x:.1f} %, 95 % interval "
            "%{customdata[1]:.1f} to %{customdata[2]:.1f} %<extra></extra>",
        )
    fig.update_xaxes(title_text="accuracy in percent", ticksuffix=" %")
    fig.update_yaxes(
        tickvals=list(range(len(ranked))),
        ticktext=[BACKBONES[key].name for key in ranked],
        range=[-0.6, len(ranked) - 0.4],
    )
    return fig


def cost_chart(
    metrics: Mapping[str, Metrics], cost: Mapping[str, float], title: str, unit: str
) -> go.Figure:
    """Accuracy against a cost per backbone (size, latency), with the Pareto front."""
    fig = figure(400)
    points: dict[Model, tuple[float, float]] = {
        (key, variant): (cost[key], 100 * result.accuracy)
        for key, m in metrics.items()
        if key in cost
        for variant, result in m.variants.items()
    }
    front = pareto_front(points)
    fig.add_scatter(
        x=[points[model][0] for model in front],
        y=[points[model][1] for model in front],
        mode="lines",
        name="Pareto front",
        line={"color": COLOURS["finetuned"], "width": 1.5, "dash": "dot", "shape": "hv"},
        hoverinfo="skip",
    )
    for variant in VARIANTS:
        models = [model for model in points if model[1] == variant]
        best = {key: max((points[m][1], m) for m in points if m[0] == key)[1] for key, _ in models}
        fig.add_scatter(
            x=[points[m][0] for m in models],
            y=[points[m][1] for m in models],
            mode="markers+text",
            name=variant,
            text=[BACKBONES[m[0]].name if best[m[0]] == m else "" for m in models],
            textposition="top center",
            cliponaxis=False,
            customdata=[model_name(m) for m in models],
            marker=_marker(variant, 11),
            hovertemplate="%{customdata}: %{y:.1f} %, %{x:.1f} " + unit + "<extra></extra>",
        )
    # Room at the right for names.
    most = max((x for x, _ in points.values()), default=1.0)
    fig.update_xaxes(title_text=title, range=[0, 1.18 * most])
    fig.update_yaxes(title_text="accuracy in percent")
    fig.update_layout(margin={"l": 8, "r": 24, "t": 48, "b": 44})
    return fig


def confusion_chart(confusion: Sequence[Sequence[int]], classes: Sequence[str]) -> go.Figure:
    """True class by predicted class: cells show counts, colours the share of the true class."""
    shares = [[n / max(1, sum(row)) for n in row] for row in confusion]
    fig = heatmap(
        110 + 38 * len(classes),
        shares,
        classes,
        classes,
        text=[[str(n) if n else "" for n in row] for row in confusion],
        texttemplate="%{text}",
        zmin=0,
        zmax=1,
        hovertemplate="%{y} read as %{x}: %{text} (%{z:.0%})<extra></extra>",
    )
    fig.update_yaxes(title_text="true class")
    fig.update_xaxes(title_text="read as")
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


def learning_chart(results: Mapping[Model, VariantResult]) -> go.Figure:
    """Accuracy after every epoch: validation solid, training dotted, the kept epoch big."""
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
    """Accuracy against stated probability; the diagonal is perfect calibration."""
    fig = figure(380)
    fig.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": "#8a8178", "dash": "dot", "width": 1.5},
        name="perfectly calibrated",
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
