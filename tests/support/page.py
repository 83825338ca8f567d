"""What visitors of the page do again and again, for its tests."""

from pathlib import Path
from typing import Any

Page = Any

WAIT = 60_000
"""Milliseconds for what takes one second on an idle machine."""
READY = '.answer[data-pending="0"] + .downloads'


def upload(page: Page, path: Path) -> None:
    """Put a photo into the Classify tab and wait until all models have read it."""
    page.set_input_files("#photo input[type=file]", path)
    page.wait_for_selector(READY)


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def choose_photos(page: Page, files: Path | list[Path], shown: str) -> None:
    """Give files to the tab "Your photos", and wait until the name `shown` is listed there."""
    tab(page, "Your photos")
    page.wait_for_selector("#batch-start")  # The tab is laid out, and takes files.
    page.set_input_files("#batch-files input[type=file]", files)
    page.wait_for_selector(f"#batch-files >> text={shown}")
