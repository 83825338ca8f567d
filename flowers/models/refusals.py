"""How often models refuse labelled photos: those of a class, and those of none."""

from collections.abc import Iterable
from dataclasses import dataclass

from flowers.backbones import Model
from flowers.models.compare import Reading
from flowers.models.consensus import NONE_OF_THESE


@dataclass(frozen=True)
class Refusals:
    """What one model refused among the labelled photos of a batch."""

    model: Model
    refused: int
    """Photos of a class that it took for none."""
    photos: int
    """Photos with a class for a label."""
    strangers_refused: int
    strangers: int
    """Photos labelled `NONE_OF_THESE`."""


def refusals(readings: Iterable[Reading]) -> list[Refusals]:
    """Count the refusals of every model on the labelled photos that it read."""
    counts: dict[Model, list[int]] = {}
    for reading in readings:
        if reading.label is None:
            continue
        start = 2 * (reading.label == NONE_OF_THESE)
        for p in reading.predictions:
            found = counts.setdefault(p.model, [0, 0, 0, 0])
            found[start] += not p.known
            found[start + 1] += 1
    return [Refusals(model, *found) for model, found in counts.items()]
