"""Fixtures that open the page in a browser, and watch what it logs and asks for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.page import WAIT, Page


@pytest.fixture
def errors() -> list[str]:
    """Console errors and requests that left this machine, in the pages a test opened."""
    return []


@pytest.fixture
def open_page(browser: Any, app: str, errors: list[str]) -> Iterator[Any]:
    """Open the page; the test fails when the console shows an error or anything leaves home."""
    contexts = []

    def open_(query: str = "", **options: Any) -> Page:
        context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 900}, "accept_downloads": True, **options}
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "request",
            lambda r: None if r.url.startswith((app, "data:", "blob:")) else errors.append(r.url),
        )
        page.goto(f"{app}/{query}", wait_until="domcontentloaded")
        page.wait_for_selector(".masthead h1")
        page.wait_for_selector("#photo input[type=file]", state="attached")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture(scope="session")
def rose(generated_photos: Path) -> Path:
    """A generated photo of a rose, wider than high."""
    return generated_photos / "rose" / "0.jpg"
