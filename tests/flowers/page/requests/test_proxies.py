"""Proxies of the environment: they are for the Hub, as NO_PROXY says, and never for the page."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest

from tests.support.app import started
from tests.support.artifact import write_backbone
from tests.support.folders import files_of
from tests.support.hub.standin import Hub
from tests.support.listening import listening

REPO = "somebody/proxied"


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str]]]:
    """A proxy that works, and the addresses that it was asked for."""
    with listening(_fetch) as (address, asked):
        yield address, asked


def _fetch(request: BaseHTTPRequestHandler) -> None:
    headers = {k: v for k, v in request.headers.items() if k.lower() != "accept-encoding"}
    with httpx.Client(trust_env=False, timeout=30) as client:
        found = client.request(request.command, request.path, headers=headers)
    request.send_response(found.status_code)
    for name, value in found.headers.items():
        if name.lower() not in ("connection", "content-length", "transfer-encoding"):
            request.send_header(name, value)
    length = len(found.content) or found.headers.get("content-length", 0)
    request.send_header("Content-Length", str(length))
    request.end_headers()
    request.wfile.write(found.content)


def test_the_hub_is_asked_through_the_proxy_but_where_no_proxy_names_a_host(
    hub: Hub, proxy, photo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    address, asked = proxy
    pushed = tmp_path / "pushed"
    write_backbone(pushed, "vgg16", ["daisy", "rose"])
    hub.put(REPO, files_of(pushed))
    settings = {"HTTP_PROXY": address, "HTTPS_PROXY": address, "FLOWERS_REPO": REPO}
    settings |= {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home")}
    settings |= {"NO_PROXY": "localhost"}  # The host of large files.
    assert hub.cdn.startswith("http://localhost:")
    with started(tmp_path, **settings) as app:
        assert app.call("classify", [photo, None, None])["consensus"]["label"] == "rose"
        usable = {row["backbone"] for row in app.call("models", []) if row["available"]}
        # Those of the Hub, and not those of the folder.
        assert usable == {"vgg16"}
    assert hub.paths("GET", "vgg16")
    assert hub.paths("GET", "/objects/")
    assert asked
    # Neither the page, which has the same host on another port, nor a large file.
    assert all(path.startswith(f"{hub.url}/") for path in asked)
