"""What is left aside when photos are looked for, by kind, so that nothing is left in silence."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath

SYSTEM_NAMES = frozenset(
    {"__macosx", "@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot"}
    | {"$recycle.bin", "system volume information", "lost+found", "icon\r"}
    | {"thumbs.db", "ehthumbs.db", "desktop.ini", "picasa.ini", "zbthumbnail.info"}
)
"""What macOS, Windows, network disks and photo programs make, in small letters."""
THUMBNAILS = frozenset({"thumbnails", "thumbs", "_thumbnails", "_thumbs"})
RAW = frozenset(
    {".3fr", ".arw", ".cr2", ".cr3", ".dng", ".iiq", ".nef", ".nrw", ".orf", ".pef", ".raf"}
    | {".raw", ".rw2", ".srw", ".x3f"}
)
FILMS = frozenset({".3gp", ".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpg", ".mts", ".webm", ".wmv"})
ARCHIVES = frozenset({".7z", ".bz2", ".gz", ".rar", ".tar", ".tgz", ".xz", ".zip"})
NAMED = 3
"""Names that are given as examples of a kind."""


class Kind(StrEnum):
    """Why something is left aside, in the words of the table."""

    HIDDEN = "hidden, with a dot before the name"
    SYSTEM = "left behind by a system or photo program"
    THUMBNAIL = "thumbnails"
    RAW = "camera raw files, of which only an export as JPEG can be read"
    FILM = "films"
    ARCHIVE = "archives, which are to be unpacked first"
    OTHER = "other files"
    LINK = "links to nowhere, or to what is read anyway"
    ZIP_LINK = "links within the zip"
    CLOSED = "folders and files that may not be read"
    WEIGHTS = "folders of weights, as fit writes them"
    PART = "photos of other parts of the set"
    LOOSE = "photos beside the class folders"
    EMPTY = "folders without photos"
    PASSWORD = "protected by a password"
    TWICE = "names that stand twice in the zip, of which the last counts"


@dataclass
class Aside:
    """Names of what was left aside, by kind."""

    names: dict[Kind, list[str]] = field(default_factory=dict)

    def add(self, kind: Kind, *names: str) -> None:
        """Note files or folders."""
        if names:
            self.names.setdefault(kind, []).extend(names)

    def update(self, other: "Aside") -> None:
        """Note all of another list."""
        for kind, names in other.names.items():
            self.add(kind, *names)

    def count(self, kind: Kind) -> int:
        """How many things of a kind there are."""
        return len(self.names.get(kind, []))

    def lines(self) -> list[str]:
        """One line per kind, with its number and examples."""
        return [
            f"left aside, {kind}: {len(names)} ({_examples(kind, names)})"
            for kind in Kind
            if (names := self.names.get(kind))
        ]


def kind_by_path(path: PurePosixPath) -> Kind | None:
    """Why a file is left aside for the names on its way, or None."""
    for name in path.parts:
        small = name.casefold()
        if small in SYSTEM_NAMES or small.startswith("._"):
            return Kind.SYSTEM
        if small in THUMBNAILS:
            return Kind.THUMBNAIL
        if small.startswith("."):
            return Kind.SYSTEM if small == ".ds_store" else Kind.HIDDEN
    return None


def kind_by_ending(path: PurePosixPath) -> Kind:
    """What a file that is not a photo is, by the ending of its name."""
    ending = path.suffix.lower()
    kinds = {Kind.RAW: RAW, Kind.FILM: FILMS, Kind.ARCHIVE: ARCHIVES}
    return next((kind for kind, endings in kinds.items() if ending in endings), Kind.OTHER)


def _examples(kind: Kind, names: list[str]) -> str:
    if kind is Kind.OTHER and len(names) > NAMED:
        endings = Counter(PurePosixPath(name).suffix.lower() or "no ending" for name in names)
        return ", ".join(f"{ending}: {n}" for ending, n in endings.most_common(8))
    return ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
