"""Prepares the files of the serving benchmark and runs the process of every row."""

import json
import os
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import distribution
from pathlib import Path

from benchmarks.machine import matrix_limit, run_measured
from benchmarks.serving.files import Made, write_photos
from benchmarks.serving.rows import ROWS, Measured, RowJob
from benchmarks.serving.tables import Costs, Findings
from flowers.backbones import DEFAULT_CLASSES, IMAGE_SIZE
from flowers.errors import WeightsError
from flowers.files import sha256_of
from flowers.weights.folder import KERAS_WEIGHTS, read_config


@dataclass(frozen=True)
class Plan:
    """What is to be measured."""

    backbones: tuple[str, ...]
    rows: tuple[str, ...]
    repeats: int
    image_size: int
    weights: Path | None
    cache: Path
    warm: int
    each: int
    batch: int
    """Photos of the phases."""
    rehearse: bool = True
    """Run every row once before any counts, so that libraries are in the page cache."""

    @cached_property
    def made(self) -> list[Made]:
        """Where the files of each backbone lie. Raises `WeightsError`."""
        return [Made(self.cache / self._folder(key), key) for key in self.backbones]

    @property
    def photos(self) -> list[Path]:
        """Photos for all phases, each used once."""
        return write_photos(self.cache / "photos", 1 + self.warm + self.each + self.batch)

    @cached_property
    def classes(self) -> int:
        """How many classes the networks have. Raises `WeightsError` when they differ."""
        counts = {
            len(read_config(trained).classes) if (trained := self.trained(key)) else None
            for key in self.backbones
        }
        known = {count or len(DEFAULT_CLASSES) for count in counts}
        if len(known) > 1:
            raise WeightsError(
                f"{self.weights} holds backbones of different classes; measure them one by one. "
                f"Received: {sorted(known)} classes"
            )
        return known.pop()

    def trained(self, backbone: str) -> Path | None:
        """The backbone's folder in the weights folder, where it has Keras weights of this size."""
        if self.weights is None or not (self.weights / backbone / KERAS_WEIGHTS).exists():
            return None
        folder = self.weights / backbone
        return folder if read_config(folder).image_size == self.image_size else None

    def set_up(self) -> None:
        """Make the files that are missing; a process per backbone gives its memory back."""
        # All photos before the clock runs, and the plain models in any case: they come with the
        # count of multiply-adds.
        kinds = list(dict.fromkeys(["plain", *(ROWS[row].kind for row in self.rows)]))
        _ = self.photos
        for made in self.made:
            if missing := [kind for kind in kinds if not made.has(kind)]:
                arguments = [made.backbone, str(made.folder), "--kinds", ",".join(missing)]
                arguments += ["--photos", str(self.cache / "photos")]
                arguments += ["--image-size", str(self.image_size)]
                if trained := self.trained(made.backbone):
                    arguments += ["--trained", str(trained.resolve())]
                log = made.folder / "logs" / f"{made.backbone}.log"
                run_measured("benchmarks.serving.make", *arguments, log=log)

    def _folder(self, backbone: str) -> str:
        size = "" if self.image_size == IMAGE_SIZE else f"-{self.image_size}"
        trained = self.trained(backbone)
        return (sha256_of(trained / KERAS_WEIGHTS)[:12] if trained else "random") + size


def run(plan: Plan, scratch: Path) -> Findings:
    """Measure all rows that can be, in turns. Raises `ProcessError` when a process fails."""
    photos = [str(path) for path in plan.photos]
    first, rest = photos[0], photos[1:]
    job = RowJob(
        backbones={made.backbone: str(made.folder) for made in plan.made},
        classes=plan.classes,
        image_size=plan.image_size,
        scratch="",
        first=first,
        warm=rest[: plan.warm],
        each=rest[plan.warm : plan.warm + plan.each],
        batch=rest[plan.warm + plan.each :],
    )
    jobs = {row: replace(job, scratch=str(scratch / row)) for row in plan.rows}
    for row in plan.rows:
        # Not counted: from here on libraries are in the page cache, and compiled by Python.
        Path(jobs[row].scratch).mkdir()
        if plan.rehearse:
            measure_row(row, replace(jobs[row], warm=[], each=[], batch=[]), scratch, plan.made)
    measured: dict[str, list[Measured]] = defaultdict(list)
    limits = []
    load = os.getloadavg()[0]
    for turn in range(plan.repeats):
        limits.append(matrix_limit())
        for row in plan.rows:
            found = measure_row(row, jobs[row], scratch, plan.made)
            measured[row].append(found)
            print(
                f"{turn + 1} of {plan.repeats}: {ROWS[row].name}: first {found.first:.1f} s, "
                f"all {found.all:.1f} s",
                flush=True,
            )
    costs = {row: cost_of(row, plan.made) for row in plan.rows}
    return Findings(
        measured=dict(measured),
        costs=costs,
        limits=limits,
        batch=plan.batch,
        trained=[key for key in plan.backbones if plan.trained(key)],
        image_size=plan.image_size,
        load_before=load,
    )


def measure_row(row: str, job: RowJob, scratch: Path, made: list[Made]) -> Measured:
    """One process of a row, with its model files in the page cache."""
    for one in made:
        for path in one.files(ROWS[row].kind):
            with path.open("rb") as file:
                while file.read(1 << 24):
                    pass
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        path = Path(folder) / "job.json"
        job.save(path)
        started = repr(time.monotonic())
        run_measured("benchmarks.serving.rows", row, str(path), started, log=scratch / f"{row}.log")
        return Measured(**json.loads(path.with_suffix(".found.json").read_text(encoding="utf-8")))


def cost_of(row: str, made: list[Made]) -> Costs:
    """Bytes and multiply-adds of a row."""
    download = sum(path.stat().st_size for one in made for path in one.files(ROWS[row].kind))
    packages = sum(installed_bytes(name) for name in ROWS[row].packages)
    work = sum(one.multiply_adds()[ROWS[row].work] for one in made)
    return Costs(download, download + packages, work)


def installed_bytes(package: str) -> int:
    """Size of an installed package, without those that it needs."""
    paths = (Path(str(file.locate())) for file in distribution(package).files or [])
    return sum(path.stat().st_size for path in paths if path.is_file())
