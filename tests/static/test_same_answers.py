"""The page without a server reads pixels and photos as Python does."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageDraw

from flowers.models.classifier import Classifier
from flowers.page.examples import own_photos
from flowers.photos import read_photo, to_square
from flowers.weights.folder import backbone_folders
from flowers.weights.source import DEFAULT_FOLDER, Source
from static.bundle import STATIC_FOLDER, bundle
from tests.static.visiting import ONE, read
from tests.support import ROOT
from tests.support.browser import Page

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
