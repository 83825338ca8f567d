"""The app with weights of this clone, its page in a browser whose log and requests are watched."""

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowers.weights.source import DEFAULT_FOLDER
from tests.support.app import App, started
from tests.support.browser import WAIT, Page, serve


@pytest.fixture(scope="session")
def served_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights folder with one backbone of this clone, which has both variants: MobileNetV2."""
    root = tmp_path_factory.mktemp("served") / "weights"
    shutil.copytree(DEFAULT_FOLDER / "mobilenetv2", root / "mobilenetv2")
    return root


@pytest.fixture(scope="session")
def app(served_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app with these weights."""
    with serve(served_folder, tmp_path_factory.mktemp("app")) as address:
        yield address


@pytest.fixture
def errors() -> list[str]:
    """Console errors and requests that left this machine, in the pages a test opened."""
    return []


@pytest.fixture
def open_page(browser: Any, app: str, errors: list[str]) -> Iterator[Any]:
    """Open the page; the test fails when the console shows an error or anything leaves home."""
    visitor = browser.contexts[0]
    pages, contexts = [], []

    def open_(
        query: str = "",
        held: tuple[str, Any] | None = None,
        scheme: str = "light",
        width: int = 1280,
        height: int = 900,
        **device: Any,
    ) -> Page:
        """Open it as a visitor who was here before; with `device`, as one who is new, on that.

        `held` are requests by their address, and what is to take them instead of the app.
        """
        context = visitor
        if device:
            context = browser.new_context(**device)
            contexts.append(context)
        page = context.new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.set_default_timeout(WAIT)
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "request",
            lambda r: None if r.url.startswith((app, "data:", "blob:")) else errors.append(r.url),
        )
        if held:
            page.route(*held)
        page.goto(f"{app}/{query}", wait_until="domcontentloaded")
        page.wait_for_selector(".masthead h1")
        page.wait_for_selector("#photo input[type=file]", state="attached")
        return page

    yield open_
    for page in pages:
        if page.url.startswith(app):
            page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        page.close()
    visitor.clear_cookies()
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture(scope="session")
def rose(generated_photos: Path) -> Path:
    """A generated photo of a rose, wider than high."""
    return generated_photos / "rose" / "0.jpg"


@pytest.fixture(scope="session")
def open_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app for those who ask it past its page, with weights made up."""
    # Proxies that nobody answers at, one of a kind that httpx cannot use: neither is asked.
    proxies = {"HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "socks5://127.0.0.1:9"}
    with pytest.MonkeyPatch.context() as patch:
        for name in [*proxies, "http_proxy", "all_proxy", "no_proxy", "NO_PROXY"]:
            patch.delenv(name, raising=False)
        with started(tmp_path_factory.mktemp("open"), **proxies) as found:
            yield found


@pytest.fixture(scope="session")
def photo(generated_photos: Path) -> dict[str, Any]:
    """A rose within its description, as it may be sent without an upload."""
    packed = base64.b64encode((generated_photos / "rose" / "0.jpg").read_bytes()).decode()
    return {"url": f"data:image/jpeg;base64,{packed}", "meta": {"_type": "gradio.FileData"}}
