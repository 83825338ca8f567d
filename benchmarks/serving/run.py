"""Prepares the files of the serving benchmark and runs the process of every row."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from benchmarks.machine import matrix_limit
from benchmarks.serving.files import PACKAGES, Made, write_photos
from benchmarks.serving.rows import ROWS, Job, Measured
from benchmarks.serving.tables import Costs, Findings
from flowers.backbones import DEFAULT_CLASSES, IMAGE_SIZE
from flowers.errors import WeightsError
from flowers.files import sha256_of
from flowers.weights.folder import KERAS_WEIGHTS, read_config

ROOT = Path(__file__).resolve().parents[2]


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
        """Make the files that are missing; a process a backbone, so that memory is given back."""
        kinds = list(dict.fromkeys(ROWS[row].kind for row in self.rows))
        # All photos before the clock runs, and the plain models in any case: they come with the
        # count of multiply-adds.
        kinds = ["plain", *(k for k in kinds if k != "plain" and not lacking(PACKAGES.get(k, ())))]
        _ = self.photos
        for made in self.made:
            if missing := [kind for kind in kinds if not made.has(kind)]:
                arguments = [made.backbone, str(made.folder), "--kinds", ",".join(missing)]
                arguments += ["--photos", str(self.cache / "photos")]
                arguments += ["--image-size", str(self.image_size)]
                if trained := self.trained(made.backbone):
                    arguments += ["--trained", str(trained.resolve())]
                _python("benchmarks.serving.setup", *arguments)

    def why_not(self, row: str) -> str | None:
        """Why a row cannot be measured, in a few words."""
        kind = ROWS[row].kind
        if missing := lacking(ROWS[row].packages):
            return f"not installed: {', '.join(missing)}"
        for made in self.made:
            if not made.has(kind):
                if missing := lacking(PACKAGES.get(kind, ())):
                    return f"to convert to it, not installed: {', '.join(missing)}"
                return f"{made.backbone} cannot be converted: {made.why_not(kind)}"
        return None

    def _folder(self, backbone: str) -> str:
        size = "" if self.image_size == IMAGE_SIZE else f"-{self.image_size}"
        trained = self.trained(backbone)
        return (sha256_of(trained / KERAS_WEIGHTS)[:12] if trained else "random") + size


def run(plan: Plan, scratch: Path) -> Findings:
    """Measure all rows that can be, in turns. Raises `WeightsError` when a process fails."""
    photos = [str(path) for path in plan.photos]
    first, rest = photos[0], photos[1:]
    job = Job(
        backbones={made.backbone: str(made.folder) for made in plan.made},
        classes=plan.classes,
        image_size=plan.image_size,
        scratch="",
        first=first,
        warm=rest[: plan.warm],
        each=rest[plan.warm : plan.warm + plan.each],
        batch=rest[plan.warm + plan.each :],
    )
    absent = {row: why for row in plan.rows if (why := plan.why_not(row))}
    for row, why in absent.items():
        print(f"{ROWS[row].name}: {why}")
    rows = [row for row in plan.rows if row not in absent]
    jobs = {row: replace(job, scratch=str(scratch / row)) for row in rows}
    for row in rows:
        # Not counted: from here on libraries are in the page cache, compiled by Python, and
        # OpenVINO's compiled models in its cache.
        Path(jobs[row].scratch).mkdir()
        if plan.rehearse:
            measure_row(row, replace(jobs[row], warm=[], each=[], batch=[]), scratch, plan.made)
    measured: dict[str, list[Measured]] = defaultdict(list)
    limits = []
    load = os.getloadavg()[0]
    for turn in range(plan.repeats):
        limits.append(matrix_limit())
        for row in rows:
            found = measure_row(row, jobs[row], scratch, plan.made)
            measured[row].append(found)
            print(
                f"{turn + 1} of {plan.repeats}: {ROWS[row].name}: first {found.first:.1f} s, "
                f"all {found.all:.1f} s",
                flush=True,
            )
    costs = {row: cost_of(row, plan.made, Path(jobs[row].scratch)) for row in rows}
    return Findings(
        measured=dict(measured),
        absent=absent,
        costs=costs,
        limits=limits,
        batch=plan.batch,
        trained=[key for key in plan.backbones if plan.trained(key)],
        image_size=plan.image_size,
        load_before=load,
    )


def measure_row(row: str, job: Job, scratch: Path, made: list[Made]) -> Measured:
    """One process of a row, with its model files in the page cache."""
    for one in made:
        for path in one.files(ROWS[row].kind):
            with path.open("rb") as file:
                while file.read(1 << 24):
                    pass
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        path = Path(folder) / "job.json"
        job.save(path)
        _python("benchmarks.serving.rows", row, str(path), repr(time.monotonic()))
        return Measured(**json.loads(path.with_suffix(".found.json").read_text(encoding="utf-8")))


def cost_of(row: str, made: list[Made], scratch: Path) -> Costs:
    """Bytes and multiply-adds of a row."""
    files = [path for one in made for path in one.files(ROWS[row].kind)]
    download = sum(path.stat().st_size for path in files)
    compiled = sum(p.stat().st_size for p in scratch.glob("compiled/**/*") if p.is_file())
    packages = sum(installed_bytes(name) for name in ROWS[row].packages)
    work = sum(one.multiply_adds()[ROWS[row].work] for one in made)
    return Costs(download, download + compiled + packages, work)


def lacking(packages: tuple[str, ...]) -> list[str]:
    """Those of the packages, named as pip does, that are not installed."""
    missing = []
    for name in packages:
        try:
            distribution(name)
        except PackageNotFoundError:
            missing.append(name)
    return missing


def installed_bytes(package: str) -> int:
    """Size of an installed package, without those that it needs."""
    paths = (Path(str(file.locate())) for file in distribution(package).files or [])
    return sum(path.stat().st_size for path in paths if path.is_file())


def _python(module: str, *arguments: str) -> None:
    environment = {
        **os.environ,
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONWARNINGS": "ignore",
    }
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise WeightsError(
            f"{module} failed for {arguments[0]}; run it again. Received: "
            f"{done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}"
        )
