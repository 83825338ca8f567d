"""Requests that no browser sends: every event, endpoint and address has a sentence for them."""

from typing import Any

import httpx
import pytest

from tests.support.app import App
from tests.support.sentences import assert_plain

ODD: list[Any] = [None, 7, -1, 1e300, True, "x", [], [[]], [None], {}, {"path": 5}]
SECRET = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
FIELDS = ("path", "example", "focus", "row", "label", "file", "files", "_data", "value")
"""What events of the page say of themselves, and what Gradio's own do."""


@pytest.fixture
def quiet_log(open_app: App):
    """Fails where the log of the app got a traceback meanwhile."""
    before = len(open_app.log.read_text())
    yield
    assert "Traceback" not in open_app.log.read_text()[before:]


def check(sentence: str | None, *context: Any) -> None:
    if sentence is not None:
        assert_plain(sentence, *context)


@pytest.mark.long
def test_odd_descriptions_of_every_event_are_answered_by_a_sentence(open_app, quiet_log) -> None:
    values = [*ODD, 10**18, "y" * 5000, {"a": {"b": []}}]
    odd = [*ODD, SECRET, {"path": "/etc/passwd"}]
    odd += [{field: value} for field in FIELDS for value in values]
    odd += [{"row": 0, "label": value} for value in values]
    odd += [{"files": [value], "kept_back": []} for value in [*values, SECRET]]
    odd += [{"files": [], "kept_back": [value]} for value in values]
    said = set()
    for event in open_app.events():
        if not event["collects_event_data"]:
            continue
        data = [None] * len(event["inputs"])
        sentences = open_app.happen(event["id"], [(data, event_data) for event_data in odd])
        for event_data, sentence in zip(odd, sentences, strict=True):
            check(sentence, event["api_name"], event_data)
            said.add(event["id"] if sentence else None)
    # Photo, example, focus, files that come and go, label and opened photo; each has turned
    # something away.
    assert len(said - {None}) == 7


@pytest.mark.long
def test_odd_values_of_every_event_are_answered_by_a_sentence(open_app, quiet_log) -> None:
    tried = 0
    for event in open_app.events():
        count = len(event["inputs"])
        data: list[Any] = [None] * count
        wrongs: list[Any] = [*([data[:-1]] if count else []), [*data, 1], 5, {}, None, "x"]
        sentences = open_app.happen(event["id"], [(wrong, {}) for wrong in wrongs])
        for wrong, sentence in zip(wrongs, sentences, strict=True):
            assert sentence, (event["api_name"], wrong)
            check(sentence, event["api_name"], wrong)
        odd = [
            [*data[:place], value, *data[place + 1 :]]
            for place in range(count)
            for value in [*ODD, SECRET, [SECRET], [{"path": "x", "meta": 1, "size": "y"}]]
        ]
        sentences = open_app.happen(event["id"], [(values, {}) for values in odd])
        for values, sentence in zip(odd, sentences, strict=True):
            check(sentence, event["api_name"], values)
        tried += len(odd)
    assert tried > 200


BODIES = [
    *(b"", b"[", b"[]", b"7", b"null", b"{}", b"\xff\xfe", b'{"data": 5}', b'{"data": [NaN]}'),
    b'{"session_hash": 5, "fn_index": "x"}',
    b'{"session_hash": [], "fn_index": 1, "data": [], "event_id": {}}',
    b'{"data": [], "fn_index": 1, "session_hash": "s", "trigger_id": "x"}',
    b'{"data": [], "fn_index": 1, "session_hash": "s", "trigger_id": 1e400}',
    b'{"data": [' + b"9" * 5000 + b'], "fn_index": 1, "session_hash": "s"}',
    b'{"data": [' + b"9" * 25 + b'], "fn_index": 1, "session_hash": "s"}',
    b'{"data": ["\\ud800", null, null], "session_hash": "\\ud800", "fn_index": 19}',
    b'{"a":' * 400 + b"1" + b"}" * 400,
    b'{"data":' + b"[" * 900 + b"]" * 900 + b"}",
    b'{"data": [], "fn_index": 99999, "session_hash": "x", "component_id": 99999}',
]
POSTS = [
    *("call/classify", "call/v2/classify", "call/nothing", "call/%00", "queue/join", "cancel"),
    *("reset", "reset/", "component_server", "run/predict", "api/classify", "stream/x", "upload"),
    *("stream/x/close", "process_recording", "vibe-edit", "undo-vibe-edit", "vibe-code", "login"),
]


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data"])
def test_whatever_is_sent_is_answered_by_a_sentence(open_app, quiet_log, kind) -> None:
    with httpx.Client(base_url=open_app.address, timeout=60) as client:
        for path in POSTS:
            for body in BODIES:
                found = client.post(
                    f"/gradio_api/{path}", content=body, headers={"Content-Type": kind}
                )
                if path.startswith("reset") and found.status_code == 200:
                    continue  # It does nothing, whatever it is told.
                assert 400 <= found.status_code < 500, (path, body, found.text)
                # Gradio says in plain text what is wrong with an upload.
                said = found.text if path == "upload" else found.json()["detail"]
                assert isinstance(said, str), (path, body, found.text)
                check(said, path, body)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("call/classify/unknown", 404),
        ("call/v2/nothing/unknown", 404),
        ("queue/data", 400),
        ("upload_progress", 400),
        ("deep_link", 400),
        ("custom_component/x/y/z/w", 400),
        ("stream/x/y/z/playlist.m3u8", 400),
        ("file=%00", 404),
        ("file=" + "a" * 5000, 404),
    ],
)
def test_addresses_of_nothing_are_answered_by_a_sentence(open_app, quiet_log, path, status) -> None:
    found = httpx.get(f"{open_app.address}/gradio_api/{path}", timeout=60)
    assert found.status_code == status
    check(found.json()["detail"])


def test_several_ranges_of_an_upload_are_all_of_it(open_app, quiet_log) -> None:
    sent = {"files": ("a.jpg", b"photograph")}
    (path,) = open_app.client.post(f"{open_app.address}/gradio_api/upload", files=sent).json()
    address = f"{open_app.address}/gradio_api/file={path}"
    for asked, status, given in (("0-0", 206, b"p"), ("0-0,2-3", 200, b"photograph")):
        found = open_app.client.get(address, headers={"Range": f"bytes={asked}"})
        assert (found.status_code, found.content) == (status, given)


def test_a_page_from_before_a_restart_is_told_to_load_again(open_app, quiet_log) -> None:
    for session in ("unknown", ""):
        url = f"{open_app.address}/gradio_api/queue/data?session_hash={session}"
        assert '"session_not_found": true' in httpx.get(url, timeout=60).text


def test_a_page_of_elsewhere_with_an_address_of_no_sense_is_turned_away(open_app) -> None:
    found = open_app.post("models", [], headers={"Origin": "http://[elsewhere"})
    assert found.status_code == 403
