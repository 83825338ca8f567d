"""`.work/` in a weights folder: the lock, and what training leaves for the export.

The folder may be deleted; a run then starts anew.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout
from pydantic import JsonValue, ValidationError

from flowers.backbones import Variant
from flowers.errors import WeightsError
from flowers.files import write_text
from flowers.weights.folder import BaseSource, Schema, Sha256, check_file, read_config

WORK = ".work"
"""Folder for caches and unfinished training inside the weights folder."""
LOCK = "lock"
TRAINED = "trained.json"
FINISHED = "finished.json"
"""A copy of `trained.json`, written when its export lies in place."""
GRAPH_WEIGHTS = "graph.weights.h5"

PrecisionChoice = Literal["auto", "int8", "float16", "float32"]
RefusalMethod = Literal["background", "neighbours"]


def seed_folder(work: Path, recipe_seed: int, number: int) -> Path:
    """Where the training with one of several seeds leaves its variants; the first is served."""
    return work / f"seed-{recipe_seed + number}" if number else work


class Trained(Schema):
    """`.work/<backbone>/trained.json`, beside the weights of the trained graph.

    Fields that came later have defaults, so that what was trained before can be exported.
    """

    stamp: str
    """Changes with everything that changes the weights."""
    backbone: str
    classes: list[str]
    image_size: int
    variants: tuple[Variant, ...]
    precision: PrecisionChoice
    recipe: dict[str, JsonValue]
    base: BaseSource
    versions: dict[str, str]
    data_name: str
    notice: str | None
    unknown: tuple[Sha256, ...] = ()
    """What it was before `background`; such training has no `refusal`."""
    refusal: RefusalMethod | None = None
    """How the graph knows photos of none of the classes, if it does."""
    seeds: int = 1
    """How many trainings there are that differ in the seed alone."""
    background: tuple[tuple[Sha256, str, str], ...] = ()
    """The rows of `train.data.background`."""

    @property
    def seed(self) -> int:
        """Of the recipe: the first of several."""
        return int(str(self.recipe.get("seed", 0)))

    def save(self, work: Path) -> None:
        """Write into a backbone's work folder, whole or not at all. Raises OSError."""
        write_text(work / TRAINED, self._text())

    def is_finished(self, weights: Path) -> bool:
        """Whether a weights folder holds exactly this, exported and whole."""
        folder = weights / self.backbone
        marker = weights / WORK / self.backbone / FINISHED
        if not marker.exists() or marker.read_text(encoding="utf-8") != self._text():
            return False
        try:
            config = read_config(folder)
            for name in config.files:
                check_file(folder, config, name)
        except WeightsError:
            return False
        return True

    def finish(self, work: Path) -> None:
        """Note that the export lies in place. Raises OSError."""
        write_text(work / FINISHED, self._text())

    def _text(self) -> str:
        return self.model_dump_json(indent=1)

    @classmethod
    def load(cls, work: Path) -> "Trained":
        """Read from a backbone's work folder. Raises `WeightsError`."""
        path = work / TRAINED
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValidationError) as error:
            raise WeightsError(
                f"{path} cannot be read; run fit again. Received: {error}"
            ) from error


@contextmanager
def only_run(work: Path) -> Iterator[None]:
    """Hold a `.work` folder for this process; two would overwrite each other's photos and weights.

    A process that dies lets go of it. Raises `WeightsError` when another one holds it.
    """
    work.mkdir(parents=True, exist_ok=True)
    lock = FileLock(work / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise WeightsError(
            f"Another run is at work in {work.parent}; wait for it or choose another --out."
        ) from None
    try:
        yield
    finally:
        lock.release()
