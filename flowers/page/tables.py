"""All stored figures as one table, each row saying whether it was measured or published."""

import csv
import io
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from flowers.backbones import BACKBONES, VARIANTS
from flowers.models.compare import measured_points
from flowers.page.html import render
from flowers.weights.folder import ARTIFACT
from flowers.weights.results import Metrics, Published
from flowers.weights.source import Entry

HEADERS = (
    "backbone",
    "variant",
    "figures",
    "accuracy %",
    "from %",
    "to %",
    "precision",
    "recall",
    "F1",
    "log-loss",
    "calibration error",
    "ms",
    "MB",
    "photos",
)
"""`from` and `to` are the ends of the 95 % interval."""

TEXT = ("backbone", "variant", "figures")
"""The columns without numbers."""

_DIGITS = {"log-loss": 3, "calibration error": 3, "ms": 1, "MB": 1, "photos": 0}

Cell = str | float | None


def results_table(entries: Mapping[str, Entry], published: Published | None) -> list[list[Cell]]:
    """One row per model and source, in the order of `HEADERS`; None where nothing is known."""
    metrics = {key: entry.metrics for key, entry in entries.items() if entry.metrics}
    points = measured_points(metrics)
    rows: list[list[Cell]] = []
    for (key, variant), interval in points.items():
        result, config = metrics[key].variants[variant], entries[key].config
        megabytes = config.files[ARTIFACT].bytes / 1e6 if config else None
        rows.append(
            [
                *(BACKBONES[key].name, variant, "measured"),
                *(round(100 * share, 2) for share in interval),
                *(round(result.macro_precision, 3), round(result.macro_recall, 3)),
                *(round(result.macro_f1, 3), round(result.log_loss, 3)),
                round(result.expected_calibration_error, 3),
                *(_rounded(metrics[key].latency_ms), _rounded(megabytes)),
                metrics[key].data.photos,
            ]
        )
    if published is None:
        return rows
    for key, results in published.results.items():
        for variant in (v for v in VARIANTS if v in results):
            row = results[variant]
            rows.append(
                [
                    *(BACKBONES[key].name, variant, "published"),
                    *(row.accuracy_percent, None, None),
                    *(row.precision, row.recall, row.f1),
                    *(None, None, None, None),
                    published.test_photos,
                ]
            )
    return rows


def to_html(rows: Sequence[Sequence[Cell]]) -> Markup:
    """The table as HTML; see `scripts/sort.js`."""
    return render(
        "figures.html",
        headers=HEADERS,
        numeric=[column not in TEXT for column in HEADERS],
        rows=[
            [(cell, _shown(cell, name)) for cell, name in zip(row, HEADERS, strict=True)]
            for row in rows
        ],
    )


def to_csv(rows: Sequence[Sequence[Cell]]) -> str:
    """The table as CSV, with headers."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(HEADERS)
    writer.writerows(rows)
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


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _shown(value: Cell, column: str) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:,.{_DIGITS.get(column, 2)}f}"
