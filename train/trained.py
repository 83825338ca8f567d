"""What training leaves for the export, so that another process or machine can do that."""

from pathlib import Path
from typing import Literal

from pydantic import JsonValue, ValidationError

from flowers.backbones import Variant
from flowers.errors import WeightsError
from flowers.files import write_text
from flowers.weights.folder import BaseSource, Schema, Sha256, check_file, read_config

WORK = ".work"
"""Folder for caches and unfinished training inside the weights folder; may be deleted."""
TRAINED = "trained.json"
FINISHED = "finished.json"
"""A copy of `trained.json`, written when its export lies in place."""
GRAPH_WEIGHTS = "graph.weights.h5"

PrecisionChoice = Literal["auto", "int8", "float16", "float32"]


class Trained(Schema):
    """`.work/<backbone>/trained.json`, beside the weights of the trained graph."""

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
    unknown: list[Sha256]
    """Photos of none of the classes, in the photo cache."""

    def save(self, work: Path) -> None:
        """Write into a backbone's work folder, whole or not at all."""
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
        """Note that the export lies in place."""
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
