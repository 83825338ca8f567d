"""The Comparison tab with six backbones: short, and nothing of it out of reach."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from flowers.backbones import BACKBONES
from flowers.weights.folder import DEFAULT_FOLDER
from tests.flowers.page.test_access import GRADIO
from tests.support.browser import serve, settle, tab
from tests.support.controls import TABS_OUT_OF_PLACE

pytest.importorskip("playwright.sync_api")

LENGTHS = {1440: 2000, 768: 2500, 390: 3200}
"""Width of the window -> how long the tab may be, with six backbones that were measured.

With two it was 4,029 pixels at 1440 and 6,521 on a phone once.
"""
COST = "#accuracy-cost .xtitle"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app with the weights of this clone, all six."""
    with serve(DEFAULT_FOLDER, tmp_path_factory.mktemp("many")) as address:
        yield address


@pytest.mark.long
def test_what_is_said_once_fits_and_the_rest_opens_where_it_is_asked_for(open_page: Any) -> None:
    page = open_page()
    tab(page, "Comparison")
    page.wait_for_selector("#class-f1 .heatmaplayer image", state="attached")
    for width, length in LENGTHS.items():
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        assert page.evaluate("document.documentElement.scrollHeight") < length, width
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    # What every figure was measured on is said once; the table shows by what it is sorted.
    text = page.inner_text("#tab-comparison")
    assert text.count("test photos of ") == 1
    assert text.count("how long each base was trained. They differ") == 1
    sorted_by = page.locator("#figures th[aria-sort]")
    assert sorted_by.get_attribute("data-column") == "measured accuracy %"
    numbers = [float(t) for t in page.locator("#figures tbody td:nth-child(2)").all_inner_texts()]
    assert numbers == sorted(numbers, reverse=True)

    # Of each pair of models one cell, the largest differences first in view on a phone.
    models = page.locator("#differences .ytick").count()
    cells = page.locator("#differences .heatmap-label").count()
    assert models == 2 * len(BACKBONES)
    assert cells == models * (models - 1) / 2

    assert "milliseconds" in page.locator(COST).text_content()
    page.get_by_role("combobox", name="Cost").click()
    page.get_by_role("option", name="size").click()
    page.wait_for_function(f"/megabytes/.test(document.querySelector('{COST}').textContent)")

    page.set_viewport_size({"width": 320, "height": 640})  # The smallest phones.
    settle(page)
    assert page.get_by_role("tab").count() == 4
    assert page.evaluate(TABS_OUT_OF_PLACE) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.set_viewport_size({"width": 390, "height": 900})
    assert not page.locator("#mistakes").is_visible()
    page.get_by_role("button", name="One model in detail").click()
    for name in ("confusion .heatmaplayer image", "learning .point", "calibration .point"):
        page.wait_for_selector(f"#{name}", state="attached")
    settle(page)
    for name in ("confusion", "learning", "calibration"):
        box = page.locator(f"#{name} .main-svg").first.bounding_box()
        assert 250 < box["width"] <= 390, name
    assert page.locator("#mistakes").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert [
        (rule["id"], node["html"][:200])
        for rule in Axe().run(page).response["violations"]
        for node in rule["nodes"]
        if GRADIO.get(rule["id"], "\0") not in node["html"]
    ] == []
