"""A photo of a batch, opened large in a real browser."""

from pathlib import Path
from typing import Any

import pytest

from flowers.models.batch import BatchRow, Place
from flowers.models.compare import Reading
from flowers.models.zoo import Zoo
from flowers.page.opened import Asked, opened_photo
from flowers.weights.source import Source
from tests.support.browser import choose_photos
from tests.support.markup import Markup
from tests.support.predictions import says
from tests.support.zips import write_zip

ANSWERED = 'dialog.opened:modal[data-row="{}"] .answer[data-pending="0"]'


def test_rows_open_their_photo_and_the_keyboard_leafs_through_them(
    open_page: Any, generated_photos: Path, tmp_path: Path
) -> None:
    pytest.importorskip("playwright.sync_api")
    packed = {f"{name}/1.jpg": generated_photos / name / "1.jpg" for name in ("rose", "daisy")}
    archive = write_zip(tmp_path / "p.zip", {k: v.read_bytes() for k, v in packed.items()})
    page = open_page()
    choose_photos(page, [archive, generated_photos / "sunflower" / "2.jpg"], "2.jpg")
    page.click("#batch-start")
    page.wait_for_selector("table.batch:not([aria-busy])")
    names = [b.get_attribute("title") for b in page.locator("button[data-open]").all()]
    assert sorted(names) == ["2.jpg", "daisy/1.jpg", "rose/1.jpg"]

    page.get_by_role("button", name=f"Open {names[0]}").click()
    page.wait_for_selector(ANSWERED.format(0))
    dialog = page.get_by_role("dialog")
    assert dialog.get_by_role("heading", name=names[0], exact=True).is_visible()
    assert dialog.get_by_role("img", name=names[0]).evaluate("e => e.naturalWidth") == 160
    assert dialog.locator("table.heat tbody tr").count() == 2
    assert dialog.locator("figure .shot img").count() == 2
    dialog.get_by_role("button", name="for rose").click()
    page.wait_for_selector('dialog [aria-label="Where MobileNetV2 transfer looked for rose"]')

    for number in (1, 2):
        page.keyboard.press("ArrowRight")
        page.wait_for_selector(ANSWERED.format(number))
        assert dialog.get_by_role("img", name=names[number]).is_visible()
    page.keyboard.press("ArrowRight")  # There is no further one.
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector(ANSWERED.format(1))
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    # Where one has leafed to is where one goes on in the table.
    assert page.evaluate("document.activeElement.title") == names[1]
    page.keyboard.press("Enter")
    page.wait_for_selector(ANSWERED.format(1))
    dialog.get_by_role("button", name="Close").click()
    assert not dialog.is_visible()


def test_a_photo_that_was_deleted_meanwhile_is_said_in_one_sentence(tmp_path: Path) -> None:
    row = BatchRow(Reading("a.jpg", "rose", (says(1, 0, 0),)), place=Place(tmp_path / "a.jpg"))
    (found,) = opened_photo(Zoo(Source(tmp_path)), row, Asked(7))
    page = Markup(found)
    assert page.text("dialog h3") == "a.jpg"
    assert "not on the server any more" in page.text()
    assert not page.all("img, table")
