"""The photos of a batch, not yet opened: single files, folders and zips, with their labels."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from flowers.errors import BatchError, DatasetError, PhotoError
from flowers.folders.aside import Aside, kind_by_ending, kind_by_path
from flowers.folders.disk import DiskFile
from flowers.folders.find import find_in_zip, is_zip, photos_among
from flowers.folders.labels import DroppedLabel, dropped_labels, with_labels
from flowers.folders.names import shown
from flowers.folders.zips import PAGE, Zip

MAX_PHOTOS = 500
LIMITS = PAGE
"""Of each zip."""


@dataclass(frozen=True)
class Place:
    """Where a photo of a batch lies, so that it can be opened once more."""

    path: Path
    number: int | None = None
    """Among the photos of a zip, from 0; None for a file that is the photo."""

    def read(self) -> bytes:
        """All bytes of the photo. Raises `PhotoError`, also when the file was deleted meanwhile."""
        if not self.path.is_file():
            raise PhotoError(
                "The photo is not on the server any more, since uploads are deleted within a day; "
                "send it again."
            )
        if self.number is None:
            return DiskFile(self.path.name, self.path).read()
        try:
            with Zip(self.path, LIMITS) as opened:
                return find_in_zip(opened).photos[self.number].read()
        except (DatasetError, IndexError) as error:
            raise PhotoError(f"The photo cannot be had again; send it again. {error}") from error


@dataclass(frozen=True)
class Shot:
    """One photo of a batch, not yet opened."""

    name: str
    label: str | None
    read: Callable[[], bytes]
    """Raises `PhotoError`."""
    folder: str | None = None
    """A folder it lies in that may have been meant for a label, and is not a class."""
    place: Place | None = None
    """None where it cannot be opened once more."""


@dataclass(frozen=True)
class Collected:
    """The photos of a batch, and what became of all else."""

    shots: list[Shot]
    dropped: list[DroppedLabel] = field(default_factory=list)
    """Folder names that are not classes, with the class each may mean; see `with_meanings`."""
    aside: Aside = field(default_factory=Aside)
    """Files of folders and zips that are left aside, by kind; `aside.lines()` says it in words."""
    notes: list[str] = field(default_factory=list)
    """Sentences about what was taken for what."""

    def sentences(self) -> list[str]:
        """What was left aside, and what was taken for what."""
        lines = [line[0].upper() + line[1:] + "." for line in self.aside.lines()]
        return [*self.notes, *lines]


def collect(
    sent: Iterable[Path | DiskFile], classes: Sequence[str], kept_back: Iterable[str] = ()
) -> Collected:
    """List the photos in files, folders and zips, without opening them. Raises `BatchError`.

    A folder that has the name of a class is the label of the photos below it, in a zip, too. Single
    files and the photos of zips come in their own order, then those of folders. `kept_back` names
    files that were not sent, since they are not photos.
    """
    found = Collected([])
    in_folders: list[DiskFile] = []
    for one in sent:
        file = one if isinstance(one, DiskFile) else DiskFile(shown(one.name), one)
        if "/" in file.name:
            in_folders.append(file)
        elif is_zip(file.path):
            _collect_zip(file.path, classes, found)
        else:
            found.shots.append(Shot(file.name, None, file.read, place=Place(file.path)))
    photos = photos_among(in_folders, found.aside)
    found.shots.extend(
        Shot(photo.file.name, photo.label, photo.file.read, photo.folder, Place(photo.file.path))
        for photo in with_labels(photos, classes)
    )
    for name in kept_back:
        path = PurePosixPath(name)
        found.aside.add(kind_by_path(path) or kind_by_ending(path), name)
    if not found.shots:
        raise BatchError(
            "There are no photos; send JPEG, PNG, WebP, HEIC, AVIF or TIFF, or a zip of them."
            + "".join(f" Received: {line}" for line in found.aside.lines()[:1])
        )
    check_count(len(found.shots))
    found.dropped.extend(dropped_labels([shot.folder for shot in found.shots], classes))
    return found


def check_count(photos: int) -> None:
    """Raises `BatchError` for more photos, or files, than can be read at once."""
    if photos > MAX_PHOTOS:
        raise BatchError(
            f"{MAX_PHOTOS} photos can be read at once; send fewer. Received: {photos:,}"
        )


def labels_in_order(shots: Sequence[Shot], labels: Iterable[str | None]) -> list[Shot]:
    """Put labels on photos, one each; None and "" leave a photo as it is. Raises `BatchError`."""
    given = list(labels)
    if len(given) != len(shots):
        raise BatchError(
            f"There must be one label per photo, in the same order; there are {len(shots)} photos. "
            f"Received: {len(given)} labels"
        )
    return [replace(s, label=label or s.label) for s, label in zip(shots, given, strict=True)]


def _collect_zip(path: Path, classes: Sequence[str], found: Collected) -> None:
    try:
        # Open until the last of its photos is let go.
        inside = find_in_zip(Zip(path, LIMITS))
    except DatasetError as error:
        raise BatchError(str(error)) from error
    found.aside.update(inside.aside)
    found.notes.extend(inside.notes)
    found.shots.extend(
        Shot(photo.file.name, photo.label, photo.file.read, photo.folder, Place(path, number))
        for number, photo in enumerate(with_labels(inside.photos, classes))
    )
