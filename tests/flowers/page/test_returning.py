"""What is shown stands in the address and comes back, in a real browser."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import CHANGED, READY, late, probabilities, shown_answer, tab, upload

pytest.importorskip("playwright.sync_api")

# Whether this answer is there, and whole.
SHOWN = """(wanted) => document.querySelector('.answer[data-pending="0"] + .downloads a')
  ?.href === wanted"""
ONE_MODEL = ".verdict .eyebrow:text-is('1 model')"


def test_choices_stand_in_the_address_and_come_back_with_reload_and_back(open_page: Any) -> None:
    page = open_page()
    page.wait_for_selector(READY)
    page.locator("#examples").get_by_role("button", name="rose").click()
    page.wait_for_selector("text=A pink rose")
    page.locator("#choice-column").get_by_role("checkbox", name="transfer").uncheck()
    page.wait_for_selector(ONE_MODEL)
    assert "example=rose-1" in page.url
    assert "variants=finetuned" in page.url
    tab(page, "About")
    assert "tab=about" in page.url
    page.reload()
    page.wait_for_selector("#weights table", state="visible")
    page.go_back()
    page.wait_for_selector(ONE_MODEL, state="visible")
    assert page.locator("#photo .stage img").get_attribute("alt") == "A pink rose"
    choice = page.locator("#choice-column")
    assert not choice.get_by_role("checkbox", name="transfer").is_checked()
    page.go_forward()
    page.wait_for_selector("#weights table", state="visible")
    # Back twice, the second time while the first is still being answered.
    page.route("**/queue/join*", late)
    page.go_back()
    page.wait_for_selector(ONE_MODEL, state="visible")
    page.go_back()
    page.wait_for_selector("text=A daisy from the front")


def test_a_photo_of_ones_own_survives_a_reload(open_page: Any, rose: Path) -> None:
    page = open_page()
    upload(page, rose)
    expected = probabilities(page)
    page.reload()
    page.wait_for_selector('#photo .stage img[alt="Your photo"]')
    page.wait_for_selector(READY)
    assert probabilities(page) == expected


def test_the_answer_is_to_the_photo_that_was_chosen_last(open_page: Any) -> None:
    page = open_page()
    examples = page.locator("#examples button")
    expected = []
    for number in (1, 2):
        before = shown_answer(page)
        examples.nth(number).click()
        page.wait_for_function(CHANGED, arg=before)
        expected.append(shown_answer(page))
    assert expected[0] != expected[1]
    examples.nth(0).click()
    page.wait_for_selector("text=A daisy from the front")
    # The second click comes while the photo of the first is still being read.
    page.route("**/queue/join*", late)
    page.evaluate(
        """() => { const [, first, second] = document.querySelectorAll('#examples button');
          first.click(); setTimeout(() => second.click(), 300); }"""
    )
    page.wait_for_function(SHOWN, arg=expected[1])
    page.wait_for_timeout(2000)  # No older answer comes after it.
    assert shown_answer(page) == expected[1]
