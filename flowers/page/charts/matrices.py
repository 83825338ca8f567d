"""Heat maps: confusion, F1 of every class, and whether differences are real."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from flowers.backbones import Model, model_name
from flowers.models.compare import Standings
from flowers.models.head_to_head import tested
from flowers.models.sentences import SENTENCES, counted
from flowers.page.charts.look import heatmap
from flowers.stats import SIGNIFICANT
from flowers.weights.results import Metrics, VariantResult

MODEL_ROW, HEAD, BELOW = 25, 36, 6
"""Pixels of height per model, of all else, and of that what is below the last model."""
DIFFERENT = [[0, "rgba(128,120,110,0.16)"], [1, "rgba(20,184,166,0.6)"]]
"""Of differences: neutral where it may be chance, the accent where it is more."""


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
    """F1 of every class by every model, the best one first: where the models are weak."""
    results: dict[Model, VariantResult] = {
        (key, variant): result
        for key, m in metrics.items()
        for variant, result in m.variants.items()
    }
    ranked = _ranked({model: result.accuracy for model, result in results.items()})
    rows = [(model_name(model), results[model]) for model in ranked]
    classes = list(dict.fromkeys(name for m in metrics.values() for name in m.classes))
    values = [
        [result.per_class[name].f1 if name in result.per_class else None for name in classes]
        for _, result in rows
    ]
    known = [v for row in values for v in row if v is not None]
    fig = heatmap(
        HEAD + MODEL_ROW * len(rows),
        values,
        classes,
        [name for name, _ in rows],
        texttemplate="%{z:.2f}",
        zmin=min(known, default=0),
        zmax=1,
        hovertemplate="%{y}, %{x}: F1 %{z:.3f}<extra></extra>",
    )
    fig.update_xaxes(side="top")
    fig.update_layout(margin_b=BELOW)
    return fig


def difference_chart(standings: Standings) -> go.Figure:
    """Is the difference real: column against row, McNemar's test with Holm's correction.

    Each pair stands once, in the column of the model that reads more photos right; columns have the
    numbers of the rows. Cells show how many photos more it read right, and are coloured where that
    is more than chance.
    """
    models = _ranked({score.model: score.accuracy for score in standings.scores})
    place = {model: i for i, model in enumerate(models)}
    size = len(models)
    colour: list[list[float | None]] = [[None] * (size - 1) for _ in models]
    text = [[""] * (size - 1) for _ in models]
    hover = [[""] * (size - 1) for _ in models]
    for test in standings.differences:
        pair = [(test.first, test.only_first), (test.second, test.only_second)]
        (better, gain), (other, lost) = sorted(pair, key=lambda one: place[one[0]])
        row, column = place[other], place[better]
        colour[row][column] = int(test.adjusted < SIGNIFICANT)
        text[row][column] = f"{gain - lost:+d}" if gain != lost else "0"
        said = [
            SENTENCES["two_only"].format(name=model_name(model), photos=counted(photos, "photo"))
            for model, photos in ((better, gain), (other, lost))
        ]
        said.append(tested(test, len(standings.differences)))
        hover[row][column] = "<br>".join(said).replace("**", "")
    fig = heatmap(
        HEAD + MODEL_ROW * size,
        colour,
        [str(number) for number in range(1, size)],
        [f"{model_name(model)}  {number}" for number, model in enumerate(models, 1)],
        DIFFERENT,
        text=text,
        texttemplate="%{text}",
        customdata=hover,
        zmin=0,
        zmax=1,
        hovertemplate="%{customdata}<extra></extra>",
    )
    fig.update_xaxes(side="top", type="category")
    fig.update_layout(margin_b=BELOW)
    return fig


def _ranked(accuracy: Mapping[Model, float]) -> list[Model]:
    return sorted(accuracy, key=lambda model: -accuracy[model])
