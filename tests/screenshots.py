"""Takes the pictures of README and previews from the real page: `python -m tests.screenshots`.

`--weights DIR` serves other weights. That of the page without a server needs `make static` first.

Each is a PNG under 400 KB, so that the README loads quickly.
"""

import argparse
import io
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from flowers.files import whole_file
from flowers.page.examples import own_photos
from flowers.page.requests.head import PREVIEW_IMAGE
from flowers.weights.folder import DEFAULT_FOLDER
from static.__main__ import DEFAULT_OUT
from tests.static.conftest import WebServer
from tests.support import ROOT
from tests.support.browser import READY, chromium, serve, tab, upload

LIMIT = 400_000
SHOWN = "sunflower-3"
"""The example in the pictures: one on which models disagree."""
PREVIEW_SIZE = {"width": 1200, "height": 630}
NO_NOTICE = (
    "document.querySelectorAll('.notice, #theme-switch, .masthead p b').forEach(e => e.remove())"
)
"""A preview tells what the page is, not which weights this clone has."""
WIDE, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
WAIT = 120_000


def save(shot: bytes, path: Path) -> None:
    """Write a screenshot with as many colours as fit into the limit."""
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    for colours in (None, 256, 128, 64):
        buffer = io.BytesIO()
        picture = image
        if colours:
            palette = image.quantize(colours)
            picture = image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
        picture.save(buffer, "PNG", optimize=True)
        if buffer.tell() <= LIMIT:
            break
    with whole_file(path) as partial:
        partial.write_bytes(buffer.getvalue())
    print(f"{path.relative_to(ROOT)}: {buffer.tell() // 1000} KB")


def open_page(browser: Any, address: str, viewport: dict[str, int], scheme: str = "light") -> Any:
    """The page in a fresh context."""
    page = browser.new_context(viewport=viewport, color_scheme=scheme).new_page()
    page.set_default_timeout(WAIT)
    page.goto(address, wait_until="domcontentloaded")
    page.wait_for_selector("#examples img")
    return page


def classify(page: Any, photo: Path) -> None:
    """Have an example read, and wait for its focus maps."""
    upload(page, photo)
    page.wait_for_timeout(1500)


def take(address: str, browser: Any, docs: Path, photos: list[Path]) -> None:
    """Take all pictures."""
    page = open_page(browser, address, WIDE)
    classify(page, photos[0])
    save(page.screenshot(), docs / "classify.png")

    tab(page, "Comparison")
    page.wait_for_selector("#measured-accuracy .scatterlayer .point", state="attached")
    page.wait_for_timeout(2000)
    save(page.screenshot(), docs / "comparison.png")

    tab(page, "Your photos")
    page.click("#batch-sample")
    page.wait_for_selector("table.batch:not([aria-busy])")
    page.wait_for_timeout(1000)
    save(page.screenshot(), docs / "photos.png")

    page = open_page(browser, address, PREVIEW_SIZE)
    classify(page, photos[0])
    page.evaluate(NO_NOTICE)
    save(page.screenshot(), PREVIEW_IMAGE)

    page = open_page(browser, address, WIDE, "dark")
    classify(page, photos[0])
    save(page.screenshot(), docs / "dark.png")

    page = open_page(browser, address, PHONE)
    classify(page, photos[0])
    page.locator("#answer").scroll_into_view_if_needed()
    page.evaluate("document.querySelector('#answer').scrollIntoView()")
    page.wait_for_timeout(500)
    save(page.screenshot(), docs / "phone.png")


def take_static(built: Path, browser: Any, docs: Path, photo: Path) -> None:
    """Take the picture of the page without a server."""
    web = WebServer(built)
    page = browser.new_context(viewport=WIDE, color_scheme="light").new_page()
    page.set_default_timeout(WAIT)
    page.goto(web.address)
    page.set_input_files("#photo-file", photo)
    page.wait_for_selector(READY)
    page.wait_for_timeout(500)
    save(page.screenshot(), docs / "static.png")
    web.stop()


def main() -> int:
    """Run the program; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, default=DEFAULT_FOLDER, help="a weights folder")
    parser.add_argument("--photo", type=Path, help="the photo to show, instead of an example")
    options = parser.parse_args()
    photos = [photo.path for photo in own_photos() if photo.name == SHOWN]
    if options.photo:
        photos.insert(0, options.photo)
    with chromium() as browser, tempfile.TemporaryDirectory() as folder:
        if browser is None:
            print("Install Chromium to take screenshots.", file=sys.stderr)
            return 1
        with serve(options.weights.resolve(), Path(folder)) as address:
            take(address, browser, ROOT / "docs", photos)
        if DEFAULT_OUT.is_dir():
            take_static(DEFAULT_OUT, browser, ROOT / "docs", photos[0])
        else:
            print("docs/static.png stays as it is; run `make static` first.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
