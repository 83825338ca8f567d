"""The Comparison of the page without a server is no longer than the app's, and drawn to be read."""

from collections.abc import Callable

import pytest

from tests.flowers.page.test_comparison_of_many import LENGTHS
from tests.static.conftest import WebServer
from tests.support.browser import Page
from tests.support.controls import TABS_OUT_OF_PLACE

pytest.importorskip("playwright.sync_api")

CUT = """() => [...document.querySelectorAll('.plot svg')].flatMap((svg) => {
  const edge = svg.getBoundingClientRect();
  return [...svg.querySelectorAll('text')].filter((text) => {
    const box = text.getBoundingClientRect();
    return box.left < edge.left - 1 || box.right > edge.right + 1;
  }).map((text) => text.textContent);
})"""
"""Texts of charts that are cut at the sides."""
DRAWN = """(width) => innerWidth === width
  && [...document.querySelectorAll('.chart:not(.wide) .plot > svg')]
    .filter((svg) => svg.checkVisibility())
    .every((svg) => svg.width.baseVal.value === svg.parentElement.clientWidth)"""
"""Whether all figures have been drawn anew for a window of this width."""
ASKED_FOR = "performance.getEntriesByName(new URL('comparison.json', location).href)"
FORGET = """async () => {
  for (const name of await caches.keys()) await (await caches.open(name)).delete('comparison.json');
}"""
TOUCHING = """() => [...document.querySelectorAll('.plot svg')].flatMap((svg) => {
  const cell = svg.querySelector('rect.cell')?.getBoundingClientRect().width ?? Infinity;
  return [...svg.querySelectorAll('text.value')]
    .filter((text) => text.getBoundingClientRect().width > cell).map((text) => text.textContent);
})"""
"""Numbers that do not fit into their cells."""


def test_it_is_as_short_as_the_app_s_and_no_number_is_cut(
    web: WebServer, open_site: Callable[..., Page]
) -> None:
    page = open_site(web.address)
    assert page.evaluate(ASKED_FOR) == []  # Nobody has looked at it yet.
    page.get_by_role("tab", name="Comparison").click()
    page.wait_for_selector("#class-f1 svg")
    for width, length in LENGTHS.items():
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(DRAWN, arg=width)
        assert page.evaluate("document.documentElement.scrollHeight") < length, width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CUT) == [], width
        assert page.evaluate(TOUCHING) == [], width
    page.set_viewport_size({"width": 320, "height": 640})  # The smallest phones.
    page.wait_for_function(DRAWN, arg=320)
    assert page.evaluate(TABS_OUT_OF_PLACE) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.set_viewport_size({"width": 390, "height": 844})
    assert not page.locator("#mistakes").is_visible()
    page.get_by_text("One model in detail").click()
    assert page.locator("#mistakes").is_visible()
    page.wait_for_selector("#confusion rect")


def test_figures_that_cannot_be_fetched_come_when_the_tab_is_opened_again(
    web: WebServer, open_site: Callable[..., Page], errors: list[str]
) -> None:
    page = open_site(web.address)
    page.wait_for_selector("html[data-kept]")
    page.evaluate(FORGET)
    page.context.route("**/comparison.json", lambda route: route.abort())
    page.get_by_role("tab", name="Comparison").click()
    problem = page.get_by_role("alert").get_by_text("The figures cannot be fetched")
    problem.wait_for()
    assert page.get_by_role("region", name="Leaderboard").is_visible()
    page.context.unroute("**/comparison.json")
    page.get_by_role("tab", name="About").click()
    page.get_by_role("tab", name="Comparison").click()
    page.wait_for_selector("#class-f1 svg")
    assert problem.count() == 0
    errors.clear()  # The browser notes what could not be fetched.


def test_the_order_of_the_table_stands_in_the_address(
    site: str, open_site: Callable[..., Page]
) -> None:
    page = open_site(f"{site}?tab=comparison")
    button = page.get_by_role("button", name="published accuracy %")
    button.click()
    button.click()
    assert page.url.endswith("&sort=published+accuracy+%25,ascending")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    head = page.locator("#figures th[aria-sort]")
    assert head.get_attribute("data-column") == "published accuracy %"
    assert page.locator("#figures tbody th").first.inner_text() == "VGG16 transfer"
