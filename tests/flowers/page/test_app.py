"""The real page in a real browser: `python app.py` on a free port, driven by Playwright."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import tab, upload

pytest.importorskip("playwright.sync_api")

# The contrast of an element's text against the first opaque background behind it (WCAG 2).
CONTRAST = """(element) => {
  const parse = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => { v /= 255;
    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  let behind = element, back = [255, 255, 255];
  for (; behind; behind = behind.parentElement) {
    const found = parse(getComputedStyle(behind).backgroundColor);
    if (found.length === 3 || found[3] === 1) { back = found; break; }
  }
  const [a, b] = [light(parse(getComputedStyle(element).color)), light(back)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}"""

# Controls that a screen reader could not name.
NAMELESS = """() => [...document.querySelectorAll('button, input, select, textarea, a[href]')]
  .filter((e) => e.checkVisibility() && e.type !== 'file' && !(
    e.getAttribute('aria-label') || e.title || e.innerText?.trim() || e.labels?.length
    || e.getAttribute('aria-labelledby') || e.placeholder))
  .map((e) => e.outerHTML.slice(0, 160))"""


def test_every_chart_is_drawn(open_page: Any) -> None:
    page = open_page()
    tab(page, "Comparison")
    for name in ("measured-accuracy", "accuracy-size", "learning", "calibration"):
        page.wait_for_selector(f"#{name} .scatterlayer .point", state="attached")
    for name in ("class-f1", "confusion-transfer", "published-scores"):
        page.wait_for_selector(f"#{name} .heatmaplayer image", state="attached")
    page.wait_for_selector("#published-accuracy .scatterlayer .point", state="attached")
    assert page.locator("#published-accuracy .scatterlayer .point").count() == 12
    assert page.locator("#measured-accuracy .scatterlayer .point").count() == 2
    tags = page.locator(".chart:has(#published-accuracy) .tag").all_inner_texts()
    assert tags == ["published"]
    assert page.locator(".chart:has(#measured-accuracy) .tag").all_inner_texts() == ["measured"]


def test_the_table_sorts_and_downloads(open_page: Any) -> None:
    page = open_page()
    tab(page, "Comparison")
    table = page.locator("#figures table")

    def column(number: int) -> list[str]:
        return table.locator(f"tbody td:nth-child({number})").all_inner_texts()

    table.get_by_role("button", name="accuracy %").click()
    falling = [float(text) for text in column(4)]
    assert falling == sorted(falling, reverse=True)
    assert 99.48 in falling
    table.get_by_role("button", name="accuracy %").press("Enter")
    assert [float(text) for text in column(4)] == sorted(falling)
    table.get_by_role("button", name="from %").click()
    assert column(3) == ["measured"] * 2 + ["published"] * 12  # Rows without an interval last.
    with page.expect_download() as download:
        page.locator("#figures-csv").get_by_role("link", name="Download CSV").click()
    with Path(download.value.path()).open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["figures"] for row in found] == ["measured"] * 2 + ["published"] * 12


def test_about_says_which_weights_these_are(open_page: Any, served_folder: Path) -> None:
    config = json.loads((served_folder / "mobilenetv2" / "config.json").read_text())
    page = open_page("?tab=about")
    page.wait_for_selector("#weights table")
    text = page.inner_text("#weights")
    assert config["files"]["model.tflite"]["sha256"][:12] in text
    assert config["data_fingerprint"] in text
    assert "python -m train fit" in page.inner_text("#about")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_both_themes(open_page: Any, rose: Path, scheme: str) -> None:
    page = open_page(scheme=scheme)
    upload(page, rose)
    assert page.evaluate("document.body.classList.contains('dark')") is (scheme == "dark")
    places = [".masthead h1", ".masthead p", ".verdict h2", ".facts li", "table.heat thead th"]
    places += [
        "table.heat td.cell",
        ".hint",
        ".picker .info-text",
        "button[role=tab]",
        ".downloads a",
    ]
    for place in places:
        for element in page.locator(place).all():
            assert element.evaluate(CONTRAST) >= 4.5, f"{place} in {scheme}"
    tab(page, "Comparison")
    page.wait_for_selector("#measured-accuracy .ytick text", state="attached")
    fill = page.locator("#measured-accuracy .ytick text").first.evaluate(
        "e => getComputedStyle(e).fill"
    )
    brightness = sum(map(int, re.findall(r"\d+", fill)[:3])) / 3
    assert (brightness > 180) is (scheme == "dark")


def test_a_phone_shows_every_tab_without_scrolling_sideways(open_page: Any, rose: Path) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    upload(page, rose)
    # At once, since the page may still be scrolling: all in one row, and large enough for a thumb.
    boxes = page.get_by_role("tab").evaluate_all(
        "tabs => tabs.map(e => e.getBoundingClientRect()).map(box => [box.y, box.height])"
    )
    assert len({y for y, _ in boxes}) == 1
    assert min(height for _, height in boxes) >= 40
    for name in ("Classify", "Your photos", "Comparison", "About"):
        tab(page, name)
        page.wait_for_timeout(1500)  # Plotly sizes its figures after they become visible.
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
    tab(page, "Classify")
    photo, verdict = page.locator("#photo").bounding_box(), page.locator("#answer").bounding_box()
    picker = page.locator("#choice-column").bounding_box()
    assert photo["y"] < verdict["y"] < picker["y"]


def test_controls_have_names_and_can_be_reached_by_keyboard(open_page: Any, rose: Path) -> None:
    page = open_page()
    upload(page, rose)
    for name in ("Classify", "Your photos", "Comparison", "About"):
        tab(page, name)
        page.wait_for_timeout(500)
        assert page.evaluate(NAMELESS) == [], name
    tab(page, "Classify")
    box = page.locator("#choice-column").get_by_role("checkbox", name="transfer")
    box.focus()
    page.keyboard.press("Space")
    page.wait_for_selector(".verdict .eyebrow:text-is('1 model')")


def test_the_theme_switch_switches(open_page: Any) -> None:
    page = open_page(scheme="light")
    page.get_by_role("button", name="Light / dark").click()
    assert page.evaluate("document.body.classList.contains('dark')")
