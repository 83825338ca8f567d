"""The app in a process of its own, on this machine alone, and what may be asked of it."""

import base64
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from benchmarks.machine import ProcessError

ROOT = Path(__file__).parents[2]
PATIENCE = 300.0
"""Seconds for an answer or a start."""


class App:
    """A running app, and the largest memory it had."""

    def __init__(self, address: str, process: subprocess.Popen) -> None:
        self.address, self.process = address, process
        self.peak = 0
        threading.Thread(target=self._watch, daemon=True).start()

    def resident(self) -> int:
        """Bytes of memory that the app has now, mapped files included."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def _watch(self) -> None:
        while self.process.poll() is None:
            try:
                self.peak = max(self.peak, self.resident())
            except OSError:
                return
            time.sleep(0.02)

    def begin(self, client: httpx.Client, name: str, data: list[Any]) -> httpx.Response:
        """Send a call to an endpoint."""
        return client.post(f"{self.address}/gradio_api/call/{name}", json={"data": data})

    def call(self, client: httpx.Client, name: str, data: list[Any]) -> Any:
        """What an endpoint answers; a string where that is a sentence."""
        begun = self.begin(client, name, data)
        if begun.status_code != 200:
            return begun.json()["detail"]
        url = f"{self.address}/gradio_api/call/{name}/{begun.json()['event_id']}"
        event, found = client.get(url).text.strip().split("\n")[-2:]
        content = json.loads(found.removeprefix("data: "))
        return content[0] if event == "event: complete" else str((content or {}).get("error"))

    def waiting(self, client: httpx.Client) -> int:
        """Calls that wait."""
        return int(client.get(f"{self.address}/health").json()["waiting"])


def new_client() -> httpx.Client:
    """A visitor's connection, past the proxies of the environment."""
    return httpx.Client(timeout=PATIENCE, trust_env=False)


@contextmanager
def served(weights: Path, folder: Path) -> Iterator[App]:
    """Run `python app.py` on a free port of this machine. Raises `ProcessError`."""
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
    try:
        app = App(f"http://127.0.0.1:{port}", process)
        _wait(app, log)
        yield app
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait(app: App, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    with new_client() as client:
        while app.process.poll() is None and time.monotonic() < deadline:
            try:
                if client.get(f"{app.address}/health").status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.3)
    raise ProcessError(f"The app does not start. Received: {log.read_text()[-300:]}")


def within_address(image: Image.Image, kind: str = "PNG", **options: Any) -> str:
    """A photo as a `data:` address, which an endpoint takes without an upload."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    packed = base64.b64encode(stream.getvalue()).decode()
    return f"data:image/{kind.lower()};base64,{packed}"
