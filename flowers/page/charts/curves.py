"""Lines: what training came to, and how often a stated probability comes true."""

from collections.abc import Mapping

import plotly.graph_objects as go

from flowers.backbones import Model
from flowers.page.charts.look import COLOURS, figure
from flowers.weights.results import VariantResult


def learning_chart(results: Mapping[Model, VariantResult]) -> go.Figure:
    """Accuracy after every epoch: validation solid, training dotted, the kept epoch big."""
    fig = figure(260)
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
    fig = figure(260)
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
            cliponaxis=False,
            hovertemplate="says %{x:.0%}, right in %{y:.0%} of %{customdata} photos<extra></extra>",
        )
    fig.update_xaxes(title_text="calibrated probability", range=[-0.02, 1.02], tickformat=".0%")
    fig.update_yaxes(title_text="share that is right", range=[-0.04, 1.04], tickformat=".0%")
    return fig
