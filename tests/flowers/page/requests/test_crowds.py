"""The app as it is started, before crowds, strangers and a machine that is not as it should be."""

import runpy
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.app_process import settings
from tests.support import ROOT
from tests.support.app import App, started
from tests.support.listening import listening
from tests.support.sentences import assert_one_sentence, assert_plain

BUSY = 230
"""Calls of a flood: more than may wait."""


@pytest.fixture
def app(open_app: App) -> App:
    return open_app


@pytest.fixture(scope="module")
def listener() -> Iterator[tuple[str, list[str]]]:
    """An address elsewhere, and what was asked of it."""
    with listening(lambda request: request.send_error(404)) as (address, asked):
        yield f"{address}/rose.jpg", asked


def test_a_photo_may_be_within_its_address(app: App, photo: dict[str, Any]) -> None:
    assert app.call("classify", [photo, None, None])["consensus"]["label"] == "rose"
    assert app.call("classify", [photo["url"], None, None])["consensus"]["label"] == "rose"


def test_health_is_a_prediction(app: App) -> None:
    found = httpx.get(f"{app.address}/health", timeout=20)
    assert (found.status_code, found.json()["healthy"], found.json()["problem"]) == (
        200,
        True,
        None,
    )
    assert found.json()["milliseconds"] > 0


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("classify", [None, None, None], "There is no photo"),
        ("classify", [7, None, None], "not a file that was uploaded"),
        ("classify", ["rose.jpg", None, None], "not a file that was uploaded"),
        ("classify", [{"path": "a\0b", "meta": {}}, None, None], "not a file that was uploaded"),
        ("classify", [{"path": "x", "meta": None}, None, None], "not a file that was uploaded"),
        ("classify", [{"path": "/etc/passwd"}, 1, None], "`backbones` must be a list of names"),
        ("classify", [{"path": "/x"}, [[]], None], "`backbones` must be a list of names"),
        ("classify", [{"path": "/x"}, None, {"a": 1}], "`variants` must be a list of names"),
        ("classify", [], "takes 3 values: photo, backbones, variants"),
        ("compare", [1, None, None, None], "`photos` must be a list"),
        ("compare", [[], None, None, None], "There are no photos"),
        ("compare", [[1], 5, None, None], "`labels` must be a list of names"),
        ("models", [1], "takes 0 values"),
        ("nothing", [], "There is no such endpoint; use /classify, /compare, /models."),
        ("models", "a", 'The request must be {"data": [...]}'),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(app: App, name, data, said) -> None:
    before = app.log.read_text()
    found = app.call(name, data)
    assert said in found, found
    assert_plain(found)
    assert "Traceback" not in app.log.read_text()[len(before) :]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("call/models", b'{"data": [NaN]}', 400),
        ("call/models", b"[", 400),
        ("call/models", b"[]", 400),
        ("call/v2/classify", b"{}", 400),
        ("queue/join", b'{"data": [], "fn_index": 9999, "session_hash": "a"}', 404),
        ("queue/join", b'{"data": [], "fn_index": -1, "session_hash": "a"}', 404),
        ("run/predict", b'{"data": [], "fn_index": "a"}', 404),
        ("run/models", b'{"data": []}', 404),
    ],
)
def test_requests_of_no_sense_are_the_fault_of_who_sends_them(app, path, body, status) -> None:
    json_type = {"Content-Type": "application/json"}
    found = httpx.post(f"{app.address}/gradio_api/{path}", content=body, headers=json_type)
    assert found.status_code == status
    assert "Traceback" not in app.log.read_text()
    assert found.json()["detail"]


def test_no_address_is_fetched(app: App, listener: tuple[str, list[str]]) -> None:
    address, asked = listener
    file = {"path": address, "meta": {"_type": "gradio.FileData"}}
    assert "Nothing is fetched from addresses" in app.call("classify", [file, None, None])
    assert "Nothing is fetched from addresses" in app.call("compare", [[file], *[None] * 3])
    for data in (address, {"url": address, "meta": {"_type": "gradio.FileData"}}):
        assert "not a file that was uploaded" in app.call("classify", [data, None, None])
    for event in app.events():
        body = {"data": [file] * len(event["inputs"]), "fn_index": event["id"]}
        url = f"{app.address}/gradio_api/queue/join"
        found = httpx.post(url, json={**body, "session_hash": "s", "event_data": file})
        assert found.status_code == 400, event
    for route in ("file=", "file/", "proxy=", "file=HTTPS://x/..;"):
        assert httpx.get(f"{app.address}/gradio_api/{route}{address}").status_code == 403
    assert asked == []


