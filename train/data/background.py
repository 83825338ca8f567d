"""Photos of none of the classes: some to learn refusal from, some to measure it on.

Every subfolder of `--unknown` is one kind and becomes one background class; loose photos are one
more. Two things are held out: a tenth of the kinds as a whole, since what a visitor uploads is of
no kind that was trained on, and a tenth of the photos of the other kinds. Photos that the base was
pretrained on can measure nothing, so they are never held out.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
from tqdm import tqdm

from flowers.errors import DatasetError, PhotoError
from flowers.folders.disk import DiskFile
from flowers.folders.find import Found
from flowers.folders.names import without_capitals
from train.data.cache import PhotoCache
from train.data.dataset import Dataset
from train.data.split import near_duplicate_groups

BackgroundPart = Literal["train", "new kind", "new photo"]
"""Trained on; held out with all of its kind; held out, while others of its kind are trained on."""

LOOSE = "loose photos"
"""Name of the background class of photos that lie in no subfolder."""
SHARE_OF_KINDS = 0.1
LEAST_KINDS = 10
"""Of fewer subfolders, none is held out as a whole."""
LARGEST_KIND = 3
"""A subfolder with more than this many times the median number of photos is a collection of kinds
and never held out as a whole."""
SHARE_OF_PHOTOS = 0.1
HELD_OUT: dict[BackgroundPart, str] = {
    "new kind": "kinds it never saw",
    "new photo": "other photos of kinds it saw",
}
"""Names of the groups of held-out photos in `metrics.json`."""
LEAST_OF_A_KIND = 20
"""So many held-out photos of one kind are a group of their own: elephants that pass for flowers
must not hide behind many other flowers that do not."""


@dataclass(frozen=True)
class BackgroundPhoto:
    """One photo of none of the classes, in the photo cache."""

    sha256: str
    kind: str
    part: BackgroundPart


@dataclass(frozen=True)
class Background:
    """All photos of `--unknown`; none without it."""

    photos: tuple[BackgroundPhoto, ...] = ()

    @classmethod
    def from_rows(cls, rows: Iterable[Sequence[str]]) -> "Background":
        """Read what `rows` wrote."""
        return cls(tuple(BackgroundPhoto(*row) for row in rows))  # type: ignore[arg-type]

    def rows(self) -> list[tuple[str, str, str]]:
        """SHA-256, kind and part of every photo, for a file."""
        return [(photo.sha256, photo.kind, photo.part) for photo in self.photos]

    @property
    def classes(self) -> list[str]:
        """Names of the background classes in the order of the outputs: the kinds trained on."""
        return sorted({photo.kind for photo in self.part("train")})

    def part(self, part: BackgroundPart) -> list[BackgroundPhoto]:
        """The photos of one part."""
        return [photo for photo in self.photos if photo.part == part]

    def held_out(self) -> dict[str, list[BackgroundPhoto]]:
        """The photos to measure on in groups, none of them empty, each photo in one."""
        counts = Counter(photo.kind for photo in self.part("new photo"))
        groups: dict[str, list[BackgroundPhoto]] = {}
        for part, name in HELD_OUT.items():
            for photo in self.part(part):
                own = part == "new photo" and counts[photo.kind] >= LEAST_OF_A_KIND
                groups.setdefault(f"other photos of {photo.kind}" if own else name, []).append(
                    photo
                )
        return groups

    def labels(self, photos: Iterable[BackgroundPhoto]) -> np.ndarray:
        """Indices of background classes, counted from 0, int64[n]."""
        index = {name: i for i, name in enumerate(self.classes)}
        return np.array([index[photo.kind] for photo in photos], dtype=np.int64)

    def table(self) -> str:
        """What a person should know of it before training starts."""
        parts = Counter(photo.part for photo in self.photos)
        kinds = len({photo.kind for photo in self.part("new kind")})
        return (
            f"none of the classes: {parts['train']} photos of {len(self.classes)} kinds to train "
            f"on; held out: {parts['new photo']} other photos of them, and {parts['new kind']} "
            f"photos of {kinds} other kinds"
        )


def scan_background(
    unknown: Found[DiskFile], cache: PhotoCache, dataset: Dataset, seen: Collection[str] = ()
) -> Background:
    """Read photos of none of the classes of `dataset` into the cache, and split them.

    `seen` are hashes of the photos that the base was pretrained on. Left out are photos that cannot
    be read, duplicates, and photos that are nearly those of the classes. Raises `DatasetError`
    where nothing can be learned from it, and OSError when the cache cannot be written.
    """
    kinds, root = _kinds(unknown), unknown.source or unknown.root
    # Equal but for capitals is the same class everywhere else, too.
    own_names = {without_capitals(name) for name in dataset.classes}
    if clash := sorted(kind for kind in kinds if without_capitals(kind) in own_names):
        raise DatasetError(
            f"--unknown holds photos of none of the classes, and {clash[0]!r} is a class; rename "
            f"or remove that folder. Received: {root}"
        )
    found: dict[str, str] = {}
    files = [file for own in kinds.values() for file in own]
    owner = {file: kind for kind, own in kinds.items() for file in own}
    try:
        for file, added in cache.add_all(files, "photos of none of the classes"):
            if isinstance(added, PhotoError):
                tqdm.write(f"skipped: {added}")
            else:
                found.setdefault(added, owner[file])
    finally:
        cache.flush()
    classes = [photo.sha256 for photo in dataset.photos]
    groups = near_duplicate_groups(cache.perceptual_hashes([*classes, *found]))
    of_classes = set(groups[: len(classes)].tolist())
    kept = [
        (sha256, kind, group)
        for (sha256, kind), group in zip(
            found.items(), groups[len(classes) :].tolist(), strict=True
        )
        if group not in of_classes
    ]
    if left_out := len(found) - len(kept):
        print(f"{left_out} photos of --unknown resemble photos of the classes and are left out.")
    parts = split_background(
        [kind for _, kind, _ in kept],
        [group for *_, group in kept],
        dataset.seed,
        {group for sha256, _, group in kept if sha256 in seen},
    )
    background = Background(
        tuple(
            BackgroundPhoto(sha256, kind, part)
            for (sha256, kind, _), part in zip(kept, parts, strict=True)
        )
    )
    if not background.classes:
        raise DatasetError(
            f"{root} holds no photo that can be read; give --unknown a folder of them."
        )
    return background


def split_background(
    kinds: Sequence[str], groups: Sequence[int], seed: int, seen: Collection[int] = ()
) -> list[BackgroundPart]:
    """The part of every photo, from its kind and its group of near-duplicates.

    A group stays together. The same input and seed give the same parts; groups that were `seen`
    before are trained on in any case, and so no kind with one of them is new.
    """
    rng = np.random.default_rng(seed)
    counts = Counter(kinds)
    names = sorted(set(kinds) - {LOOSE})
    whole: set[str] = set()
    if len(names) >= LEAST_KINDS:
        limit = LARGEST_KIND * float(np.median([counts[name] for name in names]))
        single = [name for name in names if counts[name] <= limit]
        whole = set(rng.permutation(single)[: round(SHARE_OF_KINDS * len(names))].tolist())
    held: set[int] = set()
    for name in sorted(set(kinds) - whole):
        own = [group for kind, group in zip(kinds, groups, strict=True) if kind == name]
        wanted = round(SHARE_OF_PHOTOS * len(own))
        for group in rng.permutation(sorted(set(own))).tolist():
            if own.count(group) <= wanted:
                held.add(group)
                wanted -= own.count(group)
    straddling = {g for kind, g in zip(kinds, groups, strict=True) if kind in whole}
    new = whole - {kind for kind, group in zip(kinds, groups, strict=True) if group in seen}
    parts: list[BackgroundPart] = []
    for kind, group in zip(kinds, groups, strict=True):
        if group in seen:
            parts.append("train")
        elif kind in new:
            parts.append("new kind")
        else:
            # What resembles a photo of a kind that is held out is not trained on.
            parts.append("new photo" if group in held | straddling else "train")
    return parts


def _kinds(unknown: Found[DiskFile]) -> dict[str, list[Path]]:
    """The photos of every subfolder, at any depth, and those that lie in none."""
    for line in unknown.aside.lines():
        print(f"--unknown: {line}")
    folders = [PurePosixPath(photo.name).parent.parts for photo in unknown.photos]
    # Programs that pack a folder put it into the zip as a whole.
    while unknown.source and folders and all(len(f) > 1 and f[0] == folders[0][0] for f in folders):
        folders = [folder[1:] for folder in folders]
    kinds: dict[str, list[Path]] = {}
    for folder, photo in zip(folders, unknown.photos, strict=True):
        kinds.setdefault(folder[0] if folder else LOOSE, []).append(photo.path)
    return kinds
