"""The rows of the serving benchmark, and what the process of one row measures.

    python -m benchmarks.serving.rows ROW JOB STARTED

STARTED is the reading of the system's monotonic clock when the process was started, so that a cold
start includes Python itself. Every photo is a new one: an answer that is kept helps no row.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from benchmarks.machine import peak_memory
from benchmarks.serving.engines import Assets, Engine, PlainKeras, ThisApp
from benchmarks.serving.files import Made


@dataclass(frozen=True)
class ServingRow:
    """One line of the table."""

    name: str
    kind: str
    """Of files, as `Made.files` knows them."""
    packages: tuple[str, ...]
    """What runs it, as pip names it; counts as bytes on disk."""
    engine: Callable[[Assets], Engine]

    @property
    def work(self) -> str:
        """Whether the plain models are run or the fused graph; see `Made.work`."""
        return "plain" if self.kind == "plain" else "fused"


BASELINE = "keras"
SERVED_ROW = "int8"
"""The row that is set against plain Keras."""

ROWS: dict[str, ServingRow] = {
    BASELINE: ServingRow("Plain Keras", "plain", ("tensorflow", "keras"), PlainKeras),
    **{
        kind: ServingRow(
            f"This app, {kind}", kind, ("ai-edge-litert",), partial(ThisApp, kind=kind)
        )
        for kind in (SERVED_ROW, "float16")
    },
}


@dataclass(frozen=True)
class RowJob:
    """What a process of a row is given."""

    backbones: dict[str, str]
    """Backbone -> folder of `Made`."""
    classes: int
    image_size: int
    scratch: str
    first: str
    """The photo of the cold start; the others are of the later phases."""
    warm: list[str]
    each: list[str]
    batch: list[str]
    """Without photos a phase is left out."""

    def save(self, path: Path) -> None:
        """Write as JSON."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "RowJob":
        """Read what `save` wrote."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def assets(self) -> Assets:
        """For the engine."""
        made = [Made(Path(folder), key) for key, folder in self.backbones.items()]
        return Assets(made, self.classes, self.image_size, Path(self.scratch))


@dataclass(frozen=True)
class Measured:
    """What one process found; seconds, bytes."""

    first: float
    """From the start of the process to the first answer of a model."""
    all: float
    """And to the last."""
    warm: list[float]
    """One photo with all models, from its file."""
    memory: int
    """Peak up to here."""
    each: dict[str, list[float]]
    """One photo with both models of a backbone."""
    batch: float | None
    memory_batch: int
    answers: dict[str, list[float]]
    """`backbone/variant` -> probabilities of the first photo."""


def measure_serving(row: ServingRow, job: RowJob, started: float) -> Measured:
    """Run all phases of a row."""
    engine = row.engine(job.assets())
    answers, moments = {}, []
    for backbone, variant, probabilities in engine.answers(Path(job.first)):
        moments.append(time.monotonic() - started)
        answers[f"{backbone}/{variant}"] = [float(p) for p in probabilities]
    warm = [_seconds(engine, photo) for photo in job.warm]
    memory = peak_memory()
    each = {key: [_seconds(engine, photo, key) for photo in job.each] for key in job.backbones}
    batch = None
    if job.batch:
        start = time.perf_counter()
        engine.batch([Path(photo) for photo in job.batch])
        batch = time.perf_counter() - start
    return Measured(
        first=moments[0],
        all=moments[-1],
        warm=warm,
        memory=memory,
        each=each,
        batch=batch,
        memory_batch=peak_memory(),
        answers=answers,
    )


def _seconds(engine: Engine, photo: str, backbone: str | None = None) -> float:
    start = time.perf_counter()
    for _ in engine.answers(Path(photo), backbone):
        pass
    return time.perf_counter() - start


def main(row: str, job: str, started: str) -> None:
    """Measure one row and write what was found beside the job."""
    measured = measure_serving(ROWS[row], RowJob.load(Path(job)), float(started))
    Path(job).with_suffix(".found.json").write_text(json.dumps(asdict(measured)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
