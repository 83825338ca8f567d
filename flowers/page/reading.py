"""A visitor's batch, and how it grows while its photos are read."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from flowers.backbones import Model
from flowers.folders.labels import DroppedLabel
from flowers.models.batch import BatchRow, read_batch
from flowers.models.compare import Standings, judge
from flowers.models.shots import Collected
from flowers.models.zoo import Zoo
from flowers.page.limits import REFRESH

Pair = tuple[Model, Model]


@dataclass(frozen=True)
class Batch:
    """What a visitor's last batch came to."""

    rows: list[BatchRow] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    chosen: str | None = None
    """Name of the model whose confusion is shown."""
    two: Pair | None = None
    """The two models that are compared; None while there are no two."""
    sent: int = 0
    """Photos that were sent; more than there are rows when the visitor stopped the reading."""
    dropped: tuple[DroppedLabel, ...] = ()
    """Folder names that are not classes, until they are taken for the classes suggested."""
    said: tuple[str, ...] = ()
    """What was left aside, and what was taken for what."""
    following: str | None = None
    """Name of the photo that is read next; None for a batch that is done."""

    def sentences(self) -> list[str]:
        """What a visitor should know of the photos besides what was read."""
        return [*map(str, self.dropped), *self.said]

    def meanings(self) -> dict[str, str | None]:
        """Folder -> the class suggested for it, where there is one."""
        return {d.folder: d.suggestion for d in self.dropped if d.suggestion}

    def without_class(self) -> tuple[DroppedLabel, ...]:
        """Folder names that may mean no class, whose photos stay without a label."""
        return tuple(d for d in self.dropped if not d.suggestion)

    def standings(self) -> Standings | None:
        """Scores and tests, when photos have labels."""
        return judge(row.reading for row in self.rows)


def read_all(
    zoo: Zoo,
    collected: Collected,
    backbones: list[str],
    variants: list[str],
    stopped: Callable[[], bool],
) -> Iterator[Batch]:
    """Yield the batch as it grows, then done, most disputed photos first.

    Photos are read in a shuffled order, so that one that is stopped has photos of all classes.
    Raises `ChoiceError` when no model is left.
    """
    rows: list[BatchRow] = []
    choice = zoo.choose(backbones, variants, leave_out=True)
    failed = dict(choice.left_out)
    shots = list(collected.shots)
    Random(0).shuffle(shots)
    yield Batch(sent=len(shots), following=shots[0].name)
    shown = time.monotonic()
    for row in read_batch(zoo, shots, choice.models):
        rows.append(row)
        failed |= row.left_out
        if stopped():
            break
        if time.monotonic() - shown > REFRESH and len(rows) < len(shots):
            shown = time.monotonic()
            yield Batch(list(rows), failed, sent=len(shots), following=shots[len(rows)].name)
    rows.sort(key=lambda row: row.reading.rank, reverse=True)
    yield Batch(
        rows,
        failed,
        sent=len(shots),
        dropped=tuple(collected.dropped),
        said=tuple(collected.sentences()),
    )
