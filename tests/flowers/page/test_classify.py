"""The Classify tab in a real browser."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from gradio_client import Client, handle_file

from flowers.backbones import DEFAULT_CLASSES
from tests.support.browser import (
    READY,
    WAIT,
    Page,
    answer,
    serve,
    tab,
    upload,
)
from tests.support.folders import twice

pytest.importorskip("playwright.sync_api")

ONE_MODEL = ".verdict .eyebrow:text-is('1 model')"
LOADED = "async (e) => { await e.decode(); return e.naturalWidth; }"


def rows(page: Page) -> list[str]:
    return page.locator("table.heat tbody tr").all_inner_texts()


def test_an_uploaded_photo_is_read_by_every_model(open_page: Any, rose: Path) -> None:
    page = open_page()
    upload(page, rose)
    assert page.inner_text(".verdict .eyebrow") == "2 models"
    assert page.locator(".card .shot img").count() == 2
    for row in page.locator("table.heat tbody tr").all():
        shares = row.locator("td.cell").all_inner_texts()
        assert len(shares) == len(DEFAULT_CLASSES)
        assert sum(map(int, shares)) == pytest.approx(100, abs=2)
    found = answer(page)
    assert [p["variant"] for p in found["predictions"]] == ["transfer", "finetuned"]
    look = page.get_attribute(".verdict", "data-look")
    title = page.inner_text(".verdict h2").lower()
    assert look != "agreed" or title == found["consensus"]["label"]


def test_the_picker_chooses_models_and_folds_what_is_not_loaded(open_page: Any, rose: Path) -> None:
    page = open_page()
    page.wait_for_selector(READY)
    choice = page.locator("#choice-column")
    assert page.locator(".masthead b").inner_text() == "1 of 6 loaded here."
    assert choice.get_by_role("checkbox").count() == 3
    assert choice.locator("summary").inner_text() == "5 not loaded – why?"
    upload(page, rose)
    choice.get_by_role("checkbox", name="transfer").uncheck()
    page.wait_for_selector(ONE_MODEL)
    (row,) = rows(page)
    assert "finetuned" in row
    choice.get_by_role("checkbox", name="finetuned").uncheck()
    page.wait_for_selector("text=No model is chosen; choose at least one backbone")


def test_an_answer_is_there_when_the_page_opens(open_page: Any) -> None:
    page = open_page("?backbones=MobileNetV2")  # As people write it.
    page.wait_for_selector(READY)
    assert page.inner_text(".verdict h2") == "Daisy"
    assert page.locator(".chip").all_inner_texts() == list(DEFAULT_CLASSES)
    assert page.locator("#photo .stage img").get_attribute("alt") == "A daisy from the front"
    assert "CC BY 2.0" in page.inner_text("#photo")


def test_a_tab_opened_before_the_first_answer_stays_open(open_page: Any) -> None:
    waiting: list[Any] = []
    passing: list[bool] = []

    def hold(request: Any) -> None:
        if passing:
            request.continue_()
        else:
            waiting.append(request)

    page = open_page(held=("**/gradio_api/queue/join*", hold))
    tab(page, "Your photos")
    page.wait_for_selector("#batch-start")
    while not waiting:
        page.wait_for_timeout(50)
    passing.append(True)
    for request in waiting:
        request.continue_()
    page.wait_for_selector(READY, state="attached")
    assert page.locator("#batch-start").is_visible()


def test_the_focus_map_of_another_class_is_drawn_when_it_is_asked_for(open_page: Any) -> None:
    page = open_page()
    page.wait_for_selector(READY)
    page.get_by_role("button", name="for rose").click()
    page.wait_for_selector('[aria-label="Where MobileNetV2 transfer looked for rose"] img')
    assert page.inner_text(".verdict h2") == "Daisy"


@pytest.fixture(scope="module")
def another_app(
    served_folder: Path, generated_photos: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """The address of an app with two backbones and examples as in a Hub cache, and its folder."""
    # Gradio serves what lies below the folder that the app runs in or that of temporary files.
    with TemporaryDirectory(dir=Path.home()) as name:
        root, blobs = Path(name) / "snapshots" / "0", Path(name) / "blobs"
        twice(served_folder, root)
        blobs.mkdir()
        (root / "examples").mkdir()
        for path in generated_photos.glob("*/0.jpg"):
            name = path.parent.name
            shutil.copy(path, blobs / name)
            (root / "examples" / f"{name}.jpg").symlink_to(blobs / name)
        with serve(root, tmp_path_factory.mktemp("another")) as address:
            yield address, root


@pytest.mark.long
def test_examples_that_are_links_as_in_a_hub_cache_can_be_chosen(
    browser: Any, another_app: tuple[str, Path]
) -> None:
    page = browser.new_page()
    page.set_default_timeout(WAIT)
    page.goto(f"{another_app[0]}/?backbones=mobilenetv2")  # VGG16 is for the next test.
    page.wait_for_selector(READY)  # Until then all backbones are ticked.
    assert page.locator("#examples img").first.evaluate(LOADED)
    page.locator("#examples button").nth(1).click()
    page.wait_for_selector("#photo img[alt=Rose]")
    assert page.locator("#photo img").first.evaluate(LOADED) == 160
    page.close()


@pytest.mark.long
def test_a_backbone_that_breaks_leaves_the_choice_and_the_others_go_on(
    browser: Any, rose: Path, another_app: tuple[str, Path]
) -> None:
    address, root = another_app
    artifact = root / "vgg16" / "model.tflite"
    artifact.write_bytes(artifact.read_bytes()[:-1] + b"!")
    page = browser.new_page()
    page.set_default_timeout(WAIT)
    page.goto(address)
    page.wait_for_selector("#photo input[type=file]", state="attached")
    box = page.locator("#choice-column").get_by_role("checkbox", name="VGG16")
    # The example with which the page opens finds out.
    page.wait_for_selector(READY)
    assert page.inner_text(".failure").startswith("VGG16 was left out: vgg16/model.tflite")
    page.wait_for_function("e => e.disabled && !e.checked", arg=box.element_handle())
    upload(page, rose)
    assert page.locator(".failure").count() == 0
    page.close()
    found = Client(address, verbose=False).predict(handle_file(rose), api_name="/classify")
    assert {p["backbone"] for p in found["predictions"]} == {"mobilenetv2"}
