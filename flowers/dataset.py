"""A folder of class folders becomes a checked, de-duplicated, grouped and split set of photos.

Near-duplicates share a group, and a group never leaves its part of the split: otherwise a model
would be tested on photos that it has all but seen. The same files and seed give the same split.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import imagehash
import numpy as np
from PIL import Image

from flowers.files import write_text
from flowers.photocache import PhotoCache
from flowers.photos import SUFFIXES

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = get_args(Part)
SHARES: dict[Part, float] = {"train": 0.7, "validation": 0.2, "test": 0.1}

NEAR_DUPLICATE_BITS = 8
"""Photos whose 64-bit perceptual hashes differ in at most so many bits count as near-duplicates.
Looked at on 4,301 web photos: up to 8 nearly all pairs show the same shot, from 10 on none did."""


class DatasetError(ValueError):
    """A folder cannot be used for training. The message is one sentence for its owner."""


@dataclass(frozen=True)
class Photo:
    """One line of the manifest."""

    file: str
    """Path below the folder, with forward slashes."""
    label: str
    part: Part
    group: int
    """Photos of one group are near-duplicates of one another."""
    sha256: str


@dataclass
class Dataset:
    """Photos with labels and parts, and what was set aside on the way."""

    root: Path
    classes: list[str]
    photos: list[Photo]
    seed: int
    unreadable: dict[str, str] = field(default_factory=dict)
    """File -> reason."""
    duplicates: list[str] = field(default_factory=list)
    """Files equal to another of the same class, used once."""
    conflicts: list[str] = field(default_factory=list)
    """Files filed under two classes at once, left out since their label is unknown."""

    @property
    def fingerprint(self) -> str:
        """Hash of the photos' contents, labels and parts: equal data and split, equal value."""
        digest = hashlib.sha256()
        for photo in sorted(self.photos, key=lambda p: (p.label, p.sha256)):
            digest.update(f"{photo.label}\t{photo.sha256}\t{photo.part}\n".encode())
        return digest.hexdigest()[:16]

    def part(self, part: Part) -> list[Photo]:
        """The photos of one part, in manifest order."""
        return [photo for photo in self.photos if photo.part == part]

    def labels(self, photos: Iterable[Photo]) -> np.ndarray:
        """Class indices of `photos`, int64[n]."""
        index = {name: i for i, name in enumerate(self.classes)}
        return np.array([index[photo.label] for photo in photos], dtype=np.int64)

    def save_manifest(self, path: Path) -> None:
        """Write the split as JSON, whole or not at all."""
        rows = [
            [photo.file, photo.label, photo.part, photo.group, photo.sha256]
            for photo in self.photos
        ]
        head = {
            "fingerprint": self.fingerprint,
            "seed": self.seed,
            "classes": self.classes,
            "columns": ["file", "class", "part", "group", "sha256"],
        }
        lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        write_text(
            path, json.dumps(head, ensure_ascii=False)[:-1] + f', "photos": [\n{lines}\n]}}\n'
        )

    @classmethod
    def load_manifest(cls, path: Path) -> "Dataset":
        """Read what `save_manifest` wrote. Raises `DatasetError`."""
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            photos = [Photo(*row) for row in manifest["photos"]]
            return cls(path.parent, manifest["classes"], photos, manifest["seed"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DatasetError(f"{path} is no manifest; remove it. Received: {error}") from error

    def table(self) -> str:
        """What a person should know of the data before training starts."""
        count = Counter((photo.label, photo.part) for photo in self.photos)
        width = max(len("class"), *(len(name) for name in self.classes))
        lines = [f"{'class':<{width}} {'photos':>8} " + " ".join(f"{p:>10}" for p in PARTS)]
        for name in [*self.classes, "all"]:
            row = [
                sum(n for (label, p), n in count.items() if name in (label, "all") and p == part)
                for part in PARTS
            ]
            lines.append(f"{name:<{width}} {sum(row):>8} " + " ".join(f"{n:>10}" for n in row))
        sizes = Counter(photo.group for photo in self.photos)
        near = sum(size for size in sizes.values() if size > 1)
        labels: dict[int, set[str]] = {}
        for photo in self.photos:
            labels.setdefault(photo.group, set()).add(photo.label)
        across = sum(sizes[group] for group, names in labels.items() if len(names) > 1)
        lines += [
            f"unreadable, skipped: {len(self.unreadable)}",
            f"exact duplicates, used once: {len(self.duplicates)}",
            f"the same photo under two classes, left out: {len(self.conflicts)}",
            f"near-duplicates, kept in one part: {near} "
            f"({across} of them in groups that span classes)",
        ]
        shown = [f"  {file}: {reason}" for file, reason in list(self.unreadable.items())[:20]]
        shown += [f"  {file}: under two classes" for file in self.conflicts[:20]]
        return "\n".join(lines + shown)


def scan_dataset(
    root: Path,
    cache: PhotoCache,
    seed: int = 0,
    progress: Callable[[Iterable[Path], int], Iterable[Path]] = lambda files, total: files,
) -> Dataset:
    """Read a folder of class folders. Raises `DatasetError` when nothing can be trained on it.

    Every photo is decoded once into `cache`; unreadable files are listed, never fatal.
    """
    folders = class_folders(root)
    files = [file for folder in folders for file in photo_files(folder)]
    if not files:
        raise DatasetError(
            f"{root} holds no photos; fill its class folders with JPEG or PNG files."
        )
    found: list[tuple[str, str, str]] = []
    unreadable: dict[str, str] = {}
    for file in progress(files, len(files)):
        name = file.relative_to(root).as_posix()
        try:
            found.append((name, name.split("/")[0], cache.add(file)))
        except ValueError as error:
            unreadable[name] = str(error)
    cache.flush()

    kept, duplicates, conflicts = _drop_exact_duplicates(found)
    classes = [folder.name for folder in folders]
    counts = Counter(label for _, label, _ in kept)
    for name in classes:
        if counts[name] < len(PARTS):
            raise DatasetError(
                f"The class folder {name!r} needs at least {len(PARTS)} different readable photos, "
                f"one each to train, validate and test; add photos or remove the folder. "
                f"Received: {counts[name]}"
            )
    hashes = [perceptual_hash(cache.image(sha256)) for _, _, sha256 in kept]
    groups = near_duplicate_groups(np.array(hashes, dtype=np.uint64))
    parts = split_groups([label for _, label, _ in kept], groups, seed)
    photos = [
        Photo(file, label, part, group, sha256)
        for (file, label, sha256), part, group in zip(kept, parts, groups.tolist(), strict=True)
    ]
    return Dataset(root, classes, photos, seed, unreadable, duplicates, conflicts)


def class_folders(root: Path) -> list[Path]:
    """The class folders below `root`, sorted by name. Raises `DatasetError` for fewer than two."""
    if not root.is_dir():
        raise DatasetError(f"{root} is no folder; give a folder of class folders.")
    folders = sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    if len(folders) < 2:
        raise DatasetError(
            f"{root} needs two or more class folders, each with photos of one class. "
            f"Received: {len(folders)} folders"
        )
    return folders


def photo_files(folder: Path) -> list[Path]:
    """The photos below a folder, by their ending, sorted."""
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix.lower() in SUFFIXES)


def perceptual_hash(image: Image.Image) -> int:
    """64-bit perceptual hash of a photo, by imagehash."""
    return int(str(imagehash.phash(image)), 16)


def near_duplicate_groups(hashes: np.ndarray, bits: int = NEAR_DUPLICATE_BITS) -> np.ndarray:
    """Group index of every hash, int64[n]: connected components of pairs within `bits`.

    `hashes` is uint64[n].
    """
    parent = np.arange(len(hashes))

    def find(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = int(parent[i])
        return i

    for i, value in enumerate(hashes):
        close = np.bitwise_count(hashes[i + 1 :] ^ value) <= bits
        for j in np.flatnonzero(close) + i + 1:
            a, b = find(i), find(int(j))
            parent[max(a, b)] = min(a, b)
    roots = np.array([find(i) for i in range(len(hashes))])
    return np.unique(roots, return_inverse=True)[1].astype(np.int64)


def split_groups(labels: Sequence[str], groups: np.ndarray, seed: int) -> list[Part]:
    """Assign every photo a part: stratified by class, whole groups, the same for the same seed.

    Of n photos of a class, training gets floor(0.7 n), validation round(0.2 n), testing the rest,
    each at least one photo. Groups larger than one photo are placed first, where most is missing.
    """
    room: dict[str, dict[Part, int]] = {}
    for label, n in Counter(labels).items():
        validation = max(1, round(SHARES["validation"] * n))
        train = max(1, min(int(SHARES["train"] * n + 1e-9), n - validation - 1))
        room[label] = {"train": train, "validation": validation, "test": n - train - validation}

    members: dict[int, list[int]] = {}
    for i, group in enumerate(groups.tolist()):
        members.setdefault(group, []).append(i)
    order = np.random.default_rng(seed).permutation(len(members))
    shuffled = [list(members.values())[i] for i in order]
    parts: list[Part] = ["train"] * len(labels)
    for group_members in sorted(shuffled, key=len, reverse=True):
        label = Counter(labels[i] for i in group_members).most_common(1)[0][0]
        free = room[label]
        if len(group_members) == 1:
            part = next((p for p in PARTS[::-1] if free[p] > 0), "train")
        else:
            part = max(PARTS, key=lambda p: free[p] / SHARES[p])
        for member in group_members:
            parts[member] = part
            room[labels[member]][part] -= 1
    return parts


def _drop_exact_duplicates(
    found: list[tuple[str, str, str]],
) -> tuple[list[tuple[str, str, str]], list[str], list[str]]:
    labels: dict[str, set[str]] = {}
    for _, label, sha256 in found:
        labels.setdefault(sha256, set()).add(label)
    kept: list[tuple[str, str, str]] = []
    duplicates: list[str] = []
    conflicts: list[str] = []
    seen: set[str] = set()
    for row in found:
        file, _, sha256 = row
        if len(labels[sha256]) > 1:
            conflicts.append(file)
        elif sha256 in seen:
            duplicates.append(file)
        else:
            seen.add(sha256)
            kept.append(row)
    return kept, duplicates, conflicts
