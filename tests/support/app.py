"""The app as it is started, and what may be asked of it past its page."""

import json
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.app_process import running_app
from tests.support.artifact import write_backbone
from tests.support.folders import CLASSES

WAITING = 100
"""Calls that may wait in the queue while nobody else is there."""


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

    def happen(self, event: int, asked: Sequence[tuple[Any, Any]]) -> list[str | None]:
        """The sentences that are said instead of answers, to values and event data; None for one.

        All are asked in one session, as many as may wait at once, and then listened for together.
        """
        parts = [asked[start : start + WAITING] for start in range(0, len(asked), WAITING)]
        return [sentence for part in parts for sentence in self._happen(event, part)]

    def _happen(self, event: int, asked: Sequence[tuple[Any, Any]]) -> list[str | None]:
        session = uuid.uuid4().hex
        said: dict[str, str | None] = {}
        names: list[str] = []
        for data, event_data in asked:
            body = {"data": data, "event_data": event_data, "fn_index": event}
            begun = self.client.post(
                f"{self.address}/gradio_api/queue/join", json={**body, "session_hash": session}
            )
            if begun.status_code == 200:
                names.append(begun.json()["event_id"])
            else:
                assert 400 <= begun.status_code < 500, begun.text
                names.append(uuid.uuid4().hex)
                said[names[-1]] = str(begun.json()["detail"])
        if len(said) < len(names):
            url = f"{self.address}/gradio_api/queue/data?session_hash={session}"
            with self.client.stream("GET", url) as response:
                for line in response.iter_lines():
                    message = json.loads(line.removeprefix("data:") or "{}")
                    if message.get("msg") == "process_completed":
                        error = None if message["success"] else str(message["output"]["error"])
                        said[message["event_id"]] = error
        assert said.keys() == set(names), "There was no end."
        return [said[name] for name in names]

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
