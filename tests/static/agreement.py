"""Have a browser and Python read the same photos: `python -m tests.static.agreement DIR`.

DIR holds class folders. The page of `make static` reads the photos in its tab "Your photos".
"""

import argparse
import csv
import io
import json
import random
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

from flowers.backbones import VARIANTS
from flowers.models.classifier import Classifier
from flowers.photos import read_photo
from flowers.weights.source import Source
from static.__main__ import DEFAULT_OUT
from tests.static.conftest import VIEWPORT, WebServer
from tests.support.browser import Page, chromium

LEAST_SAME, MOST_DIFFERENCE = 0.99, 0.01
"""Share of photos with the same top class; mean difference of its probability."""

Found = dict[tuple[str, str], tuple[str, float]]
"""Photo, by its path from the folder given, and variant -> label and probability."""


def main() -> int:
    """Run the program; returns its exit code: 1 where the two do not agree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path, help="class folders")
    parser.add_argument("--built", type=Path, default=DEFAULT_OUT, help="what `make static` wrote")
    parser.add_argument("--backbone", default="mobilenetv2")
    parser.add_argument("--number", type=int, default=300, help="photos, drawn by chance")
    options = parser.parse_args()
    listed = sorted(options.photos.glob("*/*.jpg"))
    chosen = sorted(random.Random(0).sample(listed, min(options.number, len(listed))))
    with chromium() as browser, tempfile.TemporaryDirectory() as temporary:
        if browser is None:
            print("Install Chromium to compare with it.", file=sys.stderr)
            return 1
        folder = Path(temporary) / "photos"
        for photo in chosen:
            (folder / photo.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(photo, folder / photo.parent.name / photo.name)
        web = WebServer(options.built)
        page = browser.new_context(viewport=VIEWPORT).new_page()
        there = read_there(page, web.address, options.backbone, folder)
        web.stop()
        here = read_here(options.built / "weights", options.backbone, folder)
    if there.keys() != here.keys():
        print(f"The browser read {len(there)} of {len(here)}.", file=sys.stderr)
        return 1
    agreed = True
    for variant in VARIANTS:
        keys = [key for key in here if key[1] == variant]
        same = [here[key][0] == there[key][0] for key in keys]
        apart = [abs(here[key][1] - there[key][1]) for key in keys]
        facts = {
            "backbone": options.backbone,
            "variant": variant,
            "photos": len(keys),
            "same_top_class": float(np.mean(same)),
            "mean_difference": round(float(np.mean(apart)), 5),
            "largest_difference": round(float(np.max(apart)), 5),
        }
        print(json.dumps(facts))
        agreed &= bool(np.mean(same) >= LEAST_SAME and np.mean(apart) <= MOST_DIFFERENCE)
    return 0 if agreed else 1


def read_there(page: Page, address: str, backbone: str, folder: Path) -> Found:
    """What the browser says of the photos."""
    page.set_default_timeout(600_000)
    page.goto(f"{address}?tab=photos")
    page.wait_for_selector("html[data-ready]")
    boxes = page.locator('#batch-choice input[name="backbone"]:enabled')
    for i in range(boxes.count()):
        box = boxes.nth(i)
        # What is ticked is folded away; the page reads the boxes, not clicks.
        box.evaluate("(box, on) => { box.checked = on; }", box.get_attribute("value") == backbone)
    page.set_input_files("#batch-folder", folder)
    page.wait_for_selector("#batch-files:not(:empty)")
    page.click("#batch-start")
    page.wait_for_selector("#batch-links a")
    with page.expect_download() as download:
        page.click("#batch-links a")
    text = Path(download.value.path()).read_text(encoding="utf-8")
    return {
        (row["photo"], row["variant"]): (row["reads"], float(row["probability"]))
        for row in csv.DictReader(io.StringIO(text))
    }


def read_here(weights: Path, backbone: str, folder: Path) -> Found:
    """What Python says of them."""
    classifier = Classifier(Source(weights).fetch(backbone))
    return {
        (str(photo.relative_to(folder.parent)), variant): (prediction.label, prediction.probability)
        for photo in sorted(folder.glob("*/*"))
        for variant, prediction in classifier.predict(read_photo(photo)).items()
    }


if __name__ == "__main__":
    sys.exit(main())
