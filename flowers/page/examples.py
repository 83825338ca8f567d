"""Photos that the page offers, each with a licence that allows it; NOTICE credits them.

Those of the project lie in `photos/`, in a folder per class, `none` for what is none of them;
`credits.csv` says what each shows and whose it is.
"""

import csv
import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import ExifTags, Image

from flowers.errors import PhotoError
from flowers.folders.find import find_on_disk
from flowers.folders.names import class_named
from flowers.models.consensus import NONE_OF_THESE
from flowers.models.shots import Collected, Place, Shot
from flowers.photos import FORMATS, load_photo
from flowers.weights.folder import EXAMPLES

log = logging.getLogger(__name__)

PHOTOS_FOLDER = Path(__file__).with_name("photos")
CREDITS = "credits.csv"
NONE = "none"
"""The folder of photos that are none of the classes."""

MOST_EXAMPLES = 8
"""Examples of a weights folder that are offered."""


@dataclass(frozen=True)
class Example:
    """A photo that the page offers."""

    path: Path
    shows: str
    """For people who see it, and for those who do not."""
    label: str | None = None
    """The class that it belongs to; None where it belongs to none, or where that is not known."""
    credit: str | None = None
    address: str | None = None
    note: str | None = None

    @property
    def name(self) -> str:
        """Stands for the photo in links."""
        return self.path.stem


def own_photos() -> list[Example]:
    """The photos of the project, class by class; those of no class last."""
    with (PHOTOS_FOLDER / CREDITS).open(encoding="utf-8", newline="") as file:
        return [
            Example(
                path=PHOTOS_FOLDER / row["file"],
                shows=row["shows"],
                label=None if (label := Path(row["file"]).parts[0]) == NONE else label,
                credit=f"{row['author']}, {row['licence']}",
                address=row["address"],
                note=row["note"],
            )
            for row in csv.DictReader(file)
        ]


def find_examples(root: Path, classes: Sequence[str]) -> tuple[list[Example], list[Example]]:
    """Examples of the classes, and photos of anything else.

    The photos in `examples/` of a weights folder, if there are any; else of the project's own the
    first of each class. Classes are spelled as the weights spell them.
    """
    firsts: dict[str | None, Example] = {}
    for example in own_photos():
        firsts.setdefault(example.label or example.name, example)
    offered = [_labelled(example, classes) for example in firsts.values()]
    known = _given(root / EXAMPLES) or [example for example in offered if example.label]
    return known, [example for example in offered if not example.label]


def sample_batch(classes: Sequence[str]) -> Collected:
    """All photos of the project as a batch, labelled with their class or as none of these."""
    return Collected(
        [
            Shot(
                name=photo.path.relative_to(PHOTOS_FOLDER).as_posix(),
                label=photo.label or NONE_OF_THESE,
                read=photo.path.read_bytes,
                place=Place(photo.path),
            )
            for photo in (_labelled(each, classes) for each in own_photos())
        ]
    )


def credits_of(examples: Iterable[Example]) -> str:
    """One sentence that credits photos of a weights folder; those of the project are in NOTICE."""
    given = [example for example in examples if not example.path.is_relative_to(PHOTOS_FOLDER)]
    if not given:
        return "The example photos are credited in NOTICE, and where each is shown."
    found = list(dict.fromkeys(filter(None, (example.credit for example in given))))
    if found:
        return f"Example photos: {'; '.join(found)}."
    return "The example photos came with the weights and name no author; see the model card."


def _labelled(photo: Example, classes: Sequence[str]) -> Example:
    """A photo of the project under the class that these weights have for it, if they have one.

    Photos in `none/` are of none of the flowers, and a class of other weights may be a cat.
    """
    shows = photo.label or re.sub(r"-\d+$", "", photo.path.stem)
    return replace(photo, label=class_named(shows, classes))


def _given(folder: Path) -> list[Example]:
    if not folder.is_dir():
        return []
    paths = [photo.path for photo in find_on_disk(folder).photos if _readable(photo.path)]
    return [
        Example(
            path=path,
            shows=path.stem.replace("-", " ").replace("_", " ").capitalize(),
            credit=_copyright(path),
        )
        for path in sorted(paths, key=lambda p: p.name)[:MOST_EXAMPLES]
    ]


def _copyright(path: Path) -> str | None:
    """Licence and author, where the photo's Copyright tag has them."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            found = image.getexif().get(ExifTags.Base.Copyright)
    except Exception:  # Its pixels could be read; decoders raise anything for the rest.
        return None
    return found if isinstance(found, str) and found else None


def _readable(path: Path) -> bool:
    try:
        load_photo(path, at_least=1)
    except PhotoError as error:
        log.warning("An example is left out. %s", error)
        return False
    return True
