"""The page without a server opens with an answer, which is the one that its models give."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowers.backbones import DEFAULT_CLASSES
from flowers.models.verdicts import verdict_of
from flowers.models.zoo import Zoo
from flowers.page.examples import find_examples
from flowers.page.one_photo import photo_answers
from flowers.weights.source import DEFAULT_FOLDER, Source
from tests.static.conftest import WebServer
from tests.static.visiting import LOADED, read
from tests.support.browser import READY, Page, held_over

expect = pytest.importorskip("playwright.sync_api").expect

(KNOWN, _) = find_examples(DEFAULT_FOLDER, DEFAULT_CLASSES)
FIRST = KNOWN[0]

PENDING = """() => {
  window.seen = [];
  new MutationObserver(() => {
    const found = document.querySelector('.answer[data-pending]');
    if (found) window.seen.push(found.dataset.pending);
  }).observe(document, {subtree: true, childList: true});
}"""
"""Keeps how many models every answer on the screen still waited for."""


def downloaded(page: Page) -> dict[str, Any]:
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as JSON").click()
    return dict(json.loads(Path(download.value.path()).read_text(encoding="utf-8")))


def test_an_answer_is_on_the_screen_before_any_model_is_fetched(
    web: WebServer, open_site: Callable[..., Page]
) -> None:
    page = open_site(web.address)
    page.add_init_script(f"({PENDING})()")
    page.reload()
    page.wait_for_selector(READY)
    assert set(page.evaluate("seen")) == {"0"}  # Never half-written.
    zoo = Zoo(Source(DEFAULT_FOLDER))
    models = list(zoo.entries())
    *_, answer = photo_answers(zoo, FIRST.path, models, ["transfer", "finetuned"])
    assert page.inner_text(".verdict h2") == verdict_of(answer.predictions).title
    assert page.locator("table.heat tbody tr").count() == 2 * len(LOADED)
    assert page.locator(".card canvas").count() == 2 * len(LOADED)
    credit = page.locator("#photo-credit")
    expect(credit).to_contain_text(f"came with the page. Photo: {FIRST.credit}")
    assert page.url == web.address

    page.locator("#choice-column").get_by_label("transfer").uncheck()
    expect(page.locator("table.heat tbody tr")).to_have_count(len(LOADED))
    page.get_by_role("button", name="for rose").click()
    assert page.locator(".card b").all_inner_texts() == ["rose"] * len(LOADED)
    assert not any(name.endswith(".tflite") for name in web.sent)
    assert page.url == f"{web.address}?variants=finetuned"

    # It comes back where there is no network.
    page.wait_for_selector("html[data-kept]")
    web.stop()
    page.reload()
    page.wait_for_selector(READY)


def test_it_is_the_answer_that_the_models_give_here(
    site: str, open_site: Callable[..., Page]
) -> None:
    page = open_site(site)
    page.wait_for_selector(READY)
    kept = downloaded(page)
    title = page.inner_text(".verdict h2")
    live = read(page, FIRST.path)  # As a photo of the visitor's own.
    assert page.inner_text(".verdict h2") == title
    for name in ("label", "agreement", "known"):
        assert kept["consensus"][name] == live["consensus"][name]
    for here, there in zip(live["predictions"], kept["predictions"], strict=True):
        for name in ("backbone", "variant", "label", "known"):
            assert here[name] == there[name]
        assert here["probabilities"] == pytest.approx(there["probabilities"], abs=0.01)
        assert here["p_known"] == pytest.approx(there["p_known"], abs=0.02)
        assert here["milliseconds"] > 0
        assert there["milliseconds"] is None  # Nobody measured that on this device.


def test_a_link_to_an_example_that_is_gone_opens_with_the_answer_too(
    site: str, open_site: Callable[..., Page]
) -> None:
    page = open_site(f"{site}?example=gone&backbones=mobilenetv2")
    page.wait_for_selector(READY)
    assert page.locator("table.heat tbody tr").count() == 2


DROP = """(dropped) => dropped.forEach((dataTransfer) => document.querySelector("#photo")
  .dispatchEvent(new DragEvent("drop", {dataTransfer, bubbles: true, cancelable: true})))"""


def test_a_photo_that_is_dropped_takes_the_place_of_the_example(
    site: str, open_site: Callable[..., Page]
) -> None:
    page = open_site(f"{site}?backbones=MobileNetV2")
    page.wait_for_selector(READY)
    dropped = held_over(page, KNOWN[-1].path, "mine.jpg", "image/jpeg")
    for kind in ("dragover", "drop"):
        page.locator("#photo").dispatch_event(kind, {"dataTransfer": dropped})
    page.wait_for_selector(READY)
    assert downloaded(page)["predictions"][0]["milliseconds"] > 0  # Read here, not kept.
    assert page.inner_text("#photo-credit") == ""


def test_a_file_that_is_no_photo_leaves_the_photo_and_its_answer_in_their_place(
    site: str, open_site: Callable[..., Page], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_text("no photo")
    page = open_site(f"{site}?backbones=mobilenetv2")
    page.wait_for_selector(READY)
    before = downloaded(page)
    place = page.locator("#photo img")
    page.set_input_files("#photo-file", broken)
    problem = page.locator("#photo-problem")
    expect(problem).to_contain_text("broken.jpg is not a photo that can be read; use JPEG")
    page.wait_for_selector(READY)
    assert downloaded(page) == before
    assert place.evaluate("image => image.naturalWidth") > 16
    expect(page.locator("#photo-credit")).to_contain_text(str(FIRST.credit))

    # Nor do two of them, the second sent before the first could be tried.
    names = ("one.jpg", "two.jpg")
    page.evaluate(DROP, [held_over(page, broken, name, "image/jpeg") for name in names])
    for name in names:
        expect(problem).to_contain_text(f"{name} is not a photo that can be read")
    page.wait_for_selector(READY)
    assert downloaded(page) == before
    assert place.evaluate("image => image.decode().then(() => image.naturalWidth)") > 16
    read(page, KNOWN[-1].path)
    expect(problem).to_be_empty()

    # Where nothing was shown, nothing is.
    page.get_by_role("button", name="Remove the photo").click()
    page.set_input_files("#photo-file", broken)
    expect(page.locator("#answer [role=alert]")).to_contain_text("broken.jpg is not a photo")
    expect(place).to_be_hidden()
