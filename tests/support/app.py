"""The app as it is started, and what may be asked of it past its page."""

import json
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.app_process import running_app
from tests.support.artifact import write_backbone
from tests.support.folders import CLASSES


@dataclass
class App:
    address: str
    process: subprocess.Popen
    uploads: Path
    log: Path
    client: httpx.Client

    def post(self, name: str, data: Any, **options: Any) -> httpx.Response:
        url = f"{self.address}/gradio_api/call/{name}"
        return self.client.post(url, json={"data": data}, **options)

    def call(self, name: str, data: Any) -> Any:
        """The answer, or the sentence that was said instead."""
        begun = self.post(name, data)
        if begun.status_code != 200:
            return begun.json()["detail"]
        url = f"{self.address}/gradio_api/call/{name}/{begun.json()['event_id']}"
        event, found = self.client.get(url).text.strip().split("\n")[-2:]
        content = json.loads(found.removeprefix("data: "))
        return content[0] if event == "event: complete" else content["error"]

    def events(self) -> list[dict[str, Any]]:
        """What happens on the page, as it is told to browsers; of what runs in Python."""
        config = self.client.get(f"{self.address}/config").json()
        return [event for event in config["dependencies"] if event["backend_fn"]]

    def happen(self, event: int, data: Any, event_data: Any) -> str | None:
        """The sentence that is said instead of an answer; None for an answer."""
        session = uuid.uuid4().hex
        body = {"data": data, "event_data": event_data, "fn_index": event, "session_hash": session}
        begun = self.client.post(f"{self.address}/gradio_api/queue/join", json=body)
        if begun.status_code != 200:
            assert 400 <= begun.status_code < 500, begun.text
            return str(begun.json()["detail"])
        url = f"{self.address}/gradio_api/queue/data?session_hash={session}"
        with self.client.stream("GET", url) as response:
            for line in response.iter_lines():
                message = json.loads(line.removeprefix("data:") or "{}")
                if message.get("msg") == "process_completed":
                    return None if message["success"] else str(message["output"]["error"])
        raise AssertionError("There was no end.")

    def files(self) -> set[str]:
        return {str(p) for p in self.uploads.rglob("*") if p.is_file() and p.name != ".in-use"}


@contextmanager
def started(folder: Path, **more: str) -> Iterator[App]:
    """Run the app in a process of its own, on weights with figures of two classes."""
    write_backbone(folder / "weights", "mobilenetv2", CLASSES)
    with (
        running_app(folder / "weights", folder, ready="/health", **more) as (address, process),
        httpx.Client(timeout=60, trust_env=False) as client,
    ):
        yield App(address, process, folder / "uploads", folder / "app.log", client)
