"""The app in a process of its own, on this machine alone, and what may be asked of it."""

import base64
import io
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from benchmarks.app_process import running_app

ANSWER_PATIENCE = 300.0
"""Seconds for an answer."""


class ServedApp:
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
    return httpx.Client(timeout=ANSWER_PATIENCE, trust_env=False)


@contextmanager
def served(weights: Path, folder: Path) -> Iterator[ServedApp]:
    """Run the app until it predicts, and watch its memory. Raises `ProcessError`."""
    with running_app(weights, folder, ready="/health") as (address, process):
        yield ServedApp(address, process)


def within_address(image: Image.Image, kind: str = "PNG", **options: Any) -> str:
    """A photo as a `data:` address, which an endpoint takes without an upload."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    packed = base64.b64encode(stream.getvalue()).decode()
    return f"data:image/{kind.lower()};base64,{packed}"
