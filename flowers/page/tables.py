"""The leaderboard: a row per model, what was measured and what was published side by side."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from flowers.backbones import BACKBONES, VARIANTS, Model, Variant
from flowers.models.compare import measured_points, published_points
from flowers.page.html import render
from flowers.weights.folder import ARTIFACT
from flowers.weights.published import Published
from flowers.weights.results import Metrics
from flowers.weights.source import Entry

Cell = float | None
Origin = Literal["measured", "published"]

FIGURES: Mapping[Origin, tuple[str, ...]] = {
    "measured": (
        *("accuracy %", "from %", "to %", "precision", "recall", "F1", "log-loss"),
        *("calibration error", "others refused %", "ms", "MB", "epochs of base", "photos"),
        *("seeds", "mean of seeds %", "lowest of seeds %", "highest of seeds %"),
    ),
    "published": ("accuracy %", "from %", "to %", "precision", "recall", "F1", "photos"),
}
"""`from` and `to` are the ends of the 95 % interval. `others refused` is the share of held-out
photos of none of the classes that were. `epochs of base` are those of its pretraining here. The
page shows some, the CSV all."""
CSV_DIGITS = 3
"""After the point, in the CSV."""


@dataclass(frozen=True)
class Column:
    """A column of the page's table: the name of what it sorts by, and how that is written."""

    name: str
    sorts: str
    text: str
    """Filled in with the figures of one origin by name; `sorts` is what has to be there."""


SHOWN: Mapping[Origin, tuple[Column, ...]] = {
    "measured": (
        Column("accuracy %", "accuracy %", "{accuracy %:.2f}"),
        Column("95 % interval", "from %", "{from %:.1f} to {to %:.1f}"),
        Column(
            "mean of seeds",
            "mean of seeds %",
            "{mean of seeds %:.1f} ({lowest of seeds %:.1f} to {highest of seeds %:.1f})",
        ),
        Column("F1", "F1", "{F1:.2f}"),
        Column("log-loss", "log-loss", "{log-loss:.3f}"),
        Column("calibration error", "calibration error", "{calibration error:.3f}"),
        Column("others refused", "others refused %", "{others refused %:.0f} %"),
        Column("ms", "ms", "{ms:.1f}"),
        Column("MB", "MB", "{MB:.1f}"),
        Column("epochs", "epochs of base", "{epochs of base:.0f}"),
    ),
    "published": (
        Column("accuracy %", "accuracy %", "{accuracy %:.2f}"),
        Column("95 % interval", "from %", "{from %:.1f} to {to %:.1f}"),
        Column("F1", "F1", "{F1:.2f}"),
    ),
}


@dataclass(frozen=True)
class Row:
    """One model, and its figures by where they come from and by name."""

    model: Model
    figures: Mapping[Origin, Mapping[str, Cell]]
    elsewhere: bool = False
    """Measured on other photos than most, so not to be compared with them."""

    @property
    def rank(self) -> tuple[float, float]:
        """Sorts the best first: by what was measured, then by what was published."""
        return tuple(-(self.figures[o].get("accuracy %") or 0) for o in FIGURES)  # type: ignore[return-value]


def leaderboard(
    entries: Mapping[str, Entry], published: Published | None, compared: Mapping[str, Metrics] = {}
) -> list[Row]:
    """A row per model that was measured or published, the best first.

    `compared` are the backbones that were measured on the same photos.
    """
    metrics = {key: entry.metrics for key, entry in entries.items() if entry.metrics}
    measured = {
        model: _measured(entries[model[0]], metrics[model[0]], model[1], interval)
        for model, interval in measured_points(metrics).items()
    }
    printed = _published(published) if published else {}
    models = [(key, variant) for key in BACKBONES for variant in VARIANTS]
    rows = [
        Row(
            model,
            {"measured": measured.get(model, {}), "published": printed.get(model, {})},
            model in measured and model[0] not in compared,
        )
        for model in models
        if model in measured or model in printed
    ]
    return sorted(rows, key=lambda row: row.rank)


def _measured(
    entry: Entry, metrics: Metrics, variant: Variant, interval: tuple[float, float, float]
) -> dict[str, Cell]:
    result = metrics.variants[variant]
    accuracy = [100 * share for share in interval]
    megabytes = entry.config.files[ARTIFACT].bytes / 1e6 if entry.config else None
    scores = (result.macro_precision, result.macro_recall, result.macro_f1, result.log_loss)
    values: list[Cell] = [*accuracy, *scores, result.expected_calibration_error]
    refused = result.unknown_rejected
    values += [None if refused is None else 100 * refused, metrics.latency_ms]
    epochs = entry.config.base.epochs if entry.config else None
    values += [megabytes, epochs, metrics.data.photos]
    if found := result.seed_range:
        values += [found.seeds, *(100 * share for share in (found.mean, found.low, found.high))]
    return dict(zip(FIGURES["measured"], values, strict=False))


def _published(published: Published) -> dict[Model, dict[str, Cell]]:
    found: dict[Model, dict[str, Cell]] = {}
    for (key, variant), (_, low, high) in published_points(published).items():
        result = published.results[key][variant]
        values: list[Cell] = [result.accuracy_percent, 100 * low, 100 * high]
        values += [result.precision, result.recall, result.f1, published.test_photos]
        found[key, variant] = dict(zip(FIGURES["published"], values, strict=True))
    return found


def to_html(rows: Sequence[Row], captions: Mapping[Origin, str]) -> Markup:
    """The table as HTML; `captions` says what each origin is. See `scripts/sort.js`."""
    columns = {
        origin: [
            column
            for column in SHOWN[origin]
            # Few weights were trained with several seeds.
            if any(row.figures[origin].get(column.sorts) is not None for row in rows)
        ]
        for origin in FIGURES
    }
    return render(
        "leaderboard.html",
        columns={origin: found for origin, found in columns.items() if found},
        captions=captions,
        rows=[
            (
                row,
                [
                    (origin, row.figures[origin].get(column.sorts), _text(column, row, origin))
                    for origin, found in columns.items()
                    for column in found
                ],
            )
            for row in rows
        ],
    )


def to_csv(rows: Sequence[Row]) -> str:
    """All figures as CSV, with headers."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    names = [f"{origin} {name}" for origin, names in FIGURES.items() for name in names]
    writer.writerow(["backbone", "variant", *names])
    for row in rows:
        key, variant = row.model
        cells = [
            None if (value := row.figures[o].get(name)) is None else round(value, CSV_DIGITS)
            for o, names in FIGURES.items()
            for name in names
        ]
        writer.writerow([BACKBONES[key].name, variant, *cells])
    return buffer.getvalue()


def measured_on(metrics: Mapping[str, Metrics]) -> str:
    """One sentence: on what data, how many photos, and that part of it was not trained on."""
    found = dict.fromkeys(
        (m.data.name, m.data.part, m.data.photos, m.data.fingerprint) for m in metrics.values()
    )
    parts = [
        f"{photos:,} {'test ' if part == 'test' else ''}photos of {name}"
        for name, part, photos, _ in found
    ]
    if len(parts) > 1:
        return f"On different data, so compare with care: {'; '.join(parts)}."
    return f"On {parts[0]}." if parts else ""


def _text(column: Column, row: Row, origin: Origin) -> str:
    figures = row.figures[origin]
    return "–" if figures.get(column.sorts) is None else column.text.format_map(figures)
