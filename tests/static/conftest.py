"""The page without a server, built from the starter weights, on a plain web server."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from flowers.errors import BuildError
from flowers.models.classifier import Classifier
from flowers.page.examples import own_photos
from flowers.weights.source import DEFAULT_FOLDER, Source
from static.bundle import install
from tests.conftest import Once
from tests.support.browser import WAIT, Page

VIEWPORT = {"width": 1280, "height": 900}


class WebServer:
    """A web server as plain as they come: no packing, no headers; it counts what it sends."""

    def __init__(self, folder: Path, names_packing: bool = False) -> None:
        self.folder = folder
        self.names_packing = names_packing
        """Whether browsers are told that `.gz` files are packed, so that they unpack them."""
        self.sent: Counter[str] = Counter()
        """Bytes by path, without headers."""
        handler = partial(_Handler, self, directory=str(folder))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, owner: WebServer, *arguments: Any, **options: Any) -> None:
        self._owner = owner
        super().__init__(*arguments, **options)

    def copyfile(self, source: Any, outputfile: Any) -> None:
        data = source.read()
        self._owner.sent[self.path.partition("?")[0].lstrip("/")] += len(data)
        outputfile.write(data)

    def end_headers(self) -> None:
        if self._owner.names_packing and self.path.endswith(".gz"):
            self.send_header("Content-Encoding", "gzip")
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="session")
def node_packages(once: Once) -> None:
    """Installs what building needs; tests are skipped without Node.js or the registry."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node.js is not installed; install version 20 or newer.")
    try:
        once("node-packages", lambda _: install())
    except BuildError as error:
        if any(word in str(error) for word in ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED")):
            pytest.skip(str(error))
        raise


@pytest.fixture(scope="session")
def built(once: Once, node_packages: None) -> Path:
    """What `make static` writes, built by one process of the run."""

    def build(out: Path) -> None:
        from static.__main__ import build_site

        with pytest.MonkeyPatch.context() as patch:
            for name in ("FLOWERS_REPO", "FLOWERS_REVISION", "FLOWERS_WEIGHTS"):
                patch.delenv(name, raising=False)
            build_site(out)

    return once("static-page", build)


@pytest.fixture(scope="session")
def site(browser: Any, built: Path) -> Iterator[str]:
    """The address of the built page, where the browser has been before."""
    server = WebServer(built)
    page = browser.contexts[0].new_page()
    page.goto(server.address)
    page.wait_for_selector("html[data-kept]", timeout=WAIT)
    page.close()
    yield server.address
    server.stop()


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    return Classifier(Source(DEFAULT_FOLDER).fetch("mobilenetv2"))


@pytest.fixture(scope="session")
def photo() -> Path:
    return next(e.path for e in own_photos() if e.name == "sunflower-1")


@pytest.fixture
def web_server() -> Iterator[Callable[..., WebServer]]:
    """Starts web servers, which stop after the pages that still ask them."""
    servers = []

    def start(folder: Path, **options: Any) -> WebServer:
        servers.append(WebServer(folder, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def web(built: Path, web_server: Callable[..., WebServer]) -> WebServer:
    """A web server with the built page, which nobody has visited before."""
    return web_server(built)


@pytest.fixture
def errors() -> list[str]:
    """Errors in the consoles of the pages a test opened."""
    return []


@pytest.fixture
def open_site(
    browser: Any, site: str, errors: list[str], web_server: Callable[..., WebServer]
) -> Iterator[Callable[..., Page]]:
    """Open a page; the test fails when its console shows an error.

    That is in a fresh browser, but where it is `site`: there as a visitor who comes again, which
    costs half.
    """
    pages, contexts = [], []

    def open_(address: str, **options: Any) -> Page:
        context = browser.contexts[0]
        if options or not address.startswith(site):
            context = browser.new_context(**options)
            contexts.append(context)
        page = context.new_page()
        pages.append(page)
        if "viewport" not in options:
            page.set_viewport_size(VIEWPORT)
        page.set_default_timeout(WAIT)
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        page.wait_for_selector("html[data-ready]")
        return page

    yield open_
    for page in pages:
        if page.url.startswith(site):
            page.evaluate("localStorage.clear()")
        page.close()
    for context in contexts:
        context.close()
    assert errors == []
