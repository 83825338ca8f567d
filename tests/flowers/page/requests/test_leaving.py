"""What is worked out for somebody ends when they have gone, and what is kept of them, in time."""

import base64
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from benchmarks.app_process import free_port
from flowers.models.zoo import Zoo
from flowers.page import about, endpoints
from flowers.page.app import build
from flowers.page.limits import DELETE_UPLOADS, HOUR
from flowers.page.requests import door, retention
from flowers.page.requests.sessions import forget_old
from flowers.page.requests.storage import VARIABLE, Storage
from flowers.page.server import PORT, launch
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


def upload(page: Any, name: str) -> Path:
    """Where a photo lies that was uploaded."""
    address = f"http://127.0.0.1:{page.server_port}/gradio_api/upload"
    found = httpx.post(address, files={"files": (name, name.encode())}, trust_env=False)
    return Path(found.json()[0])


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


def test_what_about_says_of_deletion_are_the_hours_after_which_files_and_visits_go() -> None:
    assert sum(DELETE_UPLOADS) == 24 * HOUR
    assert "24 hours later at the latest" in " ".join(about.about_text().split())


class TestQuickly:
    """With seconds for hours."""

    @pytest.fixture(autouse=True)
    def seconds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(retention, "DELETE_UPLOADS", (1, 2))

    def test_uploads_are_deleted_in_time(self, seconds, page) -> None:
        path = upload(page, "a.jpg")
        assert path.read_bytes() == b"a.jpg"
        deadline = time.monotonic() + PATIENCE
        while path.exists():
            assert time.monotonic() < deadline, "the upload is still there"
            time.sleep(0.1)
        assert upload(page, "b.jpg").exists()
        while str(path) in page.upload_file_set:
            assert time.monotonic() < deadline, "Gradio still knows it"
            time.sleep(0.1)


def test_visits_are_forgotten_in_time(page) -> None:
    holder = page.state_holder
    for session in ("old", "young"):
        assert holder[session] is holder[session]
    holder.time_last_used["old"] = datetime.now() - timedelta(seconds=HOUR + 1)
    forget_old(page, HOUR)
    assert list(holder.session_data) == list(holder.time_last_used) == ["young"]


def test_a_visit_is_remembered_without_what_was_sent_in_it(page, tmp_path: Path) -> None:
    """Else 400 visitors, or one who says to be 400, could fill the memory."""
    large = tmp_path / "large.png"
    noise = np.random.default_rng(0).integers(0, 256, (1000, 1000, 3), dtype=np.uint8)
    Image.fromarray(noise).save(large)
    packed = base64.b64encode(large.read_bytes()).decode()
    address = f"http://127.0.0.1:{page.server_port}"
    (classify,) = [key for key, fn in page.fns.items() if fn.api_name == "classify"]
    with httpx.Client(base_url=address, timeout=PATIENCE, trust_env=False) as asker:
        body = {"fn_index": classify, "session_hash": "large", "event_data": None}
        data = [f"data:image/png;base64,{packed}", None, None]
        begun = asker.post("/gradio_api/queue/join", json={**body, "data": data})
        event = page._queue.event_ids_to_events.get(begun.json()["event_id"])
        assert event is None or len(str(event.data)) < 10_000
        found = asker.get("/gradio_api/queue/data", params={"session_hash": "large"}).text
        assert '"success":true' in found
        kept = page.state_holder.session_data["large"]
        assert len(repr(kept.config_values)) < len(packed) / 4
        said = asker.post("/gradio_api/queue/join", json={**body, "data": ["x" * 3_000_000] * 3})
        assert (said.status_code, "upload the files" in said.text) == (413, True)
        long = {**body, "session_hash": "x" * 1000, "data": data}
        assert asker.post("/gradio_api/queue/join", json=long).status_code == 400
        assert asker.get("/?x=" + "y" * 10_000).status_code == 414


def test_requests_on_their_way_have_so_much_memory_in_all(page, monkeypatch) -> None:
    arrived, end = threading.Event(), threading.Event()

    class Limit(int):
        """Tells when as much as the first request holds was compared with it."""

        def __lt__(self, arriving: int) -> bool:
            if arriving >= 4_000_000:
                arrived.set()
            return int(self) < arriving

    monkeypatch.setattr(door, "MAX_ARRIVING", Limit(5_000_000))
    address = f"http://127.0.0.1:{page.server_port}/gradio_api/call/models"

    def slowly() -> Iterator[bytes]:
        yield b'{"data": [], "more": "' + b"x" * 4_000_000
        assert end.wait(PATIENCE)
        yield b'"}'

    with httpx.Client(timeout=PATIENCE, trust_env=False) as one, ThreadPoolExecutor(1) as pool:
        first = pool.submit(one.post, address, content=slowly())
        assert arrived.wait(PATIENCE)
        other = one.post(address, content=b'{"data": [], "x": "' + b"x" * 2_000_000)
        assert other.status_code == 503
        assert "busy with the requests of others" in other.json()["detail"]
        end.set()
        assert "`more` is longer than 200 letters" in first.result().json()["detail"]
        assert one.post(address, json={"data": []}).status_code == 200