def test_pages_of_other_sites_may_not_act_for_a_visitor(app: App) -> None:
    found = app.post("models", [], headers={"Origin": "https://elsewhere.example"})
    assert found.status_code == 403
    assert "takes no requests from pages of other sites" in found.json()["detail"]
    assert app.post("models", [], headers={"Origin": app.address}).status_code == 200
    # Behind a web server that changes the host, the browser still says whose page it is.
    own = {"Origin": "https://flowers.example", "Sec-Fetch-Site": "same-origin"}
    assert app.post("models", [], headers=own).status_code == 200


def test_an_upload_that_breaks_off_leaves_nothing(app: App) -> None:
    before = app.files()
    host, port = app.address.removeprefix("http://").split(":")
    head = (
        f"POST /gradio_api/upload HTTP/1.1\r\nHost: {host}\r\nContent-Length: 50000000\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n"
        'Content-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'
    )
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + b"x" * 3_000_000)
        deadline = time.monotonic() + 10
        while app.files() == before:
            assert time.monotonic() < deadline, "the upload is not being stored"
            time.sleep(0.05)
    while app.files() != before:
        assert time.monotonic() < deadline, "the upload is still there"
        time.sleep(0.05)


def test_uploads_have_a_limit_and_a_sentence(app: App) -> None:
    url = f"{app.address}/gradio_api/upload"
    assert httpx.post(url, files={"files": ("a.jpg", b"photo")}).status_code == 200
    host, port = app.address.removeprefix("http://").split(":")
    head = (
        f"POST /gradio_api/upload HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3000000000\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(head.encode())
        said = connection.recv(4096).decode()
        assert said.startswith("HTTP/1.1 413")
    wrong = httpx.post(url, files={"files": (None, b"text")})
    assert (wrong.status_code, "send them as `files`" in wrong.text) == (400, True)


@pytest.mark.long
def test_a_full_queue_says_so_and_all_works_again_when_it_is_empty(app: App, photo) -> None:
    with httpx.Client(timeout=60) as client:
        url = f"{app.address}/gradio_api/call"
        many = {"data": [[photo["url"]] * 400, None, None, None]}
        for _ in range(10):  # They keep the one place for batches while the others come.
            client.post(f"{url}/compare", json=many)
        status = []
        for _ in range(BUSY):
            answer = client.post(f"{url}/compare", json={"data": [[], None, None, None]})
            status.append(answer.status_code)
        assert status[-1] == 503
        assert status.count(200) >= 190
        sentence = "The app is busy, with about 200 calls before yours; try again in a minute."
        assert answer.json()["detail"] == sentence
        assert client.get(f"{app.address}/health").status_code == 200
    deadline = time.monotonic() + 300
    while httpx.get(f"{app.address}/health", timeout=20).json()["waiting"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert app.call("classify", [photo, None, None])["consensus"]["label"] == "rose"


@pytest.mark.long
def test_sigterm_lets_a_running_call_end_and_deletes_all_uploads(tmp_path: Path, photo) -> None:
    with started(tmp_path) as app:
        many = app.post("compare", [[photo["url"]] * 200, None, None, None])
        deadline = time.monotonic() + 60
        while not app.files():
            assert time.monotonic() < deadline, "the call does not begin"
            time.sleep(0.01)
        url = f"{app.address}/gradio_api/call/compare/{many.json()['event_id']}"
        with httpx.stream("GET", url, timeout=60) as response:
            app.process.send_signal(signal.SIGTERM)
            found = response.read().decode()
        assert "event: complete" in found
        assert app.process.wait(20) == 0
        assert app.files() == set()
        assert "Traceback" not in app.log.read_text()


@pytest.fixture
def signals() -> Iterator[None]:
    """Sees to it that this process does at a signal what it did before."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_port_that_was_asked_for_and_is_taken_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signals: None
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        for name, value in settings(tmp_path, tmp_path, port).items():
            monkeypatch.setenv(name, value)
        # In this process, where Gradio is imported already.
        with pytest.raises(SystemExit) as caught:
            runpy.run_path(str(ROOT / "app.py"), run_name="__main__")
    said = str(caught.value)
    assert said.startswith(f"error: Port {port} cannot be used")
    assert_one_sentence(said)
    assert list((tmp_path / "uploads").glob("flowers-*")) == []
