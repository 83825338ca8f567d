"""Two pages without a server on one origin: each keeps its own, and lets go of its own only."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from flowers.files import sha256_of
from tests.static.conftest import WebServer
from tests.static.visiting import ONE, ONE_KEPT, read
from tests.support.browser import Page

VERSION = re.compile(r'VERSION="([0-9a-f]{16})"')
OTHER_VERSION = "0" * 16
FORMER, NEIGHBOURS = "page-0123456789abcdef", "page-fedcba9876543210"
"""What builds called a cache of theirs before its name told whose it is."""

PUT = "([name, path]) => caches.open(name).then((cache) => cache.put(path, new Response('')))"
MOVE = """async ([from, to]) => {
  const [there, here] = [await caches.open(from), await caches.open(to)];
  for (const request of await there.keys()) await here.put(request, await there.match(request));
  await caches.delete(from);
}"""
PATHS = """(name) => caches.open(name).then((cache) => cache.keys())
  .then((kept) => kept.map(({url}) => url.replace(location.origin, "")))"""
TIDIED = """caches.open('/b/ weights').then((cache) => cache.keys())
  .then((kept) => !kept.some(({url}) => url.endsWith('stale')))"""


def rebuild(page: Path) -> None:
    """Give a page another version, as a change of its files does."""
    worker = page / "sw.js"
    text, times = VERSION.subn(f'VERSION="{OTHER_VERSION}"', worker.read_text(encoding="utf-8"))
    assert times == 1
    worker.write_text(text, encoding="utf-8")


def change_weights(page: Path) -> None:
    """Give a page another artifact of MobileNetV2, which reads photos the same way."""
    artifact = page / "weights" / "mobilenetv2" / "model.tflite"
    config = artifact.with_name("config.json")
    artifact.write_bytes(artifact.read_bytes() + bytes(16))
    described = json.loads(config.read_text(encoding="utf-8"))
    record = {"bytes": artifact.stat().st_size, "sha256": sha256_of(artifact)}
    described["files"]["model.tflite"] = record
    config.write_text(json.dumps(described), encoding="utf-8")


def version_of(page: Path) -> str:
    found = VERSION.search((page / "sw.js").read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def visit(page: Page, photo: Path) -> None:
    """Have a photo read, and wait until the page and its weights are kept."""
    read(page, photo)
    page.wait_for_selector("html[data-kept]")
    page.wait_for_function(ONE_KEPT)


def test_neither_page_touches_what_the_other_keeps(
    built: Path,
    tmp_path: Path,
    web_server: Callable[..., WebServer],
    open_site: Callable[..., Page],
    errors: list[str],
    photo: Path,
) -> None:
    for name in ("a", "b"):
        shutil.copytree(built, tmp_path / name)
    rebuild(tmp_path / "b")
    change_weights(tmp_path / "b")
    web = web_server(tmp_path)
    page = open_site(f"{web.address}a/{ONE}")
    visit(page, photo)
    page.evaluate(PUT, ["/b/ weights", "/b/weights/mobilenetv2/model.tflite?sha256=stale"])
    page.goto(f"{web.address}b/{ONE}")
    read(page, photo)
    page.wait_for_selector("html[data-kept]")
    page.wait_for_function(TIDIED)  # The last that a page does for its next visit.
    page.wait_for_function(ONE_KEPT)
    assert page.evaluate("crossOriginIsolated")  # Its own first visit was loaded once more, too.
    kept = {"/a/ weights", "/b/ weights", f"/b/ page-{OTHER_VERSION}"}
    assert set(page.evaluate("caches.keys()")) == {*kept, f"/a/ page-{version_of(tmp_path / 'a')}"}

    web.stop()
    page.goto(f"{web.address}a/{ONE}")
    read(page, photo)
    errors.clear()  # The browser notes that config.json could not be asked for anew.


def test_a_page_takes_over_what_its_earlier_builds_kept_beside_another_s(
    built: Path,
    tmp_path: Path,
    web_server: Callable[..., WebServer],
    open_site: Callable[..., Page],
    photo: Path,
) -> None:
    folder = tmp_path / "a"
    shutil.copytree(built, folder)
    web = web_server(tmp_path)
    page = open_site(f"{web.address}a/{ONE}")
    visit(page, photo)
    neighbours = "/b/weights/mobilenetv2/model.tflite?sha256=1"
    page.evaluate(MOVE, [f"/a/ page-{version_of(folder)}", FORMER])
    page.evaluate(MOVE, ["/a/ weights", "weights"])
    page.evaluate(PUT, [NEIGHBOURS, "/b/"])
    page.evaluate(PUT, ["weights", neighbours])
    rebuild(folder)
    web.sent.clear()
    page.reload()
    visit(page, photo)
    page.wait_for_function(f"caches.keys().then((names) => !names.includes('{FORMER}'))")
    assert not any(name.endswith(".tflite") for name in web.sent)
    assert page.evaluate(PATHS, "weights") == [neighbours]
    assert page.evaluate(PATHS, NEIGHBOURS) == ["/b/"]
