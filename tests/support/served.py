"""The app as users start it, and a browser to look at it with: fixtures for the page tests."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from flowers.files import write_text
from flowers.weights.folder import METRICS, read_config, record_of, write_config
from flowers.weights.results import read_metrics

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
START = 180
"""Seconds for the app to answer: importing Gradio alone takes many on two busy cores."""


@contextmanager
def serve(weights: Path, folder: Path) -> Iterator[str]:
    """Run `python app.py` on a free port and yield its address; uploads and log go to `folder`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("FLOWERS_", "GRADIO_"))},
        "FLOWERS_WEIGHTS": str(weights),
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_TEMP_DIR": str(folder / "uploads"),
    }
    log = folder / "app.log"
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
                urlopen(address, timeout=5).close()
                break
            except OSError:
                time.sleep(0.5)
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def twice(weights: Path, root: Path) -> Path:
    """Copy a weights folder to `root`, with MobileNetV2 a second time, under the name of VGG16."""
    shutil.copytree(weights, root)
    shutil.copytree(weights / "mobilenetv2", root / "vgg16")
    config = read_config(weights / "mobilenetv2")
    metrics = read_metrics(weights / "mobilenetv2").model_copy(update={"backbone": "vgg16"})
    write_text(root / "vgg16" / METRICS, metrics.model_dump_json())
    files = {**config.files, METRICS: record_of(root / "vgg16" / METRICS)}
    write_config(root / "vgg16", config.model_copy(update={"backbone": "vgg16", "files": files}))
    return root


@contextmanager
def chromium() -> Iterator["Browser | None"]:
    """Headless Chromium, or None where it or Playwright is not installed."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        found = None
    if found is None:
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def app(weights_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app with the weights that `fit` made of generated photos."""
    with serve(weights_folder, tmp_path_factory.mktemp("app")) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """A browser; tests that need one are skipped where there is none."""
    with chromium() as found:
        if found is None:
            pytest.skip(f"No browser is installed; install one of {', '.join(BROWSERS)}.")
        yield found
