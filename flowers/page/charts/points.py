"""Models as points: accuracy with its interval, and against what it costs."""

from collections.abc import Mapping

import plotly.graph_objects as go

from flowers.backbones import BACKBONES, VARIANTS, Model, model_name
from flowers.page.charts.look import COLOURS, figure, marker
from flowers.stats import pareto_front
from flowers.weights.results import Metrics, Published

ROW = 46
"""Pixels of height per backbone."""


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
            marker=marker(variant, 13),
            hovertemplate="%{y} " + variant + ": %{x:.2f} %<extra></extra>",
        )
    fig.update_xaxes(title_text="accuracy in percent", ticksuffix=" %")
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
            marker=marker(variant, 11),
            hovertemplate="%{customdata}: %{y:.1f} %, %{x:.1f} " + unit + "<extra></extra>",
        )
    # Room at the right for names.
    most = max((x for x, _ in points.values()), default=1.0)
    fig.update_xaxes(title_text=title, range=[0, 1.18 * most])
    fig.update_yaxes(title_text="accuracy in percent")
    fig.update_layout(margin={"l": 8, "r": 24, "t": 48, "b": 44})
    return fig
