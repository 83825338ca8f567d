"""The app as users start it, a browser to open it with, and what visitors do again and again."""

import base64
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.app_process import running_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Page = Any

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WAIT = 60_000
"""Milliseconds for what takes one second on an idle machine."""
TRANSFER = """([packed, name, type]) => {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, {type}));
  return transfer;
}"""
READY = '.answer[data-pending="0"] + .downloads'


@contextmanager
def serve(weights: Path, folder: Path) -> Iterator[str]:
    """Run `python app.py` on a free port and yield its address; uploads and log go to `folder`."""
    with running_app(weights, folder) as (address, _):
        yield address


@contextmanager
def chromium() -> Iterator["Browser | None"]:
    """Headless Chromium, or None where it or Playwright is not installed.

    Its first context has a profile on disk, as users' browsers have: what a page loads again comes
    from there, scripts compiled. Contexts that are added know nothing of it or of one another.
    """
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    try:
        from playwright.sync_api import expect, sync_playwright

        expect.set_options(timeout=WAIT)
    except ImportError:
        found = None
    if found is None:
        yield None
        return
    with sync_playwright() as playwright, TemporaryDirectory() as profile:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=found, args=ARGUMENTS
        )
        yield context.browser
        context.close()


# Whether another answer than before is there, and whole.
CHANGED = """(before) => document.querySelector('.answer[data-pending="0"] + .downloads a')
  && document.querySelector('.downloads a').href !== before"""


def shown_answer(page: Page) -> str | None:
    """What tells one whole answer from another."""
    page.wait_for_selector(READY)
    return page.get_attribute(".downloads a", "href")


def upload(page: Page, path: Path) -> None:
    """Put a photo into the Classify tab and wait until all models have read it."""
    before = shown_answer(page)  # That to the example with which the page opens.
    page.set_input_files("#photo input[type=file]", path)
    page.wait_for_function(CHANGED, arg=before)


def answer(page: Page) -> dict[str, Any]:
    """The JSON that the Classify tab offers."""
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as JSON").click()
    assert download.value.suggested_filename == "classification.json"
    return json.loads(Path(download.value.path()).read_text(encoding="utf-8"))


def probabilities(page: Page) -> list[float]:
    """Of the class that each model answers."""
    return [p["probability"] for p in answer(page)["predictions"]]


def late(route: Any) -> None:
    """Let a request wait; for `page.route`."""
    time.sleep(0.5)
    route.continue_()


def label_as_second(page: Page) -> str:
    """Label a photo of a batch so that of its two models only the second is right; its row."""
    pairs = page.locator("table.batch tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.querySelectorAll('td[data-reads]')].map("
        "cell => cell.dataset.reads))"
    )
    apart = next(number for number, (first, second) in enumerate(pairs) if first != second)
    select, label = page.locator("table.batch select").nth(apart), pairs[apart][1]
    number = str(select.get_attribute("data-row"))
    if select.input_value() != label:
        select.select_option(label)
        page.wait_for_selector(f"table.batch tr[data-row='{number}'] .saved:text-is('saved')")
    return number


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


# Looks until three looks in a row, a fifth of a second apart, find all of one size.
SETTLED = """async () => {
  const sizes = () => [document.documentElement, ...document.querySelectorAll('.main-svg')]
    .map((e) => [e.scrollWidth, e.scrollHeight, e.getBoundingClientRect().width]).join();
  for (let before = '', same = 0; same < 2;) {
    await new Promise((done) => setTimeout(done, 200));
    const now = sizes();
    same = now === before ? same + 1 : 0;
    before = now;
  }
}"""


def settle(page: Page) -> None:
    """Wait until the page has its size: Plotly sizes figures after they become visible."""
    page.evaluate(SETTLED)


# Whether a file has arrived.
LISTED = """(name) => [...document.querySelectorAll('#batch-files li span')]
  .some((listed) => listed.textContent === name)"""


def choose_photos(page: Page, files: Path | list[Path], shown: str) -> None:
    """Give files to the tab "Your photos", and wait until the name `shown` is listed there."""
    tab(page, "Your photos")
    page.wait_for_selector("#batch-start")  # The tab is laid out, and takes files.
    page.set_input_files("#batch-files input:not([webkitdirectory])", files)
    page.wait_for_function(LISTED, arg=shown)


def held_over(page: Page, path: Path, name: str, kind: str = "") -> Any:
    """The data of a drag or a drop of one file, for `dispatch_event`; `kind` is its media type."""
    packed = base64.b64encode(path.read_bytes()).decode()
    return page.evaluate_handle(TRANSFER, [packed, name, kind])
