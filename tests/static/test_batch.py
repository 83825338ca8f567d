"""Several photos in the page without a server: labels, filters, a photo opened, two models."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from flowers.models.classifier import Classifier
from flowers.models.compare import Reading, judge
from flowers.models.consensus import NONE_OF_THESE
from flowers.models.head_to_head import head_to_head
from flowers.models.refusals import refusals
from flowers.models.shots import MAX_PHOTOS
from flowers.models.verdicts import verdict_of
from flowers.page.words import WORDS
from flowers.photos import read_photo
from flowers.weights.source import DEFAULT_FOLDER, Source
from tests.static.visiting import OTHERS
from tests.support.browser import READY, Page
from tests.support.photos import write_photos

expect = pytest.importorskip("playwright.sync_api").expect

TRANSFER, FINETUNED = ("mobilenetv2", "transfer"), ("mobilenetv2", "finetuned")


def plain(sentence: str) -> str:
    """A sentence without the stars around what stands out."""
    return sentence.replace("**", "")


def test_labels_filters_and_opened_photos_follow_the_rules_of_the_app(
    site: str, open_site: Callable[..., Page], tmp_path: Path
) -> None:
    folder = write_photos(tmp_path / "mine", 2)
    classifier = Classifier(Source(DEFAULT_FOLDER).fetch("mobilenetv2"))
    readings = {
        path.relative_to(tmp_path).as_posix(): Reading(
            path.name, path.parent.name, tuple(classifier.predict(read_photo(path)).values())
        )
        for path in sorted(folder.glob("*/*.jpg"))
    }
    page = open_site(f"{site}?tab=photos")
    page.set_input_files("#batch-folder", folder)
    page.wait_for_selector("#batch-files:not(:empty)")
    page.get_by_text("Models", exact=True).click()
    for name in OTHERS:
        page.locator("#batch-choice").get_by_label(name).uncheck()
    page.get_by_role("button", name="Read all photos").click()
    page.wait_for_selector("#batch-links a")
    rows = page.locator("table.batch tbody tr")
    only = page.locator("#batch-compared [data-photo]")

    def label(photo: str, name: str | None) -> None:
        page.get_by_label(WORDS["label_of"].format(photo=photo)).select_option(name or "")
        found = readings[photo]
        readings[photo] = Reading(found.photo, name, found.predictions)

    def check() -> None:
        """All that depends on labels is as Python has it."""
        verdicts = {photo: verdict_of(r.predictions) for photo, r in readings.items()}
        looks = {photo: verdict.look for photo, verdict in verdicts.items()}
        wrong = [
            photo
            for photo, r in readings.items()
            if r.label and looks[photo] != "split" and verdicts[photo].in_one_word != r.label
        ]
        chips = page.locator("#batch-filters [data-filter]").all_inner_texts()
        counts = [int(text.split()[-1]) for text in chips]
        split, none = (list(looks.values()).count(look) for look in ("split", "none"))
        assert counts == [len(readings), len(wrong), split, none]
        page.get_by_role("button", name="consensus wrong").click()
        assert rows.locator("visible=true").count() == len(wrong)
        page.locator("[data-filter=all]").click()
        assert rows.locator("visible=true").count() == len(readings)
        ordered = list(readings.values())
        standings = judge(ordered)
        assert standings is not None
        pair = head_to_head(ordered, standings, TRANSFER, FINETUNED)
        facts = page.locator("#batch-compared .facts li").all_inner_texts()
        chosen = page.get_by_label(WORDS["first_model"]).input_value()
        if chosen == "mobilenetv2 finetuned":
            pair = head_to_head(ordered, standings, FINETUNED, TRANSFER)
        assert facts == [plain(fact) for fact in pair.facts]
        assert page.inner_text("#batch-compared h2") == pair.title
        assert only.count() == len(pair.only_first) + len(pair.only_second)
        model = (TRANSFER, FINETUNED)["finetuned" in page.locator("#confusion-model").input_value()]
        counts = [sum(row) for row in zip(*standings.confusion[model], strict=True)]
        shown = page.locator("#batch-confusion tbody tr").all()
        cells = [row.locator("td").all_inner_texts() for row in shown]
        assert [sum(int(n or 0) for n in column) for column in zip(*cells, strict=True)] == counts
        table = page.locator("#batch-refusals tbody tr")
        for r in refusals(ordered):
            cells = table.filter(has_text=r.model[1]).locator("td").all_inner_texts()
            assert cells[0] == f"{r.refused} of {r.photos}"
            assert cells[1].startswith(f"{r.strangers_refused} of {r.strangers}")

    check()
    # One that only one of the two reads right opens with both focus maps under a slider.
    if only.count():
        only.first.click()
        maps = page.get_by_role("figure", name=WORDS["two_maps"])
        maps.get_by_role("slider").fill("80")
        assert maps.evaluate("e => e.style.getPropertyValue('--at')") == "80%"
        page.keyboard.press("Escape")
    cell = page.locator("#batch-confusion button[data-reads]").first
    counted = int(cell.inner_text())
    cell.click()
    page.keyboard.press("Escape")
    assert rows.locator("visible=true").count() == counted
    page.locator("[data-filter=all]").click()
    buttons = rows.locator("button[data-open]")
    first, second = (buttons.nth(i).get_attribute("title") for i in (-1, 0))
    label(first, NONE_OF_THESE)
    check()
    row = page.get_by_label(WORDS["open_photo"].format(photo=first), exact=True).locator(
        "xpath=ancestor::tr"
    )
    for p, cell in zip(readings[first].predictions, row.locator("td").all()[2:], strict=True):
        assert cell.get_attribute("class") == ("wrong" if p.known else "right")

    # A photo opened large: the answer, the focus maps, and its label by a key.
    page.get_by_label(WORDS["open_photo"].format(photo=second), exact=True).click()
    dialog = page.locator("dialog.opened")
    expect(dialog).to_have_accessible_name(second)
    dialog.locator(READY).wait_for()
    assert dialog.locator("table.heat tbody tr").count() == 2
    assert dialog.locator(".card canvas").count() == 2
    assert (
        dialog.locator(".verdict h2").inner_text() == verdict_of(readings[second].predictions).title
    )
    page.keyboard.press("0")
    pressed = dialog.get_by_role("button", name=NONE_OF_THESE)
    assert pressed.get_attribute("aria-pressed") == "true"
    readings[second] = Reading(second, NONE_OF_THESE, readings[second].predictions)
    page.keyboard.press("ArrowRight")
    expect(dialog).not_to_have_accessible_name(second)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    check()

    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_was_read_stays_when_the_next_batch_is_refused(
    site: str, open_site: Callable[..., Page], tmp_path: Path
) -> None:
    folder = write_photos(tmp_path / "mine", 1)
    page = open_site(f"{site}?tab=photos")
    page.set_input_files("#batch-folder", folder)
    page.wait_for_selector("#batch-files:not(:empty)")
    page.get_by_text("Models", exact=True).click()
    choice = page.locator("#batch-choice")
    for name in OTHERS:
        choice.get_by_label(name).uncheck()
    start = page.get_by_role("button", name="Read all photos")
    start.click()
    page.wait_for_selector("#batch-links a")
    problem = page.locator("#batch-problem")
    expect(problem).to_be_empty()
    verdict = page.inner_text("#batch-summary")

    for name in ("transfer", "finetuned"):
        choice.get_by_label(name).uncheck()
    start.click()
    expect(problem).to_have_text(
        "No model is chosen; choose at least one backbone and one variant."
    )
    for name in ("transfer", "finetuned"):
        choice.get_by_label(name).check()
    many = tmp_path / "many"
    many.mkdir()
    for number in range(MAX_PHOTOS + 1):
        (many / f"{number}.jpg").write_bytes(b"never opened")
    page.set_input_files("#batch-folder", many)
    expect(problem).to_be_empty()
    start.click()
    expect(problem).to_have_text(
        f"{MAX_PHOTOS} photos can be read at once; choose fewer. Received: {MAX_PHOTOS + 1}"
    )
    assert page.inner_text("#batch-summary") == verdict

    # The table is still that of what was read: labels and downloads go on.
    page.locator("table.batch select").first.select_option(NONE_OF_THESE)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    labels = [row["label"] for row in csv.DictReader(io.StringIO(text))]
    assert len(labels) == 3 * 2
    assert labels.count(NONE_OF_THESE) == 2
