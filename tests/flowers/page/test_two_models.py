"""Two models of a batch head to head, in a real browser."""

import re
from typing import Any

import pytest

from tests.support.browser import label_as_second, tab

pytest.importorskip("playwright.sync_api")


# What works and fits on a phone hardly ever does not on a desktop.
@pytest.mark.parametrize("width", [390, pytest.param(1440, marks=pytest.mark.slow)])
def test_photos_that_one_of_two_models_reads_right_open_with_both_focus_maps(
    open_page: Any, width: int
) -> None:
    page = open_page(width=width, height=844)
    tab(page, "Your photos")
    page.get_by_role("button", name="Try with 28 sample photos").click()
    page.wait_for_selector("#batch-compared h2")
    number = label_as_second(page)
    photo = page.locator(f'#batch-compared [data-photo="{number}"]')
    photo.wait_for()
    facts = page.locator("#batch-compared .facts li").all_inner_texts()
    counts = [int(re.findall(r"(\d+) photos?", fact)[0]) for fact in facts[:2]]
    assert sum(counts) == page.locator("#batch-compared [data-photo]").count() > 0
    assert "McNemar's exact test" in facts[3]

    name = photo.get_attribute("title")
    row = page.locator(f'table.batch tr[data-row="{number}"]')
    assert row.locator("td.right").count() == row.locator("td.wrong").count() == 1
    photo.click()
    page.wait_for_selector('dialog.opened:modal .answer[data-pending="0"]')
    dialog = page.get_by_role("dialog", name=name)
    maps = dialog.get_by_role("figure", name="Focus maps of two models")
    assert maps.get_by_role("img", name=re.compile("^Where .* looked$")).count() == 2
    slider = dialog.get_by_role("slider")
    left = maps.get_by_role("img").first
    clip = "e => getComputedStyle(e).clipPath"
    half = left.evaluate(clip)
    slider.focus()
    page.keyboard.press("End")  # The first map covers all of the photo.
    assert slider.input_value() == "100"
    assert half != left.evaluate(clip)
    assert maps.evaluate("e => e.style.getPropertyValue('--at')") == "100%"
    page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
