"""`fit --cluster`: every backbone with every seed is a task; the folder is that of a local run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from tqdm import tqdm

from train.artifact.finish import new_folder, progress_of_seeds, put_in_place
from train.cluster.keeper import KeeperActor, TaskState
from train.cluster.session import RETRIES, here, session, share_of
from train.cluster.task import (
    Assignment,
    Base,
    Shared,
    clean_up,
    finish_on_node,
    train_on_node,
)
from train.fit import FitJob, Material, Trainer, Waiting, exports, left_to_export, trained_variants
from train.network.features import THREADS
from train.network.progress import Progress
from train.work import GRAPH_WEIGHTS, TRAINED, WORK, Trained, seed_folder

LOOK = 0.5
"""Seconds between two looks at what the tasks do."""


def trainer_on(address: str) -> Trainer:
    """A way to train for `train.fit.fit`; see `session` for `address`."""

    def train(job: FitJob, material: Material, waiting: Sequence[Waiting]) -> None:
        tasks = sum(len(_missing(job, one)) for one in waiting) or len(waiting)
        environment = {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": keras.backend.backend()}
        with session(address, environment):
            _Run(job, material, waiting, share_of(tasks)).train()

    return train


@dataclass
class _Run:
    """One run: what is out, and what came back."""

    job: FitJob
    material: Material
    waiting: Sequence[Waiting]
    share: dict[str, float]
    pending: dict[ray.ObjectRef, Assignment | Waiting] = field(default_factory=dict)
    """Assignments are in training; what is waiting has been trained and is being exported."""

    def train(self) -> None:
        self.shared, self.photos = _share(self.job, self.material)
        self.keeper: Any = KeeperActor.options(scheduling_strategy=here()).remote(
            self.job.out.resolve(), self.job.recipe.seed
        )
        self.options: dict[str, Any] = {
            **self.share,
            "max_retries": RETRIES,
            "scheduling_strategy": "SPREAD",
            "runtime_env": {"env_vars": {THREADS: str(self.share["num_cpus"])}},
        }
        missing = {one.backbone.key: _missing(self.job, one) for one in self.waiting}
        left = {key: len(numbers) for key, numbers in missing.items()}
        by_key = {one.backbone.key: one for one in self.waiting}
        with _Display(self.job, self.waiting, sum(left.values())) as display:
            for one in self.waiting:
                self._begin(one, missing[one.backbone.key])
                if not missing[one.backbone.key]:
                    self._finish(one, display)
            while self.pending:
                done, _ = ray.wait(list(self.pending), timeout=LOOK)
                display.show(ray.get(self.keeper.states.remote()))
                for reference in done:
                    task = self.pending.pop(reference)
                    result = ray.get(reference)
                    if isinstance(task, Waiting):
                        display.write(self._put(task.trained, *result))
                        continue
                    left[task.backbone.key] -= 1
                    if not left[task.backbone.key]:
                        self._finish(by_key[task.backbone.key], display)
        self._clean_up()

    def _begin(self, one: Waiting, numbers: Sequence[int]) -> None:
        base = ray.put(Base.read(one.base))
        for number in numbers:
            assignment = Assignment(one.backbone, number, one.trained)
            reference = _TRAIN.options(**self.options, name=str(assignment)).remote(
                self.shared, self.photos, assignment, base, self.keeper
            )
            self.pending[reference] = assignment

    def _finish(self, one: Waiting, display: "_Display") -> None:
        """Export a backbone that is trained with all seeds."""
        work = self.job.out / WORK / one.backbone.key
        one.trained.save(work)
        if not exports(self.job):
            display.write(left_to_export(self.job, one.backbone))
            return
        weights = (work / GRAPH_WEIGHTS).read_bytes()
        progress = progress_of_seeds(work, one.trained)
        name = f"{one.backbone.name}, export"
        reference = _FINISH.options(**self.options, name=name).remote(
            self.shared, self.photos, one.trained, ray.put(weights), progress
        )
        self.pending[reference] = one

    def _put(self, trained: Trained, table: str, files: dict[str, bytes]) -> str:
        folder = new_folder(self.job.out, trained)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        put_in_place(self.job.out, trained)
        return table

    def _clean_up(self) -> None:
        nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
        tasks = [
            _CLEAN_UP.options(
                num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=True)
            ).remote(self.shared)
            for node in nodes
        ]
        ray.wait(tasks, num_returns=len(tasks), timeout=30)


_TRAIN, _FINISH, _CLEAN_UP = map(ray.remote, (train_on_node, finish_on_node, clean_up))


def _share(job: FitJob, material: Material) -> tuple[ray.ObjectRef, ray.ObjectRef]:
    """Put what all tasks need into the object store, once."""
    dataset, background = material.dataset, material.background
    hashes = [photo.sha256 for photo in dataset.photos]
    hashes += [photo.sha256 for photo in background.photos]
    photos, rows = material.photos.rows(hashes)
    row_of = dict(zip(hashes, rows.tolist(), strict=True))
    # A memory map would be copied byte by byte, as it is a kind of array that Ray does not know.
    return ray.put(Shared(job, dataset, background, row_of)), ray.put(photos.view(np.ndarray))


def _missing(job: FitJob, one: Waiting) -> list[int]:
    """Numbers of the seeds that are not trained yet."""
    work = job.out / WORK / one.backbone.key
    return [n for n in range(job.seeds) if not _is_trained(job, work, n)]


def _is_trained(job: FitJob, work: Path, number: int) -> bool:
    folder = seed_folder(work, job.recipe.seed, number)
    if number == 0 and not _has_graph(job, work):
        return False
    every = [Progress.load(folder / variant) for variant in trained_variants(job)]
    return all(one.test_accuracy is not None for one in every)


def _has_graph(job: FitJob, work: Path) -> bool:
    """Whether there are weights of a graph of the job's variants: those of others do not fit."""
    if not (work / GRAPH_WEIGHTS).exists():
        return False
    return not (work / TRAINED).exists() or Trained.load(work).variants == job.variants


class _Display:
    """One bar of all epochs, beside it who is at work, above it what is over."""

    def __init__(self, job: FitJob, waiting: Sequence[Waiting], missing: int) -> None:
        self._names = {one.backbone.key: one.backbone.name for one in waiting}
        self._first_seed = job.recipe.seed
        self._epochs = len(trained_variants(job)) * job.recipe.epochs
        tasks = len(waiting) * job.seeds
        self._before = (tasks - missing) * self._epochs
        self._bar = tqdm(
            total=tasks * self._epochs, initial=self._before, desc="all trainings", unit="epoch"
        )
        self._told: dict[tuple[str, int], int] = {}
        self._shown = ""

    def __enter__(self) -> "_Display":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def write(self, text: str) -> None:
        """Show text above the bar."""
        tqdm.write(text)

    def show(self, states: dict[tuple[str, int], TaskState]) -> None:
        """Show how far all tasks are."""
        at_work = []
        for (key, number), state in states.items():
            name = f"{self._names[key]}, seed {self._first_seed + number}"
            for line in state.lines[self._told.get((key, number), 0) :]:
                self.write(f"{name}: {line}")
            self._told[key, number] = len(state.lines)
            accuracy = "" if state.accuracy is None else f" {state.accuracy:.0%}"
            if state.epochs < self._epochs:
                at_work.append(f"{name}: {state.doing} {state.epochs}/{self._epochs}{accuracy}")
        shown = "; ".join(at_work)
        done = self._before + sum(state.epochs for state in states.values())
        if (shown, done) != (self._shown, self._bar.n):
            self._shown, self._bar.n = shown, done
            self._bar.set_postfix_str(shown)
