"""Measures the rows of the training benchmark, each run once, in turn, and noted at once."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.machine import ProcessError, run_measured
from benchmarks.training.tables import Run, TrainingRow
from flowers.backbones import Backbone, Variant
from flowers.files import write_text
from train.data.dataset import Dataset
from train.recipe import Recipe
from train.work import WORK


@dataclass(frozen=True)
class Task:
    """One row of the table, before it is measured."""

    backbone: Backbone
    variant: Variant
    photos: Path
    dataset: Dataset
    base: str
    """"imagenet" or a file."""
    base_name: str
    """For people."""
    seen: int
    """Test photos that the base was pretrained on."""
    image_size: int
    recipe: Recipe

    def key(self) -> list:
        """All that a measurement depends on, but the code."""
        return [
            self.backbone.key,
            self.variant,
            self.dataset.fingerprint,
            self.base,
            self.image_size,
            asdict(self.recipe),
        ]


class Bench:
    """Measures tasks in a work folder, and notes what is measured."""

    def __init__(self, work: Path) -> None:
        self.work, self.notes = work, work / "measured.json"
        self.measured: dict[str, dict] = {}
        if self.notes.exists():
            self.measured = json.loads(self.notes.read_text(encoding="utf-8"))

    def row(self, task: Task, repeats: int, own_runs: int) -> TrainingRow:
        """Measure one row, or what is missing of it: own runs before and after each plain one."""
        plain: list[Run] = []
        own: list[Run] = []
        for side in _order(repeats, own_runs):
            runs = plain if side == "plain" else own
            runs.append(self._once(task, side, len(runs)))
        return TrainingRow(
            backbone=task.backbone.name,
            variant=task.variant,
            photos=len(task.dataset.photos),
            test_photos=len(task.dataset.part("test")),
            base=task.base_name,
            seen=task.seen,
            plain=plain,
            own=own,
            export=self._once(task, "export", 0),
        )

    def _once(self, task: Task, side: str, number: int) -> Run:
        key = json.dumps([*task.key(), side, number])
        title = f"{task.backbone.name} {task.variant}, {side} {number + 1}"
        if key in self.measured:
            print(f"{title}: measured already", flush=True)
        else:
            print(f"{title} ...", end=" ", flush=True)
            measure = {"plain": self._plain, "own": self._own, "export": self._export}[side]
            run = measure(task, self.work / "logs" / f"{title.replace(' ', '-')}.log")
            self.measured[key] = asdict(run)
            write_text(self.notes, json.dumps(self.measured, indent=1))
            print(f"{run.usage['seconds']:.0f} s", flush=True)
        return Run(**self.measured[key])

    def _plain(self, task: Task, log: Path) -> Run:
        given, result = self.work / "plain.json", self.work / "result.json"
        parts = {
            part: [
                [str(task.photos / photo.file) for photo in task.dataset.part(part)],
                task.dataset.labels(task.dataset.part(part)).tolist(),
            ]
            for part in ("train", "validation", "test")
        }
        recipe, transfer = task.recipe, task.variant == "transfer"
        settings = {
            **asdict(recipe),
            "builder": task.backbone.builder,
            "variant": task.variant,
            "tail": task.backbone.tail,
            "base": task.base,
            "image_size": task.image_size,
            "classes": len(task.dataset.classes),
            "parts": parts,
            "learning_rate": recipe.head_learning_rate
            if transfer
            else recipe.tail_rate(task.backbone.normalized),
        }
        write_text(given, json.dumps(settings))
        usage = run_measured("benchmarks.plain_keras", "train", str(given), str(result), log=log)
        return Run(asdict(usage), json.loads(result.read_text())["test_accuracy"])

    def _own(self, task: Task, log: Path) -> Run:
        out, recipe = self._out(task), task.recipe
        shutil.rmtree(out, ignore_errors=True)
        options = {
            "--data": task.photos,
            "--out": out,
            "--backbones": task.backbone.key,
            "--variants": task.variant,
            "--base": task.base,
            "--image-size": task.image_size,
            "--epochs": recipe.epochs,
            "--batch-size": recipe.batch_size,
            "--seed": recipe.seed,
            "--views": recipe.views,
        }
        arguments = [str(word) for pair in options.items() for word in pair]
        usage = run_measured("train", "fit", "--no-export", *arguments, log=log)
        # Not trained on the very same split, the sides could not be compared.
        split = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["fingerprint"]
        if split != task.dataset.fingerprint:
            raise ProcessError(f"fit split the photos in another way. Received: {split}")
        progress = out / WORK / task.backbone.key / task.variant / "progress.json"
        return Run(asdict(usage), json.loads(progress.read_text())["test_accuracy"])

    def _export(self, task: Task, log: Path) -> Run:
        trained = self._out(task) / WORK / task.backbone.key / "trained.json"
        if not trained.exists():  # Of an earlier call, and cleaned up since.
            self._own(task, log)
        usage = run_measured("train", "export", "--weights", str(self._out(task)), log=log)
        shutil.rmtree(self._out(task))
        return Run(asdict(usage), None)

    def _out(self, task: Task) -> Path:
        return self.work / f"{task.backbone.key}-{task.variant}"


def _order(repeats: int, own_runs: int) -> Iterator[str]:
    """Sides in turn: an own run before and after every plain one, and more at the end.

    With one own run no figure is meant: each side once, to try it out.
    """
    if own_runs == 1:
        yield from ["own", *["plain"] * repeats]
        return
    yield "own"
    for _ in range(repeats):
        yield "plain"
        yield "own"
    yield from ["own"] * max(0, own_runs - repeats - 1)
