"""The page without a server reads pixels and photos as Python does."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageDraw

from flowers.errors import PhotoError
from flowers.models.classifier import Classifier
from flowers.page.examples import own_photos
from flowers.photos import read_photo, to_square
from flowers.weights.folder import backbone_folders
from flowers.weights.source import DEFAULT_FOLDER, Source
from static.bundle import STATIC_FOLDER, bundle
from static.site import photo_limits
from tests.static.visiting import ONE, read
from tests.support import ROOT
from tests.support.browser import Page
from tests.support.profiles import DISPLAY_P3, matrix_profile

PHOTOS = ROOT.parent / "shared" / "photos" / "flowers"
"""Real photos in folders of their classes, where a machine has them beside the checkout."""
SIZES = ((80, 60), (224, 224), (224, 300), (500, 333), (1400, 900), (2017, 1333), (17, 1501))
"""Width and height: larger, smaller and as large as the networks take, odd and even."""

SQUEEZE = """
import { toSquare } from %s;
import { readFileSync, writeFileSync } from "node:fs";
for (const [width, height] of JSON.parse(process.argv[2])) {
  const rgb = new Uint8Array(readFileSync(`${width}x${height}`));
  for (const size of [224, 96]) {
    writeFileSync(`${width}x${height}.${size}`, toSquare({ width, height, rgb }, size));
  }
}
"""


def test_photos_are_squeezed_as_pillow_does_to_the_bit(built: Path, tmp_path: Path) -> None:
    source = tmp_path / "squeeze.ts"
    source.write_text(SQUEEZE % json.dumps(str(STATIC_FOLDER / "src" / "resample.ts")))
    bundle(str(source), tmp_path / "squeeze.mjs", "--format=esm", "--platform=node")
    rng = np.random.default_rng(0)
    photos = {}
    for width, height in SIZES:
        photos[width, height] = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        (tmp_path / f"{width}x{height}").write_bytes(photos[width, height].tobytes())
    command = ["node", "squeeze.mjs", json.dumps(SIZES)]
    subprocess.run(command, cwd=tmp_path, check=True)
    for (width, height), photo in photos.items():
        for size in (224, 96):
            found = (tmp_path / f"{width}x{height}.{size}").read_bytes()
            assert found == to_square(Image.fromarray(photo), size).tobytes(), (width, height, size)


def test_sideways_clear_and_large_photos_are_read_as_python_reads_them(
    site: str, open_site: Callable[..., Page], tmp_path: Path
) -> None:
    photo = Image.open(next(e.path for e in own_photos() if e.name == "sunflower-1")).convert("RGB")
    turned = Image.Exif()
    turned[ExifTags.Base.Orientation] = 6
    photo.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "sideways.jpg", exif=turned)
    shape = Image.new("L", photo.size, 0)
    ImageDraw.Draw(shape).ellipse((0, 0, *photo.size), fill=255)
    clear = photo.copy()
    clear.putalpha(shape)
    clear.save(tmp_path / "clear.png")
    photo.resize((5 * photo.width, 5 * photo.height)).save(tmp_path / "large.jpg", quality=90)
    assert min(Image.open(tmp_path / "large.jpg").size) >= 4 * 224  # Python decodes it smaller.
    classifier = Classifier(Source(DEFAULT_FOLDER).fetch("mobilenetv2"))
    page = open_site(site + ONE)
    for name in ("sideways.jpg", "clear.png", "large.jpg"):
        found = read(page, tmp_path / name)["predictions"]
        expected = classifier.predict(read_photo(tmp_path / name))
        for row in found:
            wanted = expected[row["variant"]]
            shares = [row["probabilities"][key] for key in wanted.classes]
            np.testing.assert_allclose(shares, wanted.probabilities, atol=0.01, err_msg=name)


DECODE = """async ([packed, name, limits]) => {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  try {
    const [square] = await readPhoto(new Blob([bytes]), name, [224], limits);
    return {square: [...square]};
  } catch (error) {
    return {refused: error.message};
  }
}"""


@pytest.fixture(scope="module")
def decode(
    browser: Any, node_packages: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Path], np.ndarray | str]]:
    """Has the browser decode a photo as the page does: its pixels, or why it has none."""
    folder = tmp_path_factory.mktemp("decode")
    source = folder / "decode.ts"
    module = json.dumps(str(STATIC_FOLDER / "src" / "photo.ts"))
    source.write_text(
        f"import {{ readPhoto }} from {module};\nObject.assign(self, {{ readPhoto }});"
    )
    bundle(str(source), folder / "decode.js", "--format=iife")
    page = browser.contexts[0].new_page()
    page.add_script_tag(content=(folder / "decode.js").read_text(encoding="utf-8"))

    def decode(path: Path) -> np.ndarray | str:
        packed = base64.b64encode(path.read_bytes()).decode()
        found = page.evaluate(DECODE, [packed, path.name, photo_limits()])
        if "refused" in found:
            return str(found["refused"])
        return np.array(found["square"], dtype=np.uint8).reshape(224, 224, 3)

    yield decode
    page.close()


def apart(one: np.ndarray | str, other: np.ndarray) -> float:
    """How much the pixels differ, in steps of 255."""
    assert isinstance(one, np.ndarray), one
    return float(np.abs(one.astype(int) - other).mean())


@pytest.mark.parametrize("name", ["phone.jpg", "phone.png"])
def test_the_colours_of_a_phone_become_those_that_python_makes_of_them(
    decode: Callable[[Path], np.ndarray | str], tmp_path: Path, name: str
) -> None:
    photo = Image.open(next(e.path for e in own_photos() if e.name == "lily-2")).convert("RGB")
    path = tmp_path / name
    photo.save(path, icc_profile=matrix_profile(DISPLAY_P3))
    expected = read_photo(path)
    assert apart(to_square(photo), expected) > 4  # Without the profile it is another photo.
    assert apart(decode(path), expected) < 1


def test_photos_are_too_large_and_too_small_for_both_from_the_same_pixel_on(
    decode: Callable[[Path], np.ndarray | str], tmp_path: Path
) -> None:
    most, least = photo_limits().values()
    phone = tmp_path / "phone.jpg"  # As those take them that are sold as having 50 megapixels.
    Image.new("L", (8192, 6144), 150).save(phone)
    assert apart(decode(phone), read_photo(phone)) < 1
    for width, height in ((least - 1, 40), (most // 5000 + 1, 5000)):
        path = tmp_path / "refused.png"
        Image.new("L", (width, height), 150).save(path)
        with pytest.raises(PhotoError) as refused:
            read_photo(path)
        assert decode(path) == str(refused.value)


@pytest.mark.slow
@pytest.mark.parametrize("backbone", [folder.name for folder in backbone_folders(DEFAULT_FOLDER)])
def test_real_photos_get_the_same_answers(built: Path, browser: object, backbone: str) -> None:
    photos = Path(os.environ.get("FLOWERS_TEST_PHOTOS", PHOTOS))
    if not photos.is_dir():
        pytest.skip(f"There are no real photos in {photos}; name a folder by FLOWERS_TEST_PHOTOS.")
    # A process of its own, since one may start Playwright only once.
    command = [sys.executable, "-m", "tests.static.agreement", str(photos)]
    command += ["--built", str(built), "--backbone", backbone]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
