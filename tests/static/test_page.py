"""The page without a server in a real browser: what it shows of photos, batches and figures."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from flowers.backbones import DEFAULT_CLASSES
from flowers.models.classifier import Classifier
from flowers.models.sentences import knows_only, percent
from flowers.page.about import WORTH_KNOWING
from flowers.page.examples import own_photos
from flowers.page.pictures import SIDE, overlay
from flowers.page.words import WORDS
from flowers.photos import read_photo
from flowers.stats import accuracy_interval
from tests.static.conftest import WebServer
from tests.static.visiting import LOADED, ONE, OTHERS, read
from tests.support.browser import READY, Page
from tests.support.controls import NAMELESS, SMALL
from tests.support.photos import write_photos

expect = pytest.importorskip("playwright.sync_api").expect

ALPHA = """(canvas) => [...canvas.getContext('2d')
  .getImageData(0, 0, canvas.width, canvas.height).data].filter((_, i) => i % 4 === 3)"""
"""How opaque every pixel of a canvas is, 0 to 255."""


def test_a_photo_gets_the_answer_that_python_gives(
    web: WebServer, open_site: Callable[..., Page], classifier: Classifier, photo: Path
) -> None:
    page = open_site(web.address + ONE)
    found = read(page, photo)["predictions"]
    expected = classifier.predict(read_photo(photo))
    assert [p["variant"] for p in found] == ["transfer", "finetuned"]
    for row in found:
        wanted = expected[row["variant"]]
        assert row["label"] == wanted.label
        assert row["known"] == wanted.known
        assert row["probability"] == pytest.approx(wanted.probability, abs=0.01)
        shares = [row["probabilities"][name] for name in wanted.classes]
        np.testing.assert_allclose(shares, wanted.probabilities, atol=0.01)
    assert page.locator(".card canvas").count() == 2
    # In the words of the app, and without what the app does not show.
    assert page.inner_text(".verdict .eyebrow") == "2 models"
    assert page.locator(".answer h3").all_inner_texts() == [WORDS["side_by_side"], WORDS["focus"]]
    columns = page.locator("table.heat th[scope=col]").all_inner_texts()
    assert columns == ["model", "answer", *expected["transfer"].classes]
    assert page.locator(".verdict .hint").inner_text() == knows_only(expected["transfer"].classes)
    # And where each model looked, for its answer or for a class that is chosen.
    for name, button in ((None, WORDS["focus_own"]), ("rose", "for rose")):
        page.get_by_role("group", name=WORDS["focus"]).get_by_role("button", name=button).click()
        assert page.get_by_role("button", name=button).get_attribute("aria-pressed") == "true"
        cards = page.locator(".card").all()
        for card, (variant, wanted) in zip(cards, expected.items(), strict=True):
            shown = name or wanted.label
            row = next(r for r in found if r["variant"] == variant)
            assert card.locator("b").inner_text() == shown
            assert card.locator(".num").inner_text() == percent(row["probabilities"][shown])
            drawn = np.reshape(card.locator("canvas").evaluate(ALPHA), (SIDE, SIDE))
            expected_map = overlay(wanted, shown)
            assert expected_map is not None
            alpha = np.asarray(expected_map, dtype=float)[..., 3]
            assert np.abs(drawn - alpha).mean() < 4, (variant, shown)


def test_examples_are_named_and_credited_and_tell_what_none_of_the_models_knows(
    site: str, open_site: Callable[..., Page]
) -> None:
    page = open_site(site + ONE)
    examples = page.locator("#examples")
    assert examples.get_by_role("heading").all_inner_texts() == [WORDS["known"], WORDS["others"]]
    names = examples.get_by_role("list").first.get_by_role("button").all_inner_texts()
    assert names == list(DEFAULT_CLASSES)
    examples.get_by_role("button", name="sunflower").click()
    wanted = next(e for e in own_photos() if e.name == "sunflower-1")
    assert wanted.note == "never seen in training"
    credit = f"{wanted.shows}. Never seen in training. Photo: {wanted.credit}"
    expect(page.locator("#photo-credit")).to_have_text(credit)
    link = page.locator("#photo-credit").get_by_role("link", name=wanted.credit)
    assert link.get_attribute("href") == wanted.address
    page.wait_for_selector(READY)


def test_folders_label_photos_and_models_are_scored_with_intervals(
    site: str, open_site: Callable[..., Page], classifier: Classifier, tmp_path: Path
) -> None:
    folder = write_photos(tmp_path / "mine", 2)
    (folder / "rose" / "broken.jpg").write_bytes(b"no photo")
    (folder / "notes.txt").write_text("no photo either")
    thumbnails = folder / "rose" / "@eaDir"  # As a network disk makes them.
    thumbnails.mkdir()
    (thumbnails / "0.jpg").write_bytes((folder / "rose" / "0.jpg").read_bytes())
    page = open_site(f"{site}?tab=photos")
    page.set_input_files("#batch-folder", folder)
    page.wait_for_selector("#batch-files:not(:empty)")
    aside = WORDS["left_aside"].format(files=2)
    assert page.inner_text("#batch-files") == f"7 photos, 7 labelled by their folders. {aside}."
    page.get_by_text("Models", exact=True).click()
    for name in OTHERS:
        page.locator("#batch-choice").get_by_label(name).uncheck()
    page.get_by_role("button", name="Read all photos").click()
    page.wait_for_selector("#batch-links a")
    assert "broken.jpg is not a photo that can be read" in page.inner_text(".failure")
    assert page.locator("table.batch tbody tr").count() == 7

    photos = sorted(folder.glob("*/[0-9].jpg"))
    right = {"transfer": 0, "finetuned": 0}
    for path in photos:
        for variant, p in classifier.predict(read_photo(path)).items():
            right[variant] += p.label == path.parent.name
    for variant, correct in right.items():
        row = page.locator("table.scores tr", has_text=variant)
        low, high = accuracy_interval(correct, 6)
        assert f"{correct} of 6" in row.inner_text()
        assert f"{100 * low:.1f}\u202f% to {100 * high:.1f}\u202f%" in row.inner_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 12
    assert {row["label"] for row in rows} == {"daisy", "rose", "sunflower"}
    labels = [row["label"] == row["reads"] for row in rows if row["variant"] == "finetuned"]
    assert sum(labels) == right["finetuned"]
    with page.expect_download() as download:
        page.get_by_role("link", name=WORDS["json"]).click()
    assert json.loads(Path(download.value.path()).read_text())["notes"] == [f"{aside}."]

    # Where photos tell no two variants apart, no headline has the colour of a winner.
    verdict = page.locator("#batch-summary .verdict")
    plain = page.evaluate("getComputedStyle(document.body).color")
    colour = verdict.locator("h2").evaluate("e => getComputedStyle(e).color")
    assert (verdict.get_attribute("data-look") == "open") == (colour == plain)

    first = page.locator("table.batch select").first
    first.select_option("")
    assert "of 5" in page.locator("table.scores").inner_text()


def test_the_comparison_shows_the_figures_of_the_app(
    site: str, open_site: Callable[..., Page]
) -> None:
    page = open_site(f"{site}?tab=comparison")
    expect(page.locator("#measured-accuracy .point")).to_have_count(2 * len(LOADED))
    page.get_by_text("One model in detail").click()
    page.wait_for_selector("#confusion svg")
    before = [page.inner_text(f"#{name}") for name in ("confusion", "mistakes")]
    model = page.get_by_label("Model", exact=True)
    names = model.locator("option").all_inner_texts()
    model.select_option(next(name for name in names if name != model.input_value()))
    for name, text in zip(("confusion", "mistakes"), before, strict=True):
        expect(page.locator(f"#{name}")).not_to_have_text(text)
    page.get_by_role("button", name="published accuracy %").click()
    column = page.locator("th[data-column='published accuracy %']").evaluate("e => e.cellIndex + 1")
    shown = page.locator(f"#figures tbody td:nth-child({column})").all_inner_texts()
    numbers = [float(text) for text in shown]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == 12
    assert 99.48 in numbers


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_on_a_phone_everyone_can_use_every_control(
    web: WebServer, open_site: Callable[..., Page], photo: Path, scheme: str
) -> None:
    phone: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    # axe-core is put into the page, which lets nothing in.
    page = open_site(web.address + ONE, color_scheme=scheme, bypass_csp=True, **phone)
    read(page, photo)
    for name in ("classify", "photos", "comparison", "about"):
        page.click(f"#tab-{name}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        assert page.evaluate(NAMELESS) == [], name
        assert page.evaluate(SMALL) == [], name
        assert Axe().run(page).response["violations"] == [], name
        if name == "classify":  # A bar per class instead of a table that would be cut.
            assert page.get_by_role("list", name=WORDS["top_classes"]).is_visible()
            assert not page.locator("table.heat").is_visible()
        if name == "about":
            said = page.locator("#about li").all_inner_texts()
            assert said[: len(WORTH_KNOWING)] == list(WORTH_KNOWING)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(251, 250, 248)", "dark": "rgb(22, 20, 18)"}[scheme]


def test_tabs_follow_the_arrow_keys_and_show_where_the_focus_is(
    site: str, open_site: Callable[..., Page]
) -> None:
    page = open_site(site)
    assert page.get_by_role("tab").all_inner_texts() == [
        *("Classify", "Your photos", "Comparison", "About")
    ]
    page.get_by_role("tab", name="Classify").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("tabpanel", name="Your photos").is_visible()
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"


def test_tabs_and_choices_stand_in_the_address_and_come_back_with_reload_and_back(
    site: str, open_site: Callable[..., Page]
) -> None:
    page = open_site(site + ONE)
    choice = page.locator("#choice-column")
    choice.get_by_label("transfer").uncheck()
    page.locator("#examples").get_by_role("button", name="rose").click()
    page.wait_for_url("**example=rose-1")
    page.get_by_role("tab", name="About").click()
    assert page.url.partition("?")[2] == (
        "backbones=mobilenetv2&variants=finetuned&example=rose-1&tab=about"
    )
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.get_by_role("tabpanel", name="About").is_visible()
    page.go_back()
    assert page.get_by_role("tabpanel", name="Classify").is_visible()
    page.wait_for_selector(READY)
    assert not choice.get_by_label("transfer").is_checked()
    assert page.locator("table.heat tbody tr").count() == 1
    choice.get_by_label("transfer").check()
    for name in OTHERS:
        choice.get_by_label(name).check()
    assert page.url.partition("?")[2] == "example=rose-1"  # All models, as without an address.
