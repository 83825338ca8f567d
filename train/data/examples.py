"""Test photos for the page to offer, when their owner declares a licence that allows it."""

import shutil
from collections import defaultdict
from itertools import chain, zip_longest
from pathlib import Path

from PIL import ExifTags, Image

from flowers.errors import PhotoError
from flowers.files import whole_file
from flowers.photos import load_photo
from flowers.weights.folder import EXAMPLES
from train.data.dataset import Dataset, Photo

LONGEST_SIDE = 960
EXAMPLE_QUALITY = 85


def write_examples(dataset: Dataset, weights: Path, count: int, license: str) -> list[Path]:
    """Put `count` test photos into `examples/` of a weights folder, evenly over the classes.

    They replace what was there. The licence stands in the Copyright tag of every file, so that it
    travels with the photo. For photos that are gone meanwhile others are taken. Raises OSError.
    """
    by_class: dict[str, list[Photo]] = defaultdict(list)
    for photo in dataset.part("test"):
        by_class[photo.label].append(photo)
    turns = chain.from_iterable(zip_longest(*by_class.values()))
    folder = weights / EXAMPLES
    shutil.rmtree(folder, ignore_errors=True)
    written: list[Path] = []
    gone = 0
    for photo in filter(None, turns):
        if len(written) == count:
            break
        try:
            image = load_photo(dataset.path_of(photo), at_least=LONGEST_SIDE)
        except PhotoError:
            gone += 1
            continue
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        exif = Image.Exif()
        exif[ExifTags.Base.Copyright] = license
        number = sum(path.name.startswith(f"{photo.label}-") for path in written) + 1
        with whole_file(folder / f"{photo.label}-{number}.jpg") as partial:
            image.save(partial, "JPEG", quality=EXAMPLE_QUALITY, exif=exif)
        written.append(folder / f"{photo.label}-{number}.jpg")
    if gone:
        print(f"{gone} test photos are gone or cannot be read; others are taken as examples.")
    if len(written) < count:
        print(f"There are {len(written)} test photos to take as examples. Received: {count}")
    return written
