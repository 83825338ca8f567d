"""A photo of a batch, opened large in a real browser."""

from pathlib import Path
from typing import Any

import pytest

from flowers.models.batch import BatchRow
from flowers.models.compare import Reading
from flowers.models.shots import Place
from flowers.models.zoo import Zoo
from flowers.page.opened import Asked, opened_photo
from flowers.weights.source import Source
from tests.support.browser import choose_photos, tab
from tests.support.markup import Markup
from tests.support.predictions import says
from tests.support.zips import write_zip

# Where a dialog fits on a desktop and a phone, it hardly ever does not between them.
WIDTHS = pytest.mark.parametrize(
    "widths", [(1440, 390), pytest.param((768,), marks=pytest.mark.slow)]
)
ANSWERED = 'dialog.opened:modal[data-row="{}"] .answer[data-pending="0"]'
# Whether a control can be pressed where it is.
IN_VIEW = """e => {
  const {x, y, width, height} = e.getBoundingClientRect();
  return e.contains(document.elementFromPoint(x + width / 2, y + height / 2));
}"""
# The event of closing comes a frame later, or, as here, later than the answer.
CLOSE_WHILE_IT_READS = """() => {
  const swallow = (event) => event.stopImmediatePropagation();
  addEventListener('close', swallow, {capture: true, once: true});
  document.querySelector('dialog [data-focus=tulip]').click();
  document.querySelector('dialog [data-step="0"]').click();
}"""
NO_LABELS = """[...document.querySelectorAll('table.batch tr[data-row]')].every((row) =>
  !row.querySelector('select').value && row.querySelector('.saved').textContent === 'saved')"""


@WIDTHS
def test_rows_open_their_photo_and_the_keyboard_leafs_through_them(
    open_page: Any, generated_photos: Path, tmp_path: Path, widths: tuple[int, ...]
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

    for width in widths:
        page.set_viewport_size({"width": width, "height": 844})
        leaf_through(page, names, width)


def leaf_through(page: Any, names: list[str], width: int) -> None:
    """Open the first of three photos, ask for another focus map, go on and back by keys."""
    page.get_by_role("button", name=f"Open {names[0]}", exact=True).click()
    page.wait_for_selector(ANSWERED.format(0))
    dialog = page.get_by_role("dialog")
    box = dialog.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 844
    assert dialog.evaluate("e => e.scrollWidth <= e.clientWidth")
    for name in ("Previous photo", "Next photo", "Close"):
        assert dialog.get_by_role("button", name=name).evaluate(IN_VIEW), name
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
    page.wait_for_function("(name) => document.activeElement.title === name", arg=names[1])
    # The answer before is still there, and shown until it is read anew.
    page.evaluate("document.querySelector('dialog .answer').dataset.pending = 'before'")
    page.keyboard.press("Enter")
    page.wait_for_selector(ANSWERED.format(1))
    # Also where one has scrolled down to the last focus map.
    dialog.locator("figure").last.evaluate("e => e.scrollIntoView()")
    assert dialog.get_by_role("button", name="Close").evaluate(IN_VIEW)
    # An answer that comes while the dialog is closing does not open it again.
    page.evaluate(CLOSE_WHILE_IT_READS)
    page.wait_for_selector(
        'dialog .answer[data-pending="0"] [data-focus=tulip][aria-pressed=true]', state="attached"
    )
    assert not dialog.is_visible()


@WIDTHS
def test_photos_are_labelled_by_keys_and_say_so_when_it_is_saved(
    open_page: Any, generated_photos: Path, widths: tuple[int, ...]
) -> None:
    pytest.importorskip("playwright.sync_api")
    page = open_page()
    tab(page, "Your photos")
    assert page.locator("#batch-start").is_disabled()  # There is nothing to read.
    choose_photos(page, [generated_photos / "rose" / f"{i}.jpg" for i in range(3)], "0.jpg")
    page.click("#batch-start")
    page.wait_for_selector("table.batch:not([aria-busy])")
    labels = page.locator("table.batch select")

    for width in widths:
        page.set_viewport_size({"width": width, "height": 844})
        label_by_keys(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width != widths[-1]:
            for select in labels.all():
                select.select_option("")
            page.wait_for_function(NO_LABELS)

    # Two photos of classes enter the accuracy; the stranger stands in a table of its own.
    assert "of 2 photos" in page.inner_text("#batch-summary .facts")
    (row, *_) = page.locator("#batch-refusals tbody tr").all()
    assert row.locator("td").nth(1).inner_text().startswith(("0 of 1", "1 of 1"))
    assert page.locator("#batch-refusals tbody tr").count() == 2


def label_by_keys(page: Any) -> None:
    """Label the first of three photos in the table, the others where they are opened."""
    labels = page.locator("table.batch select")
    saved = page.locator("table.batch .saved")
    names = page.locator("button[data-open]")
    names.first.focus()
    page.keyboard.press("5")  # The classes in the order of the list: rose.
    assert labels.first.input_value() == "rose"
    page.wait_for_selector("table.batch tr:first-child .saved:text-is('saved')")
    assert saved.first.inner_text() == "saved"
    page.keyboard.press("ArrowDown")
    assert names.nth(1).evaluate("e => e === document.activeElement")

    page.keyboard.press("Enter")
    page.wait_for_selector(ANSWERED.format(1))
    page.keyboard.press("0")
    dialog = page.get_by_role("dialog")
    stranger = dialog.get_by_role("button", name="none of these")
    page.wait_for_selector("dialog .saved:text-is('saved')")
    assert stranger.get_attribute("aria-pressed") == "true"
    assert labels.nth(1).input_value() == "none of these"
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(ANSWERED.format(2))
    assert stranger.get_attribute("aria-pressed") == "false"
    dialog.get_by_role("button", name="daisy", exact=True).click()
    page.wait_for_selector("dialog .saved:text-is('saved')")
    page.keyboard.press("Escape")
    assert [labels.nth(i).input_value() for i in range(3)] == ["rose", "none of these", "daisy"]


def test_a_photo_that_was_deleted_meanwhile_is_said_in_one_sentence(tmp_path: Path) -> None:
    row = BatchRow(Reading("a.jpg", "rose", (says(1, 0, 0),)), place=Place(tmp_path / "a.jpg"))
    (found,) = opened_photo(Zoo(Source(tmp_path)), row, Asked(7))
    page = Markup(found)
    assert page.text("dialog h3") == "a.jpg"
    assert "not on the server any more" in page.text()
    assert not page.all("img, table")
