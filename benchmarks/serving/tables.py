"""From what the processes of the serving benchmark measured to tables."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from benchmarks.report import Table, with_range
from benchmarks.serving.rows import BASELINE, ROWS, SERVED_ROW, Measured
from flowers.backbones import BACKBONES, IMAGE_SIZE

NOTES = (
    "Cold: from the start of the process, libraries and files in the page cache, to the first and "
    "to the last answer about one photo. Warm: one new photo from its JPEG file. Memory: the "
    "largest the process had after that, mapped files included. On disk: also the engine's own "
    "package. Share of limit: operations per second while warm, as a share of those of the best "
    "single-precision matrix product, which int8 may exceed. Medians{ranges}.",
    "This app's int8: what `fit` chose for backbones with trained weights, else all but the heads "
    "in eight bits. Where that does not agree with Keras, `fit` leaves more layers in float, then "
    "all activations, and in the end takes float16, the row below. This app runs one graph per "
    "backbone, which gives both variants and the focus maps.",
)
AGREE = 0.02
"""Largest difference to plain Keras of a probability in float16."""


@dataclass(frozen=True)
class Costs:
    """What a row takes other than time."""

    download: int
    disk: int
    """With the engine's package; bytes."""
    multiply_adds: int
    """For one photo with all models."""


@dataclass(frozen=True)
class Target:
    """What is aimed at against plain Keras."""

    text: str
    at_least: float
    ratio: Callable[["Findings"], float]


SERVING_TARGETS = (
    Target("one photo, warm: times faster", 15, lambda f: f.ratio(lambda m: median(m.warm))),
    Target("cold start to all models: times faster", 10, lambda f: f.ratio(lambda m: m.all)),
    Target("download: times smaller", 5, lambda f: f.download_ratio()),
    Target("peak memory: times less", 2, lambda f: f.ratio(lambda m: m.memory)),
)


@dataclass(frozen=True)
class Findings:
    """All that was measured in one run."""

    measured: dict[str, list[Measured]]
    """Row -> repetitions."""
    costs: dict[str, Costs]
    limits: list[float]
    """Of matrix products, operations a second."""
    batch: int
    """Photos in the batch."""
    trained: list[str]
    """Backbones with trained weights; the others have random ones."""
    image_size: int
    load_before: float
    """Processes that wanted to run when the measuring began."""

    @property
    def backbones(self) -> list[str]:
        """Those that were measured."""
        return list(next(iter(self.measured.values()))[0].each) if self.measured else []

    def ratio(self, what: Callable[[Measured], float]) -> float:
        """How many times less the app takes than plain Keras, of medians."""
        plain, served = (
            median(what(m) for m in self.measured[row]) for row in (BASELINE, SERVED_ROW)
        )
        return plain / served

    def download_ratio(self) -> float:
        """How many times less the app downloads."""
        return self.costs[BASELINE].download / self.costs[SERVED_ROW].download

    def comparable(self) -> bool:
        """Whether both sides of the targets were measured."""
        return BASELINE in self.measured and SERVED_ROW in self.measured

    def text(self) -> str:
        """All tables in Markdown."""
        parts = [self.targets().markdown()] if self.comparable() else []
        parts += [self.main_table().markdown(), self.each_table().markdown()]
        turns = len(self.limits)
        ranges = f" of {turns} turns, with their range" if turns > 1 else ""
        parts += [note.format(ranges=ranges) for note in NOTES]
        parts.append(
            f"Matrix product: {median(self.limits) / 1e9:.0f} GFLOP/s on all cores. "
            f"Load before the run: {self.load_before:.1f}."
        )
        gap = self.gaps().get("float16", 0.0)
        # Smaller networks get photos that were decoded at a reduced scale.
        if gap > AGREE and self.image_size == IMAGE_SIZE:
            name = ROWS["float16"].name
            parts.append(f"{name} differs from plain Keras by up to {gap:.3f} in a probability.")
        return "\n\n".join(parts)

    def document(self) -> dict[str, Any]:
        """For the JSON of the result."""
        return {**asdict(self), "gaps": self.gaps(), "targets": self.reached()}

    def reached(self) -> dict[str, dict[str, float]]:
        """Target -> what was aimed at and what was reached."""
        if not self.comparable():
            return {}
        return {t.text: {"aimed": t.at_least, "reached": t.ratio(self)} for t in SERVING_TARGETS}

    def targets(self) -> Table:
        """The app against plain Keras."""
        rows = [
            [t.text, f"{t.at_least:g}", f"{ratio:.1f}", "yes" if ratio >= t.at_least else "no"]
            for t in SERVING_TARGETS
            for ratio in [t.ratio(self)]
        ]
        return Table(
            [f"{ROWS[SERVED_ROW].name}, against plain Keras", "aim", "here", "reached"], rows
        )

    def main_table(self) -> Table:
        """Times and sizes, all models together."""
        models = 2 * len(self.backbones)
        columns = ["", "cold: first, s", f"cold: all {models}, s", f"warm: all {models}, ms"]
        columns += ["against plain", f"photos/s, {self.batch} at once", "memory, MB"]
        columns += ["download, MB", "on disk, MB", "multiply-adds, G", "share of limit"]
        rows = []
        for row, turns in self.measured.items():
            warm = [median(m.warm) for m in turns]
            faster = "1"
            if row != BASELINE:
                faster = "–"
                if BASELINE in self.measured:
                    plain = median(median(m.warm) for m in self.measured[BASELINE])
                    faster = f"{plain / median(warm):.1f} x"
            costs = self.costs[row]
            rate = 2 * costs.multiply_adds / median(warm)
            rows.append(
                [
                    ROWS[row].name,
                    _figures([m.first for m in turns], 1),
                    _figures([m.all for m in turns], 1),
                    _figures([1000 * seconds for seconds in warm], 0),
                    faster,
                    _figures([self.batch / m.batch for m in turns if m.batch], 1),
                    _figures([m.memory / 1e6 for m in turns], 0),
                    f"{costs.download / 1e6:.0f}",
                    f"{costs.disk / 1e6:.0f}",
                    f"{costs.multiply_adds / 1e9:.1f}",
                    f"{rate / median(self.limits):.0%}",
                ]
            )
        return Table(columns, [*rows, self._limit_row(len(columns))])

    def _limit_row(self, columns: int) -> list[str]:
        """The fused graphs at the speed of a matrix product."""
        work = min(costs.multiply_adds for costs in self.costs.values())
        row = ["–"] * columns
        row[0], row[3] = (
            "Matrix product, float32",
            _figures([1000 * 2 * work / limit for limit in self.limits], 0),
        )
        row[-2:] = [f"{work / 1e9:.1f}", "100%"]
        return row

    def each_table(self) -> Table:
        """Both variants of each backbone."""
        columns = ["one photo, both variants, ms", *(BACKBONES[k].name for k in self.backbones)]
        rows = [
            [ROWS[row].name]
            + [_figures([1000 * median(m.each[k]) for m in turns], 0) for k in self.backbones]
            for row, turns in self.measured.items()
        ]
        return Table(columns, rows)

    def gaps(self) -> dict[str, float]:
        """Row -> largest difference of a probability to plain Keras, about the first photo."""
        if BASELINE not in self.measured:
            return {}
        expected = self.measured[BASELINE][0].answers
        return {
            row: max(
                abs(a - b)
                for model, values in turns[0].answers.items()
                for a, b in zip(values, expected[model], strict=True)
            )
            for row, turns in self.measured.items()
            if row != BASELINE
        }


def _figures(values: Sequence[float], digits: int) -> str:
    return with_range(values, digits) if values else "–"
