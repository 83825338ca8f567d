"""What the training benchmark found, as tables, a document and a verdict."""

from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from benchmarks.report import Table, with_range
from flowers.stats import accuracy_interval
from train.recipe import Recipe

SPEEDUP_TARGETS = {"transfer": 8.0, "finetuned": 4.0}
"""How many times quicker than plain Keras training is to be."""


@dataclass(frozen=True)
class Run:
    """One measured process."""

    usage: dict[str, Any]
    """See `benchmarks.machine.Usage`."""
    accuracy: float | None
    """On the test photos; None of an export."""


@dataclass(frozen=True)
class TrainingRow:
    """One backbone and variant, both sides."""

    backbone: str
    variant: str
    photos: int
    test_photos: int
    base: str
    seen: int
    """Test photos that the base was pretrained on."""
    plain: list[Run]
    own: list[Run]
    export: Run

    @property
    def name(self) -> str:
        """For tables."""
        return f"{self.backbone} {self.variant}"

    def ratio(self) -> float:
        """Times that plain Keras takes longer."""
        return _median(self.plain, "seconds") / _median(self.own, "seconds")

    def right(self, runs: list[Run]) -> int:
        """Test photos that the median run gets right."""
        return round(median(run.accuracy or 0.0 for run in runs) * self.test_photos)

    def no_worse(self) -> bool:
        """Whether this project's accuracy is not below the 95 % interval of plain Keras."""
        low, _ = accuracy_interval(self.right(self.plain), self.test_photos)
        return self.right(self.own) / self.test_photos >= low


def training_text(rows: list[TrainingRow], recipe: Recipe, drawn: bool) -> str:
    """The tables in Markdown, with what must be known to read them."""
    times = Table(
        ["", "photos", "plain Keras, s", "this project, s", "times faster", "asked", "export, s"],
        [
            [
                row.name,
                f"{row.photos:,}",
                with_range([run.usage["seconds"] for run in row.plain], 0),
                with_range([run.usage["seconds"] for run in row.own], 1),
                f"{row.ratio():.1f}",
                f"{SPEEDUP_TARGETS[row.variant]:.0f}",
                f"{row.export.usage['seconds']:.0f}",
            ]
            for row in rows
        ],
    )
    quality = Table(
        [
            "",
            "test photos",
            "accuracy, plain Keras",
            "accuracy, this project",
            "points apart",
            "peak memory, plain Keras",
            "this project",
            "without mapped files",
            "export",
        ],
        [
            [
                row.name,
                str(row.test_photos),
                _accuracy(row, row.plain),
                _accuracy(row, row.own),
                f"{100 * (row.right(row.own) - row.right(row.plain)) / row.test_photos:+.1f}",
                _gigabytes(row.plain, "peak_bytes"),
                _gigabytes(row.own, "peak_bytes"),
                f"{_gigabytes(row.plain, 'anonymous_bytes')} / "
                f"{_gigabytes(row.own, 'anonymous_bytes')}",
                _gigabytes([row.export], "peak_bytes"),
            ]
            for row in rows
        ],
    )
    notes = [
        f"From photos on the disk to weights and test accuracy, whole processes: {recipe.epochs} "
        f"epochs in batches of {recipe.batch_size}, seed {recipe.seed}, no augmentation, the same "
        f"split on both sides. The finetuned variant of this project trains the transfer head "
        f"first, for as many epochs more. Export is the serving artifact with its own checks. "
        f"Accuracy with its 95 % interval; memory in GB, of both sides without mapped files.",
        "Weights of the base before training: "
        + ", ".join(sorted({f"{row.backbone} {row.base}" for row in rows}))
        + ".",
    ]
    if drawn:
        notes.append("The photos were drawn: accuracies say nothing.")
    if any(row.seen for row in rows):
        seen = {row.backbone: row.seen for row in rows if row.seen}
        notes.append(
            "Some test photos were in the pretraining of the base ("
            + ", ".join(f"{name} {n}" for name, n in seen.items())
            + "): these accuracies are there to compare the sides."
        )
    return "\n\n".join([times.markdown(), quality.markdown(), " ".join(notes)])


def terminal(rows: list[TrainingRow]) -> str:
    """What was asked for and what was reached, one line per row."""
    lines = []
    for row in rows:
        asked = SPEEDUP_TARGETS[row.variant]
        speed = "reached" if row.ratio() >= asked else "missed"
        worse = "no lower than plain Keras" if row.no_worse() else "LOWER than plain Keras"
        processor = _median(row.plain, "processor_seconds") / _median(row.own, "processor_seconds")
        lines.append(
            f"{row.name}: {row.ratio():.1f} times faster, asked {asked:.0f}, {speed} "
            f"({processor:.1f} times less processor time); accuracy {worse} within its interval"
        )
    return "\n".join(lines)


def document(rows: list[TrainingRow], recipe: Recipe) -> dict[str, Any]:
    """All that was measured, for JSON."""
    return {
        "recipe": asdict(recipe),
        "rows": [
            {**asdict(row), "ratio": row.ratio(), "accuracy_no_worse": row.no_worse()}
            for row in rows
        ],
    }


def _median(runs: list[Run], what: str) -> float:
    return float(median(run.usage[what] for run in runs))


def _accuracy(row: TrainingRow, runs: list[Run]) -> str:
    right = row.right(runs)
    low, high = accuracy_interval(right, row.test_photos)
    return f"{100 * right / row.test_photos:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def _gigabytes(runs: list[Run], what: str) -> str:
    values = [run.usage[what] for run in runs]
    return "?" if None in values else f"{median(values) / 1e9:.2f}"
