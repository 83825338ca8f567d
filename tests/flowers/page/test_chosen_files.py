"""Files of a batch in a real browser: folders picked or dropped, and large photos made smaller."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.support.browser import LISTED, READY, choose_photos, tab

pytest.importorskip("playwright.sync_api")

NAMES = {
    "Rose/close-ups/r\u00f6schen (1).jpg": "rose/0.jpg",
    "daisy/1.jpg": "daisy/1.jpg",
    "elsewhere/1.jpg": "sunflower/2.jpg",
    "elsewhere/image7": "sunflower/1.jpg",
}


@pytest.fixture
def folder(tmp_path: Path, generated_photos: Path) -> Path:
    """Photos in class folders and below them, one of them large, and files that are none."""
    root = tmp_path / "mine"
    for name, source in NAMES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(generated_photos / source, root / name)
    large = Image.open(root / "daisy" / "1.jpg").resize((1800, 1350))
    noise = Image.effect_noise(large.size, 20).convert("RGB")
    Image.blend(large, noise, 0.2).save(root / "daisy" / "large.jpg", quality=95)
    (root / "notes.txt").write_text("not a photo")
    (root / ".hidden.jpg").write_bytes(b"not for others")
    return root


def pick(page: Any, folder: Path) -> None:
    page.set_input_files("#batch-files input[webkitdirectory]", folder)


def drop(page: Any, *paths: Path) -> None:
    """Drop files and folders from outside the browser where they belong."""
    box = page.locator("#batch-files").bounding_box()
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "data": data, **place})


# Each change of whether the button can be pressed, from now on.
CHANGES = """(window.changes = [], new MutationObserver(() => {
  const {disabled} = document.querySelector('#batch-start');
  if (window.changes.at(-1) !== disabled) window.changes.push(disabled);
}).observe(document.querySelector('#batch-input'), {subtree: true, attributes: true}))"""
RAW = """[...document.querySelectorAll('[aria-label], [title], [alt]')]
  .flatMap((e) => [e.getAttribute('aria-label'), e.title, e.alt])
  .filter((name) => /^[a-z_]+[.][a-z_]+$/.test(name))"""
"""Names that are keys of a table of translations."""


def test_photos_can_be_read_once_there_are_some_and_not_while_they_are_read(
    open_page: Any, generated_photos: Path
) -> None:
    page = open_page()
    tab(page, "Your photos")
    start = page.locator("#batch-start")
    page.wait_for_selector("#batch-files .stage")
    assert start.is_disabled()
    choose_photos(page, [generated_photos / "rose" / f"{i}.jpg" for i in range(3)], "2.jpg")
    assert start.is_enabled()
    assert page.evaluate(RAW) == []
    page.evaluate(CHANGES)
    start.click()
    page.wait_for_selector("table.batch:not([aria-busy])")
    page.wait_for_function("window.changes.length === 2")
    assert page.evaluate("window.changes") == [True, False]


@pytest.mark.parametrize("give", [pick, drop])
def test_a_folder_gives_its_photos_with_labels_from_its_folders(
    open_page: Any, folder: Path, give: Callable[..., None]
) -> None:
    page = open_page()
    sent: list[int] = []
    page.on("request", lambda r: sent.append(len(r.post_data_buffer or b"")))
    tab(page, "Your photos")
    page.wait_for_selector("#batch-files .stage")
    give(page, folder)
    page.wait_for_function(LISTED, arg="mine/daisy/large.jpg")
    assert page.inner_text("#batch-files summary") == "5 files, in 3 folders"
    assert page.inner_text("#batch-files [role=status]") == (
        "Left aside, since they cannot be photos: 2"
    )
    assert 0 < max(sent) < (folder / "daisy" / "large.jpg").stat().st_size / 2
    page.click("#batch-start")
    page.wait_for_selector("table.batch:not([aria-busy])")
    labels = {
        row.locator("button[data-open]").get_attribute("title"): row.locator("select").input_value()
        for row in page.locator("table.batch tbody tr").all()
    }
    assert labels == {
        "mine/Rose/close-ups/r\u00f6schen (1).jpg": "rose",
        "mine/daisy/1.jpg": "daisy",
        "mine/daisy/large.jpg": "daisy",
        "mine/elsewhere/1.jpg": "",
        "mine/elsewhere/image7": "",
    }
    summary = page.inner_text("#batch-summary")
    assert "The folder 'elsewhere' does not have the name of a class" in summary
    assert "Left aside, hidden, with a dot before the name: 1 (mine/.hidden.jpg)" in summary
    assert "Left aside, other files: 1 (mine/notes.txt)" in summary


def test_files_are_added_and_taken_away_and_a_folder_that_comes_twice_counts_once(
    open_page: Any, folder: Path, generated_photos: Path
) -> None:
    page = open_page()
    start = page.locator("#batch-start")
    choose_photos(page, [generated_photos / "rose" / "0.jpg"], "0.jpg")
    drop(page, folder / "Rose", folder / "daisy", folder / "notes.txt")
    page.wait_for_function(LISTED, arg="daisy/large.jpg")
    drop(page, folder / "Rose", folder / "elsewhere" / "image7")
    page.wait_for_function(LISTED, arg="image7")
    names = page.locator("#batch-files li span")
    listed = ["0.jpg", "daisy/1.jpg", "daisy/large.jpg", "Rose/close-ups/r\u00f6schen (1).jpg"]
    listed.append("image7")
    assert names.all_inner_texts() == listed
    page.get_by_role("button", name="Remove daisy/1.jpg").click()
    page.wait_for_function("document.querySelectorAll('#batch-files li').length === 4")
    assert names.all_inner_texts() == [name for name in listed if name != "daisy/1.jpg"]
    assert start.is_enabled()
    page.get_by_role("button", name="Remove all").click()
    page.wait_for_function("document.querySelector('#batch-start').disabled")
    assert names.count() == 0


def test_what_came_before_an_upload_that_breaks_off_stays(
    open_page: Any, generated_photos: Path, errors: list[str]
) -> None:
    sent: list[str] = []

    def hold(route: Any) -> None:
        sent.append(route.request.url)
        if len(sent) == 3:
            route.fulfill(status=507, json={"error": "There is no room.", "detail": ""})
        else:
            route.continue_()

    page = open_page(held=("**/gradio_api/upload*", hold))
    choose_photos(page, [generated_photos / "rose" / f"{i}.jpg" for i in range(8)], "0.jpg")
    said = page.inner_text("#batch-files [role=status]")
    assert re.fullmatch(r"[0-7]\.jpg could not be sent; choose it again\. Received: .+", said)
    listed = page.locator("#batch-files li span").all_inner_texts()
    assert said[:5] not in listed
    assert 2 <= len(listed) < 8
    assert page.locator("#batch-start").is_enabled()
    # The console says so, too.
    assert all("507" in error or "no room" in error for error in errors)
    errors.clear()


def test_files_that_cannot_be_photos_are_not_sent(open_page: Any, tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    for name in ("notes.txt", "Thumbs.db", ".hidden.jpg"):
        (tmp_path / "texts" / name).write_text("not a photo")
    page = open_page()
    tab(page, "Your photos")
    page.wait_for_selector("#batch-files .stage")
    drop(page, tmp_path / "texts")
    page.wait_for_function("document.querySelector('#batch-files [role=status]').textContent")
    assert page.inner_text("#batch-files [role=status]") == (
        "There are no photos; choose JPEG, PNG, WebP, HEIC, AVIF or TIFF, or a zip of them. "
        "Received: texts/.hidden.jpg, texts/notes.txt, texts/Thumbs.db"
    )
    assert page.locator("#batch-start").is_disabled()


def test_more_photos_than_can_be_read_are_refused_before_any_is_sent(
    open_page: Any, tmp_path: Path
) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for number in range(501):
        (many / f"{number}.jpg").write_bytes(b"")
    page = open_page()
    page.wait_for_selector(READY)  # What the page itself asks has been answered.
    tab(page, "Your photos")
    page.wait_for_selector("#batch-files .stage")
    sent: list[str] = []
    page.on("request", lambda r: sent.append(r.url) if r.method == "POST" else None)
    pick(page, many)
    status = page.locator("#batch-files [role=status]")
    page.wait_for_function("document.querySelector('#batch-files [role=status]').textContent")
    assert status.inner_text() == "500 photos can be read at once; choose fewer. Received: 501"
    assert not sent
    assert page.locator("#batch-start").is_disabled()
