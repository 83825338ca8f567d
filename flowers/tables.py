"""All stored figures as one table, each row saying whether it was measured or published."""

import csv
import io
from collections.abc import Mapping, Sequence

from flowers.backbones import BACKBONES, VARIANTS
from flowers.charts import measured_points
from flowers.hub import Entry
from flowers.results import Metrics, Published
from flowers.weights import ARTIFACT

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

Cell = str | float | None


def results_table(entries: Mapping[str, Entry], published: Published | None) -> list[list[Cell]]:
    """One row a model and source, in the order of `HEADERS`; None where nothing is known."""
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


def to_csv(rows: Sequence[Sequence[Cell]]) -> str:
    """The table as CSV, with headers."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(HEADERS)
    writer.writerows(rows)
    return buffer.getvalue()


def measured_on(metrics: Mapping[str, Metrics]) -> str:
    """One sentence: on what data, how many photos, and that part of it was not trained on."""
    found = dict.fromkeys((m.data.name, m.data.part, m.data.photos) for m in metrics.values())
    parts = [
        f"{photos:,} {'test ' if part == 'test' else ''}photos of {name}"
        for name, part, photos in found
    ]
    if len(parts) > 1:
        return f"On different data, so compare with care: {'; '.join(parts)}."
    return f"On {parts[0]}." if parts else ""


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
