"""What the page without a server fetches, keeps and sends: on a first visit, offline, elsewhere."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flowers.files import sha256_of
from tests.static.conftest import WebServer
from tests.static.visiting import LOADED, ONE, ONE_KEPT, read
from tests.support.browser import Page

expect = pytest.importorskip("playwright.sync_api").expect

MOST_BYTES = 3_400_000
"""Of the first visit, without weights."""


def test_a_web_server_may_have_the_browser_unpack_the_runtime(
    built: Path,
    web_server: Callable[..., WebServer],
    open_site: Callable[..., Page],
    photo: Path,
) -> None:
    web = web_server(built, names_packing=True)
    assert len(read(open_site(web.address + ONE), photo)["predictions"]) == 2


def test_a_first_visit_costs_no_more_than_promised_and_leaves_weights_alone(
    web: WebServer, open_site: Callable[..., Page]
) -> None:
    page = open_site(web.address)
    expect(page.locator("#engine")).to_contain_text("WebAssembly")
    page.wait_for_selector("html[data-kept]")  # Nothing more comes.
    assert not any(name.endswith(".tflite") for name in web.sent)
    assert sum(web.sent.values()) < MOST_BYTES
    if not page.evaluate("crossOriginIsolated"):  # The service worker was too slow for this visit.
        page.reload()
        page.wait_for_selector("html[data-ready]")
        expect(page.locator("#engine")).to_contain_text("WebAssembly")
    assert page.evaluate("crossOriginIsolated") is True
    if page.evaluate("navigator.hardwareConcurrency") > 1:
        assert "threads" in page.inner_text("#engine")


def test_it_works_offline_after_the_first_visit(
    web: WebServer, open_site: Callable[..., Page], errors: list[str], photo: Path
) -> None:
    page = open_site(web.address + ONE)
    online = read(page, photo)
    page.wait_for_selector("html[data-kept]")
    web.stop()
    page.reload()
    page.wait_for_selector("html[data-ready]")
    offline = read(page, photo)
    for one, other in zip(online["predictions"], offline["predictions"], strict=True):
        assert one["probabilities"] == other["probabilities"]
    page.get_by_role("tab", name="Comparison").click()
    expect(page.locator("#measured-accuracy .point")).to_have_count(2 * len(LOADED))
    errors.clear()  # The browser notes that config.json could not be asked for anew.


def test_nothing_is_sent_to_another_address(
    web: WebServer, open_site: Callable[..., Page], errors: list[str], photo: Path, built: Path
) -> None:
    asked: list[str] = []
    elsewhere = WebServer(built)
    page = open_site(web.address + ONE)
    page.on("request", lambda request: asked.append(request.url))
    read(page, photo)
    for name in ("photos", "comparison", "about"):
        page.click(f"#tab-{name}")
    page.click("#tab-classify")
    assert all(url.startswith((web.address, "blob:")) for url in asked)
    assert asked
    assert errors == []
    # Even a script that wanted to could not, in the page or in the worker that reads photos.
    attempts = """async (url) => {
      const tried = await fetch(url, {mode: 'no-cors'}).then(() => 'sent', () => 'refused');
      const image = await new Promise((resolve) => { const i = new Image();
        i.onload = () => resolve('sent'); i.onerror = () => resolve('refused'); i.src = url; });
      const code = `fetch(${JSON.stringify(url)}, {mode: 'no-cors'})
        .then(() => postMessage('sent'), () => postMessage('refused'))`;
      const worker = new Worker(URL.createObjectURL(new Blob([code])));
      const third = await new Promise((resolve) => { worker.onmessage = (e) => resolve(e.data); });
      return [tried, image, third, navigator.sendBeacon(url, 'x') ? 'queued' : 'refused'];
    }"""
    assert page.evaluate(attempts, elsewhere.address + "icons/192.png")[:3] == ["refused"] * 3
    assert not elsewhere.sent
    elsewhere.stop()
    assert errors
    assert all("Content Security Policy" in text for text in errors)
    errors.clear()


def test_weights_with_a_wrong_hash_are_refused_and_changed_ones_fetched_anew(
    built: Path,
    tmp_path: Path,
    web_server: Callable[..., WebServer],
    open_site: Callable[..., Page],
    photo: Path,
) -> None:
    folder = Path(shutil.copytree(built, tmp_path / "page"))
    artifact = folder / "weights" / "mobilenetv2" / "model.tflite"
    config = artifact.with_name("config.json")
    whole = artifact.read_bytes()
    artifact.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    web = web_server(folder)
    page = open_site(web.address + ONE)
    page.set_input_files("#photo-file", photo)
    page.wait_for_selector(".answer[data-pending='0']")
    said = page.inner_text(".failure")
    assert "mobilenetv2/model.tflite is not the file its config.json names" in said
    assert page.locator("table.heat").count() == 0

    artifact.write_bytes(whole)
    later = time.time() + 2
    os.utime(artifact, (later, later))  # Web servers tell versions apart by whole seconds.
    page.reload()
    read(page, photo)
    page.wait_for_function(ONE_KEPT)
    web.sent.clear()
    page.reload()
    read(page, photo)
    assert not any(name.endswith(".tflite") for name in web.sent)  # Kept.

    artifact.write_bytes(whole + b"\0" * 16)  # Another file that is read the same way.
    described = json.loads(config.read_text())
    record = {"bytes": len(whole) + 16, "sha256": sha256_of(artifact)}
    described["files"]["model.tflite"] = record
    config.write_text(json.dumps(described))
    page.reload()
    read(page, photo)
    assert web.sent["weights/mobilenetv2/model.tflite"] == len(whole) + 16
    page.wait_for_function(ONE_KEPT)  # The former one is let go of.


def test_it_can_be_installed(web: WebServer, open_site: Callable[..., Page]) -> None:
    page = open_site(web.address)
    session = page.context.new_cdp_session(page)
    found = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [e["errorId"] for e in found] == ["in-incognito"]  # As every window of these tests is.
