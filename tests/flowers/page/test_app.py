"""The real page in a real browser: `python app.py` on a free port, driven by Playwright."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from flowers.models.sentences import SENTENCES
from tests.support.browser import READY, settle, tab, upload
from tests.support.controls import NAMELESS, SMALL

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


def test_the_comparison_says_what_was_measured_and_what_was_published(open_page: Any) -> None:
    page = open_page("?tab=comparison&sort=published accuracy %,descending")
    for name in ("measured-accuracy", "learning", "calibration"):
        page.wait_for_selector(f"#{name} .scatterlayer .point", state="attached")
    page.wait_for_selector("#confusion .heatmaplayer image", state="attached")
    assert page.locator("#measured-accuracy .scatterlayer .point").count() == 2
    # From three backbones on.
    assert page.locator("#differences, #class-f1, #accuracy-cost").count() == 0
    chart = page.get_by_role("img", name="Accuracy: Bars: 95 % intervals.")
    assert chart.count() == 1

    # A model that is better than the other by a test is crowned in colour; where none is, none is.
    verdict = page.locator("#leader .verdict")
    is_open = verdict.get_by_role("heading").inner_text() == SENTENCES["open"]
    assert verdict.get_attribute("data-look") == ("open" if is_open else "winner")
    colour = (
        "(e, look) => { e.dataset.look = look;"
        " return getComputedStyle(e.querySelector('h2')).color; }"
    )
    plain = page.evaluate("getComputedStyle(document.body).color")
    assert verdict.evaluate(colour, "winner") != verdict.evaluate(colour, "open") == plain

    table = page.get_by_role("region", name="Leaderboard")

    def column(name: str) -> list[str]:
        names = table.locator("th[data-column]").evaluate_all(
            "all => all.map(e => e.dataset.column)"
        )
        rows = table.locator("tbody tr").evaluate_all(
            "rows => rows.map(row => [...row.cells].map(cell => cell.innerText))"
        )
        return [row[names.index(name)] for row in rows]

    # The order of the address; one row per model, with both figures, those without one greyed.
    published = column("published accuracy %")
    assert published[0] == "99.48"
    assert published == sorted(published, reverse=True)
    assert len(set(column("model"))) == 12
    assert column("measured accuracy %").count("–") == 10
    assert table.locator("tbody tr.pending").count() == 10
    assert "mean of seeds" not in table.inner_text()  # These weights were trained once.
    button = table.get_by_role("button", name="measured accuracy %")
    button.click()
    best = column("measured accuracy %")
    assert best == sorted(best[:2], reverse=True) + ["–"] * 10
    assert "sort=measured+accuracy+%25,descending" in page.url
    button.press("Enter")
    assert column("measured accuracy %") == sorted(best[:2]) + ["–"] * 10
    with page.expect_download() as download:
        page.get_by_role("link", name="All figures as CSV").click()
    with Path(download.value.path()).open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert len(found) == 12
    assert sum(row["measured accuracy %"] != "" for row in found) == 2
    assert sum(row["published accuracy %"] != "" for row in found) == 12

    page.get_by_text("The published study: author and year unknown").click()
    # What was measured on, how it was timed, and what is known of the study: each said once.
    text = page.inner_text("#tab-comparison")
    assert text.count("median of one photo through both variants, on ") == 1
    assert text.count("no author, year or paper is known") == 1
    assert "predicted as" in page.inner_text("#mistakes")
    before = page.inner_text("#mistakes")
    page.get_by_role("combobox", name="Model").click()
    chosen = page.get_by_role("option", selected=False).first
    chosen.click()
    page.wait_for_function(
        "before => document.querySelector('#mistakes').innerText !== before", arg=before
    )

    # The address alone has the order, so whoever opens it sees the same; Back goes a tab back.
    again = open_page(f"?{page.url.partition('?')[2]}")
    again.wait_for_selector("th[data-column='measured accuracy %'][aria-sort=ascending]")
    again.wait_for_selector(READY, state="attached")
    tab(again, "About")
    again.wait_for_selector("#weights table", state="visible")
    again.go_back()
    again.wait_for_selector("#figures", state="visible")


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


@pytest.mark.parametrize("width", [390, pytest.param(768, marks=pytest.mark.slow)])
def test_fingers_find_every_tab_and_control_without_scrolling_sideways(
    open_page: Any, rose: Path, width: int
) -> None:
    page = open_page(width=width, height=844, has_touch=True, is_mobile=True)
    upload(page, rose)
    # At once, since the page may still be scrolling: all in one row, and large enough for a thumb.
    boxes = page.get_by_role("tab").evaluate_all(
        "tabs => tabs.map(e => e.getBoundingClientRect()).map(box => [box.y, box.height])"
    )
    assert len({y for y, _ in boxes}) == 1
    assert min(height for _, height in boxes) >= 40
    for name in ("Classify", "Your photos", "Comparison", "About"):
        tab(page, name)
        if name == "Comparison":
            page.wait_for_selector("#measured-accuracy .scatterlayer .point", state="attached")
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        if name == "Your photos":
            page.set_input_files("#batch-files input:not([webkitdirectory])", rose)
            page.wait_for_selector("#batch-files li")
            page.get_by_role("button", name="Models").click()
            page.click("#batch-start")
            page.wait_for_selector("table.batch:not([aria-busy]) select")
            page.wait_for_selector("#batch-filters select")
        assert page.evaluate(SMALL) == [], name
        if name == "Comparison":  # Four screens of a phone, where it was eight.
            assert page.evaluate("document.documentElement.scrollHeight") < 3376
    tab(page, "Classify")
    # Of a model that differs its answer stands out, not the class after it, on which others agree.
    answered, second = page.locator(".bars li").first.evaluate(
        """(row) => {
          row.classList.add('differs');
          row.querySelector('.bar').classList.add('top');
          return [...row.querySelectorAll('.bar b')].map((e) => getComputedStyle(e).color);
        }"""
    )
    assert answered != second == page.evaluate("getComputedStyle(document.body).color")
    photo, verdict = page.locator("#photo").bounding_box(), page.locator("#answer").bounding_box()
    picker = page.locator("#choice-column").bounding_box()
    assert photo["y"] < verdict["y"] < picker["y"] or width > 760
    # About says that the API is described at the foot of the page, so it is there.
    assert page.get_by_role("button", name="Use via API").is_visible()


def test_controls_have_names_and_can_be_reached_by_keyboard(open_page: Any, rose: Path) -> None:
    page = open_page()
    upload(page, rose)
    for name in ("Classify", "Your photos", "Comparison", "About"):
        tab(page, name)
        settle(page)
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
