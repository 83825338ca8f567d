"""Every file below a folder of the disk, found once."""

import os
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from flowers.errors import PhotoError
from flowers.folders.aside import Aside, Kind, kind_by_path
from flowers.folders.names import shown

RESULT_FILES = ({"published.json", "manifest.json"}, {"config.json", "metrics.json"})
"""What lies in a weights folder, and in the folder of one of its backbones."""


@dataclass(frozen=True)
class DiskFile:
    """A file below a folder, or one that somebody sent."""

    name: str
    """Path below what was given, with forward slashes, in letters that UTF-8 has."""
    path: Path

    def head(self, most: int) -> bytes:
        """The first `most` bytes. Raises `PhotoError`."""
        try:
            with self.path.open("rb") as file:
                return file.read(most)
        except OSError as error:
            raise PhotoError(f"{self.name} cannot be read: {error.strerror}.") from error

    def read(self) -> bytes:
        """All bytes. Raises `PhotoError`."""
        return self.head(-1)


class Walk:
    """All files below `root`, and all folders but those that are left aside.

    Linked folders are followed once, after all that is really there. Folders of weights are left
    aside, and so are those in `leave`, such as the `--out` of the run that asks. Raises OSError
    where `root` itself cannot be read.
    """

    def __init__(self, root: Path, leave: Collection[Path], aside: Aside) -> None:
        self.root, self.aside = root, aside
        self.files: list[DiskFile] = []
        """In order of their paths."""
        self.folders: list[str] = []
        self._leave = {path.resolve() for path in leave}
        self._seen: set[tuple[int, int]] = set()
        self._waiting: deque[tuple[Path, str]] = deque([(root, "")])
        self._links: deque[tuple[Path, str]] = deque()
        while self._waiting or self._links:
            if self._waiting:
                self._enter(*self._waiting.popleft())
            else:
                self._follow(*self._links.popleft())
        self.files.sort(key=lambda file: file.name.split("/"))

    def _follow(self, link: Path, name: str) -> None:
        if self.root.resolve().is_relative_to(link.resolve()):
            self.aside.add(Kind.LINK, name)
        else:
            self._enter(link, name)

    def _enter(self, folder: Path, name: str) -> None:
        try:
            at = folder.stat()
            with os.scandir(folder) as found:
                # By name: the first of two links to one folder counts, on whatever disk they are.
                children = sorted(found, key=lambda child: child.name)
        except OSError:
            if not name:
                raise
            self.aside.add(Kind.CLOSED, name)
            return
        if (at.st_dev, at.st_ino) in self._seen:
            self.aside.add(Kind.LINK, name)
            return
        self._seen.add((at.st_dev, at.st_ino))
        there = {child.name for child in children}
        is_results = any(names <= there for names in RESULT_FILES)
        if name and (is_results or folder.resolve() in self._leave):
            self.aside.add(Kind.WEIGHTS, name)
            return
        if name and kind_by_path(PurePosixPath(name)) is None:
            self.folders.append(name)
        for child in children:
            below = _joined(name, child.name)
            if is_results and child.name == "examples":
                self.aside.add(Kind.WEIGHTS, below)  # Of the weights folder that the root is.
            else:
                self._sort(child, below)

    def _sort(self, child: os.DirEntry[str], name: str) -> None:
        path = Path(child.path)
        try:
            if child.is_dir(follow_symlinks=False):
                self._waiting.append((path, name))
            elif child.is_dir():
                if kind := kind_by_path(PurePosixPath(name)):
                    self.aside.add(kind, name)
                else:
                    self._links.append((path, name))
            elif child.is_file():
                self.files.append(DiskFile(name, path))
            else:
                self.aside.add(Kind.LINK if child.is_symlink() else Kind.OTHER, name)
        except OSError:  # A link to itself, or a file that is gone by now.
            self.aside.add(Kind.LINK if child.is_symlink() else Kind.CLOSED, name)


def _joined(folder: str, name: str) -> str:
    # A zip with backslashes, unpacked by a program that does not know them, is one long name.
    parts = [shown(part) for part in name.split("\\") if part] or [shown(name)]
    return "/".join([folder, *parts] if folder else parts)
