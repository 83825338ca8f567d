"""A folder of class folders becomes a checked, de-duplicated, grouped and split set of photos.

The same files and seed give the same split.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from flowers.errors import DatasetError, PhotoError
from flowers.files import write_text
from flowers.folders.disk import DiskFile
from flowers.folders.layout import PhotoSet
from train.data.cache import PhotoCache
from train.data.split import PARTS, Part, near_duplicate_groups, split_groups


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
    aside: list[str] = field(default_factory=list)
    """What is not a photo of a class, one line per kind."""
    paths: dict[str, Path] = field(default_factory=dict)
    """Where a file lies whose name is not its path below the folder."""
    unknown_seen: set[str] = field(default_factory=set)
    """SHA-256 of photos of none of the classes that a backbone of the folder was trained on."""

    @property
    def fingerprint(self) -> str:
        """Hash of the photos' contents, labels and parts: equal data and split, equal value."""
        digest = hashlib.sha256()
        for photo in sorted(self.photos, key=lambda p: (p.label, p.sha256)):
            digest.update(f"{photo.label}\t{photo.sha256}\t{photo.part}\n".encode())
        return digest.hexdigest()[:16]

    def path_of(self, photo: Photo) -> Path:
        """Where the file of a photo lies, or lay."""
        return self.paths.get(photo.file, self.root / photo.file)

    def part(self, part: Part) -> list[Photo]:
        """The photos of one part, in manifest order."""
        return [photo for photo in self.photos if photo.part == part]

    def labels(self, photos: Iterable[Photo]) -> np.ndarray:
        """Class indices of `photos`, int64[n]."""
        index = {name: i for i, name in enumerate(self.classes)}
        return np.array([index[photo.label] for photo in photos], dtype=np.int64)

    def save_manifest(self, path: Path) -> None:
        """Write the split as JSON, one photo per line, whole or not at all. Raises OSError."""
        rows = [
            json.dumps(
                [photo.file, photo.label, photo.part, photo.group, photo.sha256],
                ensure_ascii=False,
            )
            for photo in self.photos
        ]
        head = {
            "fingerprint": self.fingerprint,
            "seed": self.seed,
            "classes": self.classes,
            "columns": ["file", "class", "part", "group", "sha256"],
        }
        if self.unknown_seen:
            head["unknown_seen"] = sorted(self.unknown_seen)
        # One photo per line, so that `diff` compares two splits; json's own indent would spread a
        # photo over seven lines.
        opened = json.dumps(head, ensure_ascii=False).removesuffix("}")
        lines = ",\n".join(rows)
        write_text(path, f'{opened}, "photos": [\n{lines}\n]}}\n')

    @classmethod
    def load_manifest(cls, path: Path) -> "Dataset":
        """Read what `save_manifest` wrote. Raises `DatasetError`."""
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            photos = [Photo(*row) for row in manifest["photos"]]
            seen = set(manifest.get("unknown_seen", []))
            return cls(
                path.parent, manifest["classes"], photos, manifest["seed"], unknown_seen=seen
            )
        except FileNotFoundError:
            raise DatasetError(
                f"{path} is missing, so nothing tells which photos were held out; run fit again."
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DatasetError(f"{path} is not a manifest; remove it. Received: {error}") from error

    def table(self) -> str:
        """What a person should know of the data before training starts."""
        count = Counter((photo.label, photo.part) for photo in self.photos)
        width = max(len("class"), *(len(name) for name in self.classes))
        lines = [f"{'class':<{width}} {'photos':>8} " + " ".join(f"{p:>10}" for p in PARTS)]
        total = Counter(photo.part for photo in self.photos)
        by_class = {name: [count[name, part] for part in PARTS] for name in self.classes}
        for name, row in [*by_class.items(), ("all", [total[part] for part in PARTS])]:
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
        return "\n".join([*lines, *self.aside, *shown])


def scan_dataset(photos: PhotoSet[DiskFile], cache: PhotoCache, seed: int = 0) -> Dataset:
    """Read photos by class. Raises `DatasetError` when nothing can be trained on them.

    Every photo is decoded once into `cache`, and its file is not needed after that; unreadable
    files are listed, never fatal. Raises OSError when the cache cannot be written.
    """
    root, classes = photos.found.root, photos.classes
    found: list[tuple[str, str, str]] = []
    unreadable: dict[str, str] = {}
    try:
        added_photos = cache.add_all([photo.file.path for photo in photos.photos])
        for photo, (_, added) in zip(photos.photos, added_photos, strict=True):
            if isinstance(added, PhotoError):
                unreadable[photo.file.name] = str(added)
            else:
                found.append((photo.file.name, photo.label, added))
    finally:
        cache.flush()  # Also when stopped: the next run goes on from here.

    kept, duplicates, conflicts = _drop_exact_duplicates(found)
    counts = Counter(label for _, label, _ in kept)
    for name in classes:
        if counts[name] < len(PARTS):
            raise DatasetError(
                f"The class folder {name!r} needs at least {len(PARTS)} different readable photos, "
                f"one each to train, validate and test; add photos or remove the folder. "
                f"Received: {counts[name]}"
            )
    groups = near_duplicate_groups(cache.perceptual_hashes([sha256 for _, _, sha256 in kept]))
    parts = split_groups([label for _, label, _ in kept], groups, seed)
    _check_parts(classes, [label for _, label, _ in kept], parts)
    split = [
        Photo(file, label, part, group, sha256)
        for (file, label, sha256), part, group in zip(kept, parts, groups.tolist(), strict=True)
    ]
    files = [photo.file for photo in photos.photos]
    paths = {file.name: file.path for file in files if file.path != root / file.name}
    aside = photos.found.aside.lines()
    return Dataset(root, classes, split, seed, unreadable, duplicates, conflicts, aside, paths)


def _check_parts(classes: list[str], labels: list[str], parts: list[Part]) -> None:
    placed = set(zip(labels, parts, strict=True))
    for name in classes:
        missing = [part for part in PARTS if (name, part) not in placed]
        if missing:
            raise DatasetError(
                f"Nearly all photos of the class folder {name!r} look alike and so stay together; "
                f"add different ones or remove the folder. "
                f"Received: {labels.count(name)} photos, none left for {' and '.join(missing)}"
            )


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
