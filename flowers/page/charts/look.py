"""How all charts look: figures, heat maps and the marks of a variant. See the style sheet too.

Titles and captions stand in the page, and the style sheet colours texts and lines, so that the
same figure is readable in the light and in the dark theme.
"""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from flowers.backbones import Variant

COLOURS: dict[Variant, str] = {"transfer": "#8a8178", "finetuned": "#0d9488"}
SYMBOLS: dict[Variant, str] = {"transfer": "circle-open", "finetuned": "circle"}
"""Told apart without colours too: open rings and filled discs."""
SCALE = [[0, "rgba(20,184,166,0.05)"], [1, "rgba(20,184,166,0.6)"]]
"""Of heat maps: the accent, so transparent that text is readable on it in either theme."""


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
