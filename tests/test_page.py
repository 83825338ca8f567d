"""The real page in a real browser: `python app.py` on a free port, driven by Playwright."""

import base64
import csv
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.conftest import COLOURS

sync_api = pytest.importorskip("playwright.sync_api")
Page = Any

WAIT = 60_000
"""Milliseconds for what takes one second on an idle machine."""
READY = '.answer[data-pending="0"] + .downloads'

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


@pytest.fixture
def errors() -> list[str]:
    """Console errors and requests that left this machine, in the pages a test opened."""
    return []


@pytest.fixture
def open_page(browser: Any, app: str, errors: list[str]) -> Iterator[Any]:
    """Open the page; the test fails when the console shows an error or anything leaves home."""
    contexts = []

    def open_(query: str = "", **options: Any) -> Page:
        context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 900}, "accept_downloads": True, **options}
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "request",
            lambda r: None if r.url.startswith((app, "data:", "blob:")) else errors.append(r.url),
        )
        page.goto(f"{app}/{query}", wait_until="domcontentloaded")
        page.wait_for_selector(".masthead h1")
        page.wait_for_selector("#photo input[type=file]", state="attached")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture(scope="module")
def rose(generated_photos: Path) -> Path:
    """A generated photo of a rose, wider than high."""
    return generated_photos / "rose" / "0.jpg"


def upload(page: Page, path: Path) -> None:
    """Put a photo into the Classify tab and wait until all models have read it."""
    page.set_input_files("#photo input[type=file]", path)
    page.wait_for_selector(READY)


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def rows(page: Page) -> list[str]:
    return page.locator("table.heat tbody tr").all_inner_texts()


def answer(page: Page) -> dict[str, Any]:
    """The JSON that the page offers."""
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as JSON").click()
    assert download.value.suggested_filename == "classification.json"
    return json.loads(Path(download.value.path()).read_text(encoding="utf-8"))


def test_an_uploaded_photo_is_read_by_every_model(open_page: Any, rose: Path) -> None:
    page = open_page()
    upload(page, rose)
    assert page.inner_text(".verdict .eyebrow") == "Consensus of 2 models"
    assert page.locator(".card .shot img").count() == 2
    for row in page.locator("table.heat tbody tr").all():
        shares = row.locator("td.cell").all_inner_texts()
        assert len(shares) == len(COLOURS)
        assert sum(map(int, shares)) == pytest.approx(100, abs=2)
    found = answer(page)
    assert [p["variant"] for p in found["predictions"]] == ["transfer", "finetuned"]
    title = page.inner_text(".verdict h2").lower()
    assert title in (found["consensus"]["label"], "none of the three flowers")


def test_heic_is_shown_and_read_like_the_same_photo_as_jpeg(
    open_page: Any, rose: Path, tmp_path: Path
) -> None:
    heic = tmp_path / "phone.heic"
    Image.open(rose).save(heic, quality=95)
    page = open_page()
    upload(page, heic)
    shown = page.locator("#photo img").first
    assert shown.evaluate("e => e.complete && e.naturalWidth") == 160
    assert [p["label"] for p in answer(page)["predictions"]]


def test_heic_can_be_dropped_where_the_system_knows_no_such_type(
    open_page: Any, rose: Path, tmp_path: Path
) -> None:
    heic = tmp_path / "phone.heic"
    Image.open(rose).save(heic, quality=95)
    page = open_page()
    dropped = page.evaluate_handle(
        """(text) => {
          const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], 'IMG_1.HEIC', {type: ''}));
          return transfer;
        }""",
        base64.b64encode(heic.read_bytes()).decode(),
    )
    target = page.locator("#photo input[type=file]").locator("xpath=..")
    target.dispatch_event("drop", {"dataTransfer": dropped})
    page.wait_for_selector(READY)


def test_a_rotated_phone_photo_is_shown_and_read_upright(
    open_page: Any, rose: Path, tmp_path: Path
) -> None:
    upright = tmp_path / "upright.png"
    turned = tmp_path / "turned.png"
    exif = Image.Exif()
    exif[0x0112] = 6  # Turn a quarter clockwise to view.
    image = Image.open(rose).convert("RGB")
    image.save(upright)
    image.rotate(90, expand=True).save(turned, exif=exif)
    page = open_page()
    upload(page, turned)
    assert page.locator("#photo img").first.evaluate("e => e.naturalWidth / e.naturalHeight") > 1
    found = answer(page)["predictions"]
    page = open_page()
    upload(page, upright)
    for one, other in zip(found, answer(page)["predictions"], strict=True):
        assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-4)


