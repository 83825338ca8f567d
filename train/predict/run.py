"""`python -m train predict`: the photos of a folder, every model asked, Parquet out.

One process per core decodes photos and runs the models on one thread; this one hands photos out and
writes files. Only it writes, so what a killed run leaves behind cannot come in between.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from math import ceil
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

from filelock import FileLock, Timeout
from tqdm import tqdm

from flowers.backbones import VARIANTS, Backbone, Variant
from flowers.errors import DatasetError, UserError, WeightsError
from flowers.weights.folder import ARTIFACT, Artifact, Config
from flowers.weights.source import Source
from train.data.sources import HUB, find_photos
from train.predict.shards import Shards
from train.predict.worker import NamedPhoto, ShardRow, predict, start

RUN_LOCK, UNPACKED = ".lock", ".photos"

LEAST_PORTION = 16
"""Photos handed out at once at the very end, so that no core waits long for another."""


@dataclass(frozen=True)
class PredictJob:
    """What is to be predicted, and how."""

    data: str
    """A folder, a zip, or hf://datasets/USER/NAME."""
    weights: str
    """A weights folder, or hf://USER/REPO, with @REVISION if need be."""
    out: Path
    backbones: Sequence[Backbone] | None = None
    """None: all that the weights have."""
    variants: Sequence[Variant] = VARIANTS
    workers: int = os.cpu_count() or 1
    """Processes."""
    photos_per_file: int = 500
    """At most. A killed run loses what it has not written: up to this number per process."""


@dataclass(frozen=True)
class Summary:
    """What a run did. As a string: one line for people."""

    out: Path
    models: int
    photos: int
    """Read by this run, bad ones among them."""
    bad: int
    before: int
    """Photos that had their rows already."""
    changed: int
    """Photos among the first whose files are no longer what was asked about before."""
    seconds: float

    def __str__(self) -> str:
        words = [f"{self.photos:,} photos by {self.models} models in {self.out}"]
        if self.photos:
            words.append(f"{self.photos / self.seconds:.1f} photos/s")
        if self.bad:
            words.append(f"{self.bad:,} could not be read, each with its reason")
        if self.changed:
            words.append(f"{self.changed:,} had changed since and were asked about again")
        if self.before:
            words.append(f"{self.before:,} were there already")
        return "; ".join(words)


Ask = Callable[[PredictJob, Sequence[Artifact], Sequence[NamedPhoto]], Iterator[list[ShardRow]]]
"""Asks artifacts about photos; gives the rows of one portion of the photos after another."""


def run_predict(job: PredictJob, ask: Ask | None = None) -> Summary:
    """Write one row per photo and model to `job.out`, going on where a former run ended.

    Processes here are asked, if not another way to `ask` is given. Photos whose files have changed
    since then are asked about again. Raises `UserError` when photos or weights cannot be used, when
    the folder holds other predictions, or another run writes there.
    """
    source = _open(job.weights)
    configs = _configs(source, job.backbones)
    models = [f"{key} {v}" for key, c in configs.items() for v in job.variants if v in c.variants]
    if not models:
        raise WeightsError(f"{job.weights} has no such variant; choose another.")
    run = {
        "schema_version": 2,
        "data": job.data if job.data.startswith(HUB) else str(Path(job.data).resolve()),
        "weights": {
            key: {
                "sha256": config.files[ARTIFACT].sha256,
                "variants": {v: s.model_dump(mode="json") for v, s in config.variants.items()},
            }
            for key, config in configs.items()
        },
        "models": models,
    }
    job.out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(job.out / RUN_LOCK, timeout=0):
            photos = _photos(job)
            shards = Shards(job.out, run)
            done = shards.done()
            changed = {n for n, path in photos if n in done and not done[n].is_still(path)}
            shards.forget(changed)
            todo = [photo for photo in photos if photo[0] not in done or photo[0] in changed]
            artifacts = [source.fetch(key) for key in configs] if todo else []
            began, bad = perf_counter(), 0
            for rows in (ask or ask_here)(job, artifacts, todo) if todo else ():
                shards.add(rows)
                bad += len({row["photo"] for row in rows if row.get("reason")})
            seconds = perf_counter() - began
    except Timeout:
        raise UserError(f"Another run writes to {job.out}; wait until it ends.") from None
    before = len(photos) - len(todo)
    return Summary(job.out, len(models), len(todo), bad, before, len(changed), seconds)


def portions(
    photos: Sequence[NamedPhoto], workers: int, most: int
) -> Iterator[Sequence[NamedPhoto]]:
    """Photos in portions of at most `most`, smaller ones towards the end."""
    begin = 0
    while begin < len(photos):
        share = ceil((len(photos) - begin) / (2 * workers))
        size = min(most, max(LEAST_PORTION, share))
        yield photos[begin : begin + size]
        begin += size


def _photos(job: PredictJob) -> list[NamedPhoto]:
    """All photos there are, in order; says what is left aside. Raises `DatasetError`."""
    found = find_photos(job.data, job.out / UNPACKED, leave=[job.out])
    for line in [*found.notes, *found.aside.lines()]:
        print(line)
    if not found.photos:
        raise DatasetError(f"{job.data} holds no photos; give a folder with JPEG or PNG files.")
    return [(photo.name, photo.path) for photo in found.photos]


def _open(weights: str) -> Source:
    if weights.startswith(HUB):
        repo, _, revision = weights.removeprefix(HUB).partition("@")
        return Source.of_hub(repo, revision or None)
    return Source(Path(weights))


def _configs(source: Source, backbones: Sequence[Backbone] | None) -> dict[str, Config]:
    """Backbone -> config of those asked for. Raises `WeightsError` when one cannot be used."""
    entries = source.entries()
    keys = [b.key for b in backbones] if backbones else [k for k in entries if entries[k].available]
    if not keys:
        raise WeightsError(f"{source.origin} holds no weights; train some with `python -m train`.")
    configs = {}
    for key in keys:
        entry = entries[key]
        if entry.config is None or not entry.available:
            raise WeightsError(entry.reason or f"{key} cannot be used.")
        configs[key] = entry.config
    return configs


def ask_here(
    job: PredictJob, artifacts: Sequence[Artifact], photos: Sequence[NamedPhoto]
) -> Iterator[list[ShardRow]]:
    """The rows of one portion of the photos after another, made by processes."""
    workers, context = job.workers, get_context("spawn")
    read = context.Value("q", 0)
    waiting = portions(photos, workers, job.photos_per_file)
    pool = ProcessPoolExecutor(workers, context, start, (artifacts, job.variants, read))
    try:
        with tqdm(total=len(photos), desc="photos", unit="photo") as bar:
            # One portion more than there are workers, so that none waits for the writing.
            begun: set[Future[list[ShardRow]]] = set()
            while True:
                for portion in islice(waiting, workers + 1 - len(begun)):
                    begun.add(pool.submit(predict, portion))
                if not begun:
                    return
                finished, begun = wait(begun, timeout=0.5, return_when="FIRST_COMPLETED")
                bar.update(read.value - bar.n)
                for future in finished:
                    yield future.result()
    except BrokenProcessPool:
        fewer = max(1, workers // 2)
        raise UserError(
            f"A process ended all of a sudden, perhaps for want of memory; the same command goes "
            f"on from here, with less memory under --workers {fewer}."
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)
