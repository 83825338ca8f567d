"""What is worked out for somebody ends when they have gone."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.app_process import free_port
from flowers.models.zoo import Zoo
from flowers.page import endpoints
from flowers.page.app import build
from flowers.page.server import PORT, launch
from flowers.page.storage import VARIABLE, Storage
from flowers.weights.source import Source
from tests.support.artifact import write_backbone

SENT = 40
PATIENCE = 60
"""Seconds after which something is broken, however busy the machine is."""


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A page that is served by this process."""
    write_backbone(tmp_path / "weights", "mobilenetv2")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "uploads"))
    monkeypatch.setenv(PORT, str(free_port()))
    storage = Storage()
    monkeypatch.setenv(VARIABLE, str(storage.folder))
    zoo = Zoo(Source(tmp_path / "weights"))
    page = build(zoo)
    launch(page, zoo, storage)
    yield page
    page.close(verbose=False)
    storage.close()


def test_a_batch_reads_no_more_photos_when_its_asker_has_gone(page, photo, monkeypatch) -> None:
    read: list[str] = []
    begun, gone, ended = threading.Event(), threading.Event(), threading.Event()
    read_batch = endpoints.read_batch

    def counted(*arguments: Any) -> Iterator[Any]:
        try:
            for row in read_batch(*arguments):
                read.append(row.reading.photo)
                if len(read) == 3:
                    begun.set()
                    assert gone.wait(PATIENCE)
                yield row
        finally:
            ended.set()

    monkeypatch.setattr(endpoints, "read_batch", counted)
    address = f"http://127.0.0.1:{page.server_port}/gradio_api/call/compare"
    with httpx.Client(timeout=PATIENCE, trust_env=False) as asker:
        data = [[photo["url"]] * SENT, None, None, None]
        call = asker.post(address, json={"data": data}).json()["event_id"]
        with asker.stream("GET", f"{address}/{call}"):
            assert begun.wait(PATIENCE)
    deadline = time.monotonic() + PATIENCE
    event = page._queue.event_ids_to_events.get(call)
    while event is not None and event.alive:
        assert time.monotonic() < deadline, "nobody noticed"
        time.sleep(0.01)
    gone.set()
    assert ended.wait(PATIENCE)
    assert len(read) == 3

    monkeypatch.setattr(endpoints, "read_batch", read_batch)
    with httpx.Client(timeout=PATIENCE, trust_env=False) as other:
        call = other.post(address, json={"data": [[photo["url"]], None, None, None]}).json()
        answer = other.get(f"{address}/{call['event_id']}").text
        assert "event: complete" in answer


def test_a_batch_is_read_to_its_end_while_its_asker_waits(page, photo) -> None:
    address = f"http://127.0.0.1:{page.server_port}/gradio_api/call/compare"
    with httpx.Client(timeout=PATIENCE, trust_env=False) as asker:
        data = [[photo["url"]] * SENT, None, None, None]
        call = asker.post(address, json={"data": data}).json()["event_id"]
        answer = asker.get(f"{address}/{call}").text
    assert answer.count('"consensus"') == SENT
