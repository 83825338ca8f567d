"""Example photos for the page, each with a free licence; NOTICE credits them."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import ExifTags, Image

from flowers.errors import PhotoError
from flowers.photos import SUFFIXES, load_photo
from flowers.weights.folder import EXAMPLES

log = logging.getLogger(__name__)

FOLDER = Path(__file__).with_name("example_photos")

FIRST = ("rose", "yellow-daisy", "two-seeds", "yellow-flower")
"""Names of the project's own photos of flowers that the models should know; others follow."""


@dataclass(frozen=True)
class Example:
    """A photo that the page offers."""

    path: Path

    @property
    def name(self) -> str:
        """Stands for the photo in links."""
        return self.path.stem

    @property
    def caption(self) -> str:
        """For people, and for screen readers."""
        return self.path.stem.replace("-", " ").replace("_", " ").capitalize()

    @property
    def credit(self) -> str | None:
        """Licence and author, where the photo's Copyright tag has them."""
        with Image.open(self.path) as image:
            return image.getexif().get(ExifTags.Base.Copyright) or None


def credits_of(examples: Iterable[Example]) -> str:
    """One sentence that credits the photos."""
    photos = list(examples)
    found = list(dict.fromkeys(filter(None, (example.credit for example in photos))))
    if found:
        return f"Example photos: {'; '.join(found)}."
    if all(example.path.parent == FOLDER for example in photos):
        return "The example photos are credited in NOTICE."
    return "The example photos came with the weights and name no author; see the model card."


def find_examples(root: Path) -> list[Example]:
    """The photos in `examples/` of a weights folder, else the project's own; eight at most."""
    for folder in (root / EXAMPLES, FOLDER):
        if folder.is_dir():
            paths = [p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and _readable(p)]
            paths.sort(key=lambda p: (FIRST.index(p.stem) if p.stem in FIRST else 9, p.name))
            if paths:
                return [Example(path) for path in paths[:8]]
    return []


def _readable(path: Path) -> bool:
    try:
        load_photo(path, at_least=1)
    except PhotoError as error:
        log.warning("An example is left out. %s", error)
        return False
    return True
