"""Labels for models whose classes are known: folders that mean a class, and those that do not."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Generic

from flowers.folders.find import File
from flowers.folders.layout import part_of
from flowers.folders.names import class_named, nearest_class, tidy

NOT_A_CLASS = (
    "The folder {folder} does not have the name of a class, so its photos ({photos}) have no "
    "label{meant}."
)
MEANT = "; perhaps it means {suggestion}"


@dataclass(frozen=True)
class Named(Generic[File]):
    """A photo, and what its folders say of it."""

    file: File
    label: str | None
    """The class that one of its folders means, the outermost first, as training takes it."""
    folder: str | None
    """Where no folder means a class, the one whose name might have been meant for one."""


@dataclass(frozen=True)
class DroppedLabel:
    """A folder name that is not a class of the models, so that its photos have no label."""

    folder: str
    photos: int
    suggestion: str | None
    """The class whose name is most like it."""

    def __str__(self) -> str:
        meant = MEANT.format(suggestion=self.suggestion) if self.suggestion else ""
        return NOT_A_CLASS.format(folder=repr(self.folder), photos=self.photos, meant=meant)


def with_labels(photos: Sequence[File], classes: Sequence[str]) -> list[Named[File]]:
    """Label photos by the folders that hold them."""
    labels: dict[tuple[str, ...], str | None] = {}
    beside: set[tuple[str, ...]] = set()
    """Folders that hold class folders."""
    meant: dict[str, str | None] = {}
    for photo in photos:
        path = tuple(photo.name.split("/")[:-1])
        if path in labels:
            continue
        labels[path] = None
        for depth, name in enumerate(path):
            if name not in meant:
                meant[name] = class_named(name, classes)
            if meant[name] is not None:
                labels[path] = meant[name]
                beside.add(path[:depth])
                break
    top = _common(list(labels))
    named = []
    for photo in photos:
        path = tuple(photo.name.split("/")[:-1])
        label = labels[path]
        named.append(Named(photo, label, None if label else _meant_for_one(path, beside, top)))
    return named


def dropped_labels(folders: Iterable[str | None], classes: Sequence[str]) -> list[DroppedLabel]:
    """`Named.folder` of all photos as a list of names, with the class that each may mean."""
    counts = Counter(folder for folder in folders if folder is not None)
    return [
        DroppedLabel(folder, photos, nearest_class(folder, classes))
        for folder, photos in sorted(counts.items())
    ]


def _common(paths: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The folder that holds all photos."""
    levels = zip(*paths, strict=False)
    return tuple(names[0] for names in takewhile(lambda names: len(set(names)) == 1, levels))


def _meant_for_one(
    path: tuple[str, ...], beside: set[tuple[str, ...]], top: tuple[str, ...]
) -> str | None:
    """The folder beside the class folders, or else the outermost that is not a part of the set."""
    depths = [depth for depth in range(len(path)) if path[:depth] in beside]
    rest = path[max(depths, default=len(top)) :]
    return next((tidy(name) for name in rest if part_of(name) is None), None)
