"""Models as points: accuracy with its interval, and against what it costs."""

from collections.abc import Mapping, Sequence
from math import log10

import plotly.graph_objects as go

from flowers.backbones import BACKBONES, VARIANTS, Model, model_name
from flowers.page.charts.look import COLOURS, figure, marker
from flowers.page.charts.names import place_names
from flowers.stats import pareto_front
from flowers.weights.results import Metrics

ROW = 36
"""Pixels of height per backbone."""
AROUND = 66
"""Pixels of height above and below the rows."""
COST_MARGIN = {"l": 8, "r": 24, "t": 40, "b": 44}


def accuracy_chart(points: Mapping[Model, tuple[float, float, float]]) -> go.Figure:
    """Accuracy of every model with the ends of its 95 % interval; best backbone on top."""
    best: dict[str, float] = {}
    for (key, _), (accuracy, _, _) in points.items():
        best[key] = max(accuracy, best.get(key, 0.0))
    ranked = sorted(best, key=lambda key: best[key])
    fig = figure(AROUND + ROW * len(ranked))
    for variant in VARIANTS:
        rows = [(key, *points[key, variant]) for key in ranked if (key, variant) in points]
        fig.add_scatter(
            x=[100 * accuracy for _, accuracy, _, _ in rows],
            y=[ranked.index(k) + (0.15 if variant == "finetuned" else -0.15) for k, *_ in rows],
            mode="markers",
            name=variant,
            marker=marker(variant, 11),
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
    fig.update_xaxes(ticksuffix=" %")  # That it is accuracy stands above.
    fig.update_layout(margin_b=28)
    fig.update_yaxes(
        tickvals=list(range(len(ranked))),
        ticktext=[BACKBONES[key].name for key in ranked],
        range=[-0.6, len(ranked) - 0.4],
    )
    return fig


def cost_chart(
    metrics: Mapping[str, Metrics], cost: Mapping[str, float], title: str, unit: str
) -> go.Figure:
    """Accuracy against a cost per backbone (size, latency), with the Pareto front.

    Costs stand on an axis of their logarithms, so that a large one does not crush the others.
    """
    height = AROUND + ROW * len(BACKBONES)  # Beside that of accuracy, and as high with all.
    fig = figure(height)
    points: dict[Model, tuple[float, float]] = {
        (key, variant): (log10(cost[key]), 100 * result.accuracy)
        for key, m in metrics.items()
        if cost.get(key)
        for variant, result in m.variants.items()
    }
    low, high = _ends([x for x, _ in points.values()], 0.15)
    bottom, top = _ends([y for _, y in points.values()], 1.5)
    places = place_names(
        {model: BACKBONES[model[0]].name for model in _best_variants(points)},
        {
            m: ((x - low) / (high - low), (y - bottom) / (top - bottom))
            for m, (x, y) in points.items()
        },
        height - COST_MARGIN["t"] - COST_MARGIN["b"],
    )
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
        fig.add_scatter(
            x=[points[m][0] for m in models],
            y=[points[m][1] for m in models],
            mode="markers+text",
            name=variant,
            showlegend=False,  # As in the chart beside it.
            text=[BACKBONES[m[0]].name if m in places else "" for m in models],
            textposition=[places.get(m, "top center") for m in models],
            cliponaxis=False,
            customdata=[[model_name(m), cost[m[0]]] for m in models],
            marker=marker(variant, 11),
            hovertemplate="%{customdata[0]}: %{y:.1f} %, %{customdata[1]:.1f} "
            + unit
            + "<extra></extra>",
        )
    steps = [n * 10**k for k in range(-2, 7) for n in (1, 2, 5) if low <= log10(n * 10**k) <= high]
    fig.update_xaxes(
        title_text=title,
        range=[low, high],
        tickvals=[log10(step) for step in steps],
        ticktext=[f"{step:g}" for step in steps],
    )
    fig.update_yaxes(ticksuffix=" %", range=[bottom, top])
    fig.update_layout(margin=COST_MARGIN)
    return fig


def _ends(values: Sequence[float], least: float) -> tuple[float, float]:
    """The ends of an axis that shows all values, with room for a name at either."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    margin = max(least, 0.15 * (high - low))
    return low - margin, high + margin


def _best_variants(points: Mapping[Model, tuple[float, float]]) -> list[Model]:
    """The more accurate variant of each backbone, which has its name beside it."""
    best = {key: max((points[m][1], m) for m in points if m[0] == key) for key, _ in points}
    return [model for _, model in best.values()]