def test_a_broken_photo_is_refused_in_plain_words(open_page: Any, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo at all")
    page = open_page()
    page.set_input_files("#photo input[type=file]", broken)
    page.wait_for_selector(".problem")
    assert "broken.jpg is not a photo that can be read" in page.inner_text(".problem")


def test_the_picker_chooses_models_and_says_why_one_cannot_be_chosen(
    open_page: Any, rose: Path
) -> None:
    page = open_page()
    missing = page.locator("#choice-column").get_by_role("checkbox", name="VGG16")
    assert missing.is_disabled()
    assert "no weights here" in page.inner_text("#choice-column")
    assert "python -m train fit --backbones vgg16," in page.inner_text("#choice-column")
    upload(page, rose)
    page.locator("#choice-column").get_by_role("checkbox", name="transfer").uncheck()
    page.wait_for_selector("text=Consensus of 1 model")
    (row,) = rows(page)
    assert "finetuned" in row
    page.locator("#choice-column").get_by_role("checkbox", name="finetuned").uncheck()
    page.wait_for_selector("text=No model is chosen; choose at least one backbone")


def test_a_link_shares_the_settings(open_page: Any) -> None:
    page = open_page()
    page.locator("#examples button").first.click()
    page.wait_for_selector(READY)
    page.locator("#choice-column").get_by_role("checkbox", name="transfer").uncheck()
    page.wait_for_selector("text=Consensus of 1 model")
    page.get_by_role("button", name="Link to these settings").click()
    page.wait_for_selector("#link textarea, #link input")
    link = page.locator("#link textarea, #link input").first.input_value()
    query = link[link.index("?") :]
    assert "variants=finetuned" in query
    page = open_page(query)
    page.wait_for_selector(READY)
    assert page.inner_text(".verdict .eyebrow") == "Consensus of 1 model"
    choice = page.locator("#choice-column")
    assert not choice.get_by_role("checkbox", name="transfer").is_checked()
    assert page.locator("#photo img").count() == 1


def test_labelled_photos_are_scored_and_labels_can_be_changed(
    open_page: Any, generated_photos: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "photos.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name in COLOURS:
            for i in range(4):
                packed.write(generated_photos / name / f"{i}.jpg", f"mine/{name}/{i}.jpg")
        packed.writestr("mine/rose/broken.jpg", b"no photo")
    page = open_page()
    tab(page, "Your photos")
    page.set_input_files("#batch-files input[type=file]", archive)
    page.wait_for_selector("#batch-files >> text=photos.zip")
    page.click("#batch-start")
    page.wait_for_selector("table.batch")
    assert "12 photos, 2 models" in page.inner_text("#batch-summary")
    assert "reads best" in page.inner_text("#batch-summary h2")
    assert "broken.jpg is not a photo" in page.inner_text("#batch-summary")
    assert page.locator("table.batch tbody tr").count() == 13
    for chart in ("#batch-accuracy .scatterlayer .point", "#batch-confusion .heatmaplayer image"):
        page.wait_for_selector(chart, state="attached")

    before = page.inner_text("#batch-summary .facts")
    number = page.locator("table.batch tr:has(td.right) select").first.get_attribute("data-row")
    row = page.locator(f'table.batch tr:has(select[data-row="{number}"])')
    chosen = row.locator("select").input_value()
    row.locator("select").select_option(next(name for name in COLOURS if name != chosen))
    assert row.locator("td.wrong").count() >= 1
    page.wait_for_function(
        "(before) => document.querySelector('#batch-summary .facts').innerText !== before",
        arg=before,
    )

    with page.expect_download() as download:
        page.locator("#batch-links").get_by_role("link", name="Download CSV").click()
    with Path(download.value.path()).open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 12 * 2
    assert {line["label"] for line in lines} == set(COLOURS)
    with page.expect_download() as download:
        page.locator("#batch-links").get_by_role("link", name="Download JSON").click()
    found = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert [score["photos"] for score in found["scores"]] == [12, 12]


def test_unlabelled_photos_show_how_far_the_models_agree(
    open_page: Any, generated_photos: Path
) -> None:
    page = open_page()
    tab(page, "Your photos")
    photos = [generated_photos / name / "1.jpg" for name in COLOURS]
    page.set_input_files("#batch-files input[type=file]", photos)
    page.wait_for_selector("#batch-files >> text=1.jpg")
    page.click("#batch-start")
    page.wait_for_selector("table.batch")
    assert "3 photos, 2 models" in page.inner_text("#batch-summary")
    assert not page.locator("#batch-accuracy").is_visible()
    page.locator("table.batch select").first.select_option("rose")
    page.wait_for_selector("#batch-accuracy .scatterlayer .point", state="attached")


def test_every_chart_is_drawn(open_page: Any) -> None:
    page = open_page()
    tab(page, "Comparison")
    for name in ("measured-accuracy", "accuracy-size", "learning", "calibration"):
        page.wait_for_selector(f"#{name} .scatterlayer .point", state="attached")
    for name in ("differences", "class-f1", "confusion-transfer", "published-scores"):
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
    assert falling[0] == 99.48
    table.get_by_role("button", name="accuracy %").press("Enter")
    assert [float(text) for text in column(4)] == sorted(falling)
    table.get_by_role("button", name="from %").click()
    assert column(3) == ["measured"] * 2 + ["published"] * 12  # Rows without an interval last.
    with page.expect_download() as download:
        page.locator("#figures-csv").get_by_role("link", name="Download CSV").click()
    with Path(download.value.path()).open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["figures"] for row in found] == ["measured"] * 2 + ["published"] * 12


def test_about_says_which_weights_these_are(open_page: Any, weights_folder: Path) -> None:
    config = json.loads((weights_folder / "mobilenetv2" / "config.json").read_text())
    page = open_page("?tab=about")
    page.wait_for_selector("#weights table")
    text = page.inner_text("#weights")
    assert config["files"]["model.tflite"]["sha256"][:12] in text
    assert config["data_fingerprint"] in text
    assert "python -m train fit" in page.inner_text("#about")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_both_themes(open_page: Any, rose: Path, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    upload(page, rose)
    assert page.evaluate("document.body.classList.contains('dark')") is (scheme == "dark")
    places = [".masthead h1", ".masthead p", ".verdict h2", ".facts li", "table.heat thead th"]
    places += [
        "table.heat td.num",
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
    page.wait_for_selector("text=Consensus of 1 model")


def test_the_theme_switch_switches(open_page: Any) -> None:
    page = open_page(color_scheme="light")
    page.get_by_role("button", name="Light / dark").click()
    assert page.evaluate("document.body.classList.contains('dark')")
