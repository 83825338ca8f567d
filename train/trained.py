"""What training leaves for the export, so that another process or machine can do that."""

from pathlib import Path
from typing import Literal

from pydantic import JsonValue, ValidationError

from flowers.backbones import Variant
from flowers.files import write_text
from flowers.weights import BaseSource, Schema, Sha256, WeightsError

WORK = ".work"
"""Folder for caches and unfinished training inside the weights folder; may be deleted."""
TRAINED = "trained.json"
GRAPH_WEIGHTS = "graph.weights.h5"

PrecisionChoice = Literal["auto", "int8", "float16", "float32"]


class Trained(Schema):
    """`.work/<backbone>/trained.json`, beside the weights of the trained graph."""

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
        write_text(work / TRAINED, self.model_dump_json(indent=1))

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
