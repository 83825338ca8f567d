"""Which folders are classes: people keep sets in parts, in folders of folders, and in copies."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Literal

from flowers.errors import DatasetError
from flowers.folders.aside import Kind
from flowers.folders.disk import DiskFile
from flowers.folders.find import File, Found, find_on_disk
from flowers.folders.names import tidy, without_capitals

Use = Literal["train", "test"]
"""What the photos are for, where a set comes in parts."""

_ROLES = {
    "train": r"train|training|trn",
    "validation": r"val|valid|validation|eval|evaluation|dev",
    "test": r"test|testing|tst|holdout",
    "prediction": r"pred|predict|prediction",
}
PART = re.compile(
    r"(?P<before>(?:.*[\W_])?)(?P<role>" + "|".join(_ROLES.values()) + r")"
    r"(?P<after>(?:[\W_]*(?:set|data|dataset|images?|imgs?|photos?|pictures?|pics|split|part|folder"
    r"|\d+))*)[\W_]*"
)
"""Matches the name of a folder that is a part of a divided set: see `part_of`."""
_WANTED: dict[Use, tuple[str, ...]] = {
    "train": ("train",),
    "test": ("test", "validation", "train"),
}
"""The part that is taken: the first of these that is there."""
_VERB = {"train": "used, since they are split anew", "test": "measured"}


@dataclass(frozen=True)
class Labelled(Generic[File]):
    """A photo in a class folder."""

    file: File
    label: str
    """Name of the class folder, tidied."""


@dataclass
class PhotoSet(Generic[File]):
    """Photos by class, and all that was left aside or taken for something."""

    found: Found[File]
    """Its `aside` and `notes` have those of the layout, too."""
    classes: list[str]
    """Tidied names of the class folders, sorted, also of those without photos."""
    photos: list[Labelled[File]]
    """By class, then in order of their paths."""


@dataclass
class _Folder(Generic[File]):
    name: str
    """Path from the top; "" for the top itself."""
    folders: dict[str, "_Folder[File]"] = field(default_factory=dict)
    photos: list[File] = field(default_factory=list)

    def all(self) -> list[File]:
        """Photos at any depth."""
        return [*self.photos, *(p for child in self.folders.values() for p in child.all())]

    def filled(self) -> dict[str, "_Folder[File]"]:
        """The folders that hold photos at any depth."""
        return {name: child for name, child in self.folders.items() if child.all()}


def by_class(found: Found[File], use: Use = "train") -> PhotoSet[File]:
    """Find the class folders, and the class of every photo."""
    top = _tree(found)
    folder = _class_root(top, use, found)
    found.aside.add(Kind.LOOSE, *(photo.name for photo in folder.photos))
    members: dict[str, list[File]] = defaultdict(list)
    for name, child in _without_copies(folder, found):
        members[name] += child.all()
    # Models that are measured may know two classes that differ only in capitals.
    labels = _merged(members, found, without_capitals if use == "train" else tidy)
    photos = [Labelled(file, labels[name]) for name, files in members.items() for file in files]
    photos.sort(key=lambda photo: (photo.label, photo.file.name.split("/")))
    return PhotoSet(found, sorted(set(labels.values())), photos)


def read_folder(
    root: Path, leave: Collection[Path] = (), use: Use = "train", least: int = 2
) -> PhotoSet[DiskFile]:
    """Read a folder of at least `least` class folders; see `find_on_disk` and `by_class`.

    Raises `DatasetError`.
    """
    return check_classes(by_class(find_on_disk(root, leave), use), least)


def check_classes(photos: PhotoSet[File], least: int = 2) -> PhotoSet[File]:
    """The same photos, where they are in class folders. Raises `DatasetError`."""
    root = photos.found.source or photos.found.root
    if len(photos.classes) < least:
        raise DatasetError(
            f"{root} needs {'two or more class folders' if least > 1 else 'a class folder'}, each "
            f"with photos of one class. Received: {len(photos.classes)} folders{_besides(photos)}"
        )
    if not photos.photos:
        raise DatasetError(
            f"{root} holds no photos; fill its class folders with JPEG or PNG files. "
            f"Received: {len(photos.classes)} folders{_besides(photos)}"
        )
    return photos


def _besides(photos: PhotoSet[File]) -> str:
    return "".join(f"; {line}" for line in photos.found.aside.lines())


def part_of(name: str) -> tuple[str, str] | None:
    """What a folder of a divided set is for, and the words before that; None for another folder.

    >>> part_of("seg_train"), part_of("ValidationSet"), part_of("Trainer")
    (('train', 'seg_'), ('validation', ''), None)
    """
    match = PART.fullmatch(without_capitals(name))
    if match is None:
        return None
    role = next(key for key, words in _ROLES.items() if re.fullmatch(words, match["role"]))
    return role, match["before"]


def _tree(found: Found[File]) -> _Folder[File]:
    top: _Folder[File] = _Folder("")
    for name in found.folders:
        _below(top, name.split("/"))
    for photo in found.photos:
        _below(top, photo.name.split("/")[:-1]).photos.append(photo)
    return top


def _below(folder: _Folder[File], parts: Sequence[str]) -> _Folder[File]:
    for part in parts:
        path = f"{folder.name}/{part}" if folder.name else part
        folder = folder.folders.setdefault(part, _Folder(path))
    return folder


def _class_root(folder: _Folder[File], use: Use, found: Found[File]) -> _Folder[File]:
    """The folder that holds the class folders: below the wanted part, or below a lone folder."""
    top, left = folder, []
    while True:
        filled = folder.filled()
        if parts := _parts(filled):
            wanted = next((role for role in _WANTED[use] if role in parts), None)
            if wanted is None:
                return folder
            chosen = parts[wanted]
            rest = {name: child for name, child in filled.items() if child is not chosen}
            left += sorted(rest)
            for child in rest.values():
                found.aside.add(Kind.PART, *(photo.name for photo in child.all()))
            found.aside.add(Kind.LOOSE, *(photo.name for photo in folder.photos))
        elif len(filled) == 1 and _holds_classes(lone := next(iter(filled.values()))):
            chosen = lone
            found.aside.add(Kind.LOOSE, *(photo.name for photo in folder.photos))
        else:
            break
        folder = chosen
    if left:
        found.notes.append(
            f"Only the photos below {folder.name} are {_VERB[use]}; left aside: {', '.join(left)}."
        )
    elif folder is not top:
        found.notes.append(f"The class folders are those in {folder.name}.")
    return folder


def _parts(folders: dict[str, _Folder[File]]) -> dict[str, _Folder[File]]:
    """Role -> folder, where the folders are parts of a set and not classes; else nothing."""
    roles: dict[str, _Folder[File]] = {}
    before = set()
    for name, child in folders.items():
        if (part := part_of(name)) is not None:
            if part[0] in roles:
                return {}
            roles[part[0]] = child
            before.add(part[1])
    if len(roles) < 2 or len(before) > 1:
        return {}
    if len(roles) == len(folders):
        return roles
    # Beside other folders, parts are parts only where they hold the same classes.
    inner = [
        {without_capitals(n) for n in _lowest(child).filled()}
        for role, child in roles.items()
        if role != "prediction"
    ]
    return roles if len(inner) > 1 and set.intersection(*inner) else {}


def _lowest(folder: _Folder[File]) -> _Folder[File]:
    while len(filled := folder.filled()) == 1 and not folder.photos:
        (folder,) = filled.values()
    return folder


def _holds_classes(folder: _Folder[File]) -> bool:
    filled = folder.filled()
    return len(filled) > 1 or (len(filled) == 1 and _holds_classes(*filled.values()))


def _without_copies(folder: _Folder[File], found: Found[File]) -> list[tuple[str, _Folder[File]]]:
    """Class folders by name; a folder that holds the same class folders again is not a class."""
    names = {without_capitals(name) for name in folder.folders}
    classes: list[tuple[str, _Folder[File]]] = []
    for name, child in folder.folders.items():
        inner = {without_capitals(n) for n in child.filled()}
        again = inner & (names - {without_capitals(name)})
        if child.photos or len(again) < 2:
            classes.append((name, child))
            continue
        classes += child.folders.items()
        there = {_place(p, folder) for p in folder.all()} - {_place(p, folder) for p in child.all()}
        here = [_place(photo, child) for photo in child.all()]
        same = sum(place in there for place in here)
        what = "holds the same photos as" if same == len(here) else "holds class folders of"
        found.notes.append(
            f"{child.name}/ is not a class: it {what} the other folders "
            f"({same} of {len(here)} by name), and what is the same is used once."
        )
    return classes


def _place(photo: File, folder: _Folder[File]) -> str:
    return without_capitals(photo.name.removeprefix(f"{folder.name}/"))


def _merged(
    members: dict[str, list[File]], found: Found[File], key: Callable[[str], str]
) -> dict[str, str]:
    """Folder name -> class: names with the same key are one class."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in members:
        alike[key(name)].append(name)
    labels: dict[str, str] = {}
    for names in alike.values():
        # The spelling of most photos names the class.
        chosen = tidy(max(sorted(names), key=lambda name: len(members[name])))
        labels.update(dict.fromkeys(names, chosen))
        if len(names) > 1:
            counts = " and ".join(f"{name!r} ({len(members[name])})" for name in sorted(names))
            found.notes.append(
                f"The folders {counts} are one class, {chosen!r}: their names differ only in "
                f"capitals, blanks or the form of accents."
            )
    return labels
