"""The real page in a real browser: `python app.py` on a free port, driven by Playwright."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import pytest
from fixture_weights import weights_folder  # noqa: F401
from PIL import Image

sync_api = pytest.importorskip("playwright.sync_api")

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
START = 120
"""Seconds for the app to answer: importing Gradio alone takes many on two busy cores."""


@pytest.fixture(scope="session")
def app(weights_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:  # noqa: F811
    """The app as users start it; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "FLOWERS_WEIGHTS": str(weights_folder),
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_TEMP_DIR": str(tmp_path_factory.mktemp("uploads")),
    }
    environment.pop("FLOWERS_REPO", None)
    log = tmp_path_factory.mktemp("log") / "app.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START
        while True:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            try:
                urlopen(address, timeout=2).close()
                break
            except (URLError, OSError):
                time.sleep(0.5)
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


@pytest.fixture(scope="session")
def browser() -> Iterator["sync_api.Browser"]:
    """Headless Chromium."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"No browser is installed; install one of {', '.join(BROWSERS)}.")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: "sync_api.Browser", app: str) -> Iterator["sync_api.Page"]:
    """The page, open; fails the test when the console shows an error or anything leaves home."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "request",
        lambda r: None if r.url.startswith((app, "data:", "blob:")) else errors.append(r.url),
    )
    page.goto(app, wait_until="domcontentloaded")
    page.wait_for_selector(".masthead h1", timeout=60_000)
    yield page
    context.close()
    assert errors == []


@pytest.fixture(scope="session")
def jpeg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo from a camera, as far as decoders can tell."""
    path = tmp_path_factory.mktemp("photos") / "photo.jpg"
    picture(300, 200).save(path)
    return path


def picture(width: int, height: int) -> Image.Image:
    """A red left half and a green right half, with some noise."""
    pixels = np.random.default_rng(0).integers(0, 60, (height, width, 3))
    pixels[:, : width // 2, 0] += 180
    pixels[:, width // 2 :, 1] += 180
    return Image.fromarray(pixels.astype(np.uint8))


def upload(page: "sync_api.Page", path: Path) -> None:
    """Put a photo into the Classify tab and wait until all models have read it."""
    page.set_input_files("#photo input[type=file]", path)
    page.wait_for_selector('.answer[data-pending="0"] + .downloads', timeout=60_000)


def test_an_uploaded_photo_is_read_by_every_model(page: "sync_api.Page", jpeg: Path) -> None:
    upload(page, jpeg)
    assert "2 models" in page.inner_text(".verdict .eyebrow")
    assert page.locator("table.heat tbody tr").count() == 2
    assert page.locator(".card .shot img").count() == 2
    shares = page.locator("table.heat tbody tr").first.locator("td.cell").all_inner_texts()
    assert len(shares) == 7
    assert sum(map(int, shares)) == pytest.approx(100, abs=4)


def test_charts_are_drawn(page: "sync_api.Page") -> None:
    page.get_by_role("tab", name="Comparison").click()
    for name in ("published-accuracy", "measured-accuracy"):
        page.wait_for_selector(f"#{name} .scatterlayer .point", timeout=60_000)
    assert page.locator("#published-accuracy .scatterlayer .point").count() == 12
