"""Photos made smaller by the browser: what the networks see stays, and what may not is left."""

import base64
import io
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

from flowers.backbones import VARIANTS, Model
from flowers.models.classifier import Prediction
from flowers.models.zoo import Zoo
from flowers.page.examples import own_photos
from flowers.page.html import script
from flowers.photos import load_photo, read_photo
from flowers.weights.folder import DEFAULT_FOLDER
from flowers.weights.source import Source
from tests.support.photos import encoded, pattern
from tests.support.profiles import DISPLAY_P3, matrix_profile

pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.long

SIDE = 896
SHRINK = """async (side) => {
  const [file] = document.querySelector('input').files;
  const found = await window.flowersShrunk(file, side);
  if (found === file) return null;
  const reader = new FileReader();
  const read = new Promise((done) => { reader.onload = done; });
  reader.readAsDataURL(found);
  await read;
  return [found.name, reader.result.split(',')[1]];
}"""


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Any]:
    """An empty page with the script."""
    page = browser.new_page()
    page.set_content("<input type=file>")
    page.evaluate(script("shrink"))
    yield page
    page.close()


def shrunk(page: Any, name: str, content: bytes) -> tuple[str, bytes] | None:
    """The name and bytes of what is sent instead; None where the file is sent as it is."""
    page.set_input_files("input", {"name": name, "mimeType": "", "buffer": content})
    found = page.evaluate(SHRINK, SIDE)
    if found is None:
        return None
    given, packed = found
    return given, base64.b64decode(packed)


@cache
def large(width: int = 2000, height: int = 1500) -> Image.Image:
    """A photo of blots under grain, without any symmetry."""
    return pattern(3, (width, height), grain=24)


def sideways() -> dict[str, Any]:
    """What makes a viewer turn an image a quarter."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    return {"exif": exif}


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"quality": 90}),
        ("JPEG", {"quality": 90, "progressive": True}),
        ("JPEG", {"quality": 90, **sideways()}),
        ("JPEG", {"quality": 90, "icc_profile": matrix_profile(DISPLAY_P3)}),
        ("PNG", {"compress_level": 1}),
        ("PNG", {"compress_level": 1, "icc_profile": matrix_profile(DISPLAY_P3)}),
    ],
)
def test_the_networks_see_the_same(page: Any, kind: str, options: dict[str, Any]) -> None:
    content = encoded(large(), kind, **options)
    found = shrunk(page, f"a b.c.{kind}", content)
    assert found is not None
    name, small = found
    assert name == "a b.c.jpg"
    assert len(small) < len(content) / 2
    image = Image.open(io.BytesIO(small))
    assert min(image.size) == SIDE
    assert image.getexif().get(ExifTags.Base.Orientation, 1) == 1
    before, after = (read_photo(each).astype(int) for each in (content, small))
    assert np.abs(before - after).mean() < 1.5


def animation(kind: str) -> bytes:
    """Two photos one after the other, large enough to be shrunk were they single."""
    frames = [pattern(seed, (1050, 1050), grain=60) for seed in (1, 2)]
    if kind == "GIF":  # To find colours for it takes seconds.
        frames = [frame.convert("L") for frame in frames]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:])


AS_THEY_ARE = {
    "small.jpg": lambda: encoded(large(1200, 900), "JPEG", quality=70),
    "few pixels.jpg": lambda: encoded(large(1200, 920), "JPEG", quality=100),
    "for printing.jpg": lambda: encoded(large(1400, 1100).convert("CMYK"), "JPEG", quality=90),
    "cut.jpg": lambda: encoded(large(1400, 1100), "JPEG", quality=90)[:-100_000],
    "sideways.png": lambda: encoded(large(1400, 1100), "PNG", compress_level=1, **sideways()),
    "moves.png": lambda: animation("PNG"),
    "moves.gif": lambda: animation("GIF"),
    "moves.webp": lambda: animation("WEBP"),
    "phone.heic": lambda: encoded(large(1000, 950), "HEIF", quality=80),
    "scan.tif": lambda: encoded(large(1400, 1100), "TIFF"),
    "photos.zip": lambda: b"PK\x03\x04" + bytes(400_000),
    "text.jpg": lambda: b"not a photo at all " * 20_000,
    "cut short.jpg": lambda: b"\xff\xd8\xff\xe1" + b"\xff" * 400_000,
    "cut short.png": lambda: b"\x89PNG\r\n\x1a\n" + bytes(400_000),
}


@pytest.mark.parametrize("name", AS_THEY_ARE)
def test_what_would_not_look_the_same_is_sent_as_it_is(page: Any, name: str) -> None:
    content = AS_THEY_ARE[name]()
    if name != "small.jpg":
        assert len(content) > 300_000
    assert shrunk(page, name, content) is None


def test_sure_answers_stay_the_same(page: Any) -> None:
    """Others move by some percent, as they do when 1 of 255 is added to some samples."""
    zoo = Zoo(Source(DEFAULT_FOLDER))
    models: list[Model] = [("mobilenetv2", variant) for variant in VARIANTS]

    def answers(content: bytes) -> list[Prediction]:
        photo = load_photo(content, at_least=zoo.detail())
        return [p for answer in zoo.predict(photo, models) for p in answer.predictions]

    sure = 0
    for example in own_photos()[::3]:
        photo = Image.open(example.path).convert("RGB")
        scale = 1400 / min(photo.size)
        size = (round(photo.width * scale), round(photo.height * scale))
        enlarged = np.asarray(photo.resize(size, Image.Resampling.BICUBIC), dtype=np.int16)
        grain = np.random.default_rng(0).normal(0, 6, (*enlarged.shape[:2], 1))
        noisy = Image.fromarray((enlarged + grain).clip(0, 255).astype(np.uint8))
        content = encoded(noisy, "JPEG", quality=93)
        found = shrunk(page, "large.jpg", content)
        assert found is not None
        for one, other in zip(answers(content), answers(found[1]), strict=True):
            if one.probability >= 0.95:
                sure += 1
                assert other.label == one.label
            near = 0.01 if one.probability >= 0.98 else 0.1
            assert list(other.probabilities) == pytest.approx(list(one.probabilities), abs=near)
    assert sure >= 3
