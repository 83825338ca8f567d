"""The Classify tab in a real browser."""

import base64
import json
import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pillow_heif
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from flowers.backbones import DEFAULT_CLASSES, VARIANTS
from flowers.models.zoo import Zoo
from flowers.photos import load_photo
from flowers.weights.source import DEFAULT_FOLDER, Source
from tests.support.browser import CHANGED, READY, WAIT, Page, serve, shown_answer, tab, upload
from tests.support.folders import twice

pytest.importorskip("playwright.sync_api")
pillow_heif.register_heif_opener()

ONE_MODEL = ".verdict .eyebrow:text-is('1 model')"
LOADED = "async (e) => { await e.decode(); return e.naturalWidth; }"


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


@pytest.mark.parametrize(
    "name",  # Of the latter no type is known.
    ["phone.heic", pytest.param("IMG_1.HEIC", marks=pytest.mark.slow)],
)
def test_heic_is_shown_and_read_like_the_same_photo_as_jpeg(
    open_page: Any, rose: Path, tmp_path: Path, name: str
) -> None:
    heic = tmp_path / name
    Image.open(rose).save(heic, format="HEIF", quality=95)
    page = open_page()
    upload(page, heic)
    shown = page.locator("#photo img").first
    assert shown.evaluate("e => e.complete && e.naturalWidth") == 160
    found = answer(page)["predictions"]
    page = open_page()
    upload(page, rose)
    for one, other in zip(found, answer(page)["predictions"], strict=True):
        assert one["label"] == other["label"]
        # Both were compressed with loss, each in its own way.
        assert one["probabilities"] == pytest.approx(other["probabilities"], abs=0.1)


def test_heic_can_be_dropped_where_the_system_knows_no_such_type(
    open_page: Any, rose: Path, tmp_path: Path
) -> None:
    heic = tmp_path / "phone.heic"
    Image.open(rose).save(heic, quality=95)
    page = open_page()
    before = shown_answer(page)
    dropped = page.evaluate_handle(
        """(text) => {
          const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], 'IMG_1.HEIC', {type: ''}));
          return transfer;
        }""",
        base64.b64encode(heic.read_bytes()).decode(),
    )
    page.locator("#photo .stage").dispatch_event("drop", {"dataTransfer": dropped})
    page.wait_for_function(CHANGED, arg=before)


def test_a_large_photo_is_shrunk_before_it_is_sent_and_read_alike(
    open_page: Any, rose: Path, tmp_path: Path
) -> None:
    large = tmp_path / "large.jpg"
    noise = Image.effect_noise((4000, 3000), 20).convert("RGB")
    picture = Image.open(rose).resize((4000, 3000), Image.Resampling.BICUBIC)
    Image.blend(picture, noise, 0.2).save(large, quality=95)
    sent: list[int] = []
    page = open_page()
    page.on("request", lambda r: sent.append(len(r.post_data_buffer or b"")))
    upload(page, large)
    assert 0 < max(sent) < large.stat().st_size / 4
    found = answer(page)["predictions"]
    photo = load_photo(large, at_least=448)
    models = Zoo(Source(DEFAULT_FOLDER))
    (expected,) = models.predict(photo, [("mobilenetv2", v) for v in VARIANTS])
    for one, other in zip(found, expected.predictions, strict=True):
        shares = [float(p) for p in other.probabilities]
        assert list(one["probabilities"].values()) == pytest.approx(shares, abs=0.03)


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


def test_a_broken_photo_is_refused_in_plain_words_and_takes_no_place(
    open_page: Any, rose: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo at all")
    page = open_page()
    upload(page, rose)
    shown = page.get_attribute("#photo img", "src"), shown_answer(page)
    before = page.evaluate("history.state.photo.path")
    page.set_input_files("#photo input[type=file]", broken)
    said = page.locator("#photo [role=alert]")
    said.wait_for()
    assert "broken.jpg is not a photo that can be read" in said.inner_text()
    assert (page.get_attribute("#photo img", "src"), shown_answer(page)) == shown
    assert page.evaluate("history.state.photo.path") == before
    # Once more, and what comes after it stands in the address as ever.
    page.set_input_files("#photo input[type=file]", broken)
    page.wait_for_function("() => !document.querySelector('#photo [role=status]').textContent")
    page.locator("[data-example]").last.click()
    said.wait_for(state="detached")
    page.wait_for_timeout(500)
    assert page.evaluate("history.state.photo ?? null") is None
    assert "example=" in page.url


def test_the_picker_chooses_models_and_folds_what_is_not_loaded(open_page: Any, rose: Path) -> None:
    page = open_page()
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
    page = open_page()
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


def test_choices_stand_in_the_address_and_come_back_with_reload_and_back(open_page: Any) -> None:
    page = open_page()
    page.wait_for_selector(READY)
    page.locator("#examples").get_by_role("button", name="rose").click()
    page.wait_for_selector("text=A pink rose")
    page.locator("#choice-column").get_by_role("checkbox", name="transfer").uncheck()
    page.wait_for_selector(ONE_MODEL)
    assert "example=rose-1" in page.url
    assert "variants=finetuned" in page.url
    tab(page, "About")
    assert "tab=about" in page.url
    page.reload()
    page.wait_for_selector("#weights table", state="visible")
    page.go_back()
    page.wait_for_selector(ONE_MODEL, state="visible")
    assert page.locator("#photo .stage img").get_attribute("alt") == "A pink rose"
    choice = page.locator("#choice-column")
    assert not choice.get_by_role("checkbox", name="transfer").is_checked()
    page.go_forward()
    page.wait_for_selector("#weights table", state="visible")
    # Back twice, the second time while the first is still being answered.
    page.route("**/queue/join*", late)
    page.go_back()
    page.wait_for_selector(ONE_MODEL, state="visible")
    page.go_back()
    page.wait_for_selector("text=A daisy from the front")


def test_a_photo_of_ones_own_survives_a_reload(open_page: Any, rose: Path) -> None:
    page = open_page()
    upload(page, rose)
    expected = probabilities(page)
    page.reload()
    page.wait_for_selector('#photo .stage img[alt="Your photo"]')
    page.wait_for_selector(READY)
    assert probabilities(page) == expected


def test_the_answer_is_to_the_photo_that_was_chosen_last(open_page: Any) -> None:
    page = open_page()
    examples = page.locator("#examples button")
    expected = []
    for number in (1, 2):
        before = shown_answer(page)
        examples.nth(number).click()
        page.wait_for_function(CHANGED, arg=before)
        expected.append(probabilities(page))
    assert expected[0] != expected[1]
    examples.nth(0).click()
    page.wait_for_selector("text=A daisy from the front")
    # The second click comes while the photo of the first is still being read.
    page.route("**/queue/join*", late)
    page.evaluate(
        """() => { const [, first, second] = document.querySelectorAll('#examples button');
          first.click(); setTimeout(() => second.click(), 300); }"""
    )
    page.wait_for_timeout(5000)
    page.wait_for_selector(READY)
    assert probabilities(page) == expected[1]


def test_the_focus_map_of_another_class_is_drawn_when_it_is_asked_for(open_page: Any) -> None:
    page = open_page()
    page.wait_for_selector(READY)
    page.get_by_role("button", name="for rose").click()
    page.wait_for_selector('[aria-label="Where MobileNetV2 transfer looked for rose"] img')
    assert page.inner_text(".verdict h2") == "Daisy"


def test_examples_that_are_links_as_in_a_hub_cache_can_be_chosen(
    browser: Any, served_folder: Path, generated_photos: Path, tmp_path: Path
) -> None:
    # Gradio serves what lies below the folder that the app runs in or that of temporary files.
    with TemporaryDirectory(dir=Path.home()) as name:
        root, blobs = Path(name) / "snapshots" / "0", Path(name) / "blobs"
        shutil.copytree(served_folder, root)
        blobs.mkdir()
        (root / "examples").mkdir()
        for path in generated_photos.glob("*/0.jpg"):
            name = path.parent.name
            shutil.copy(path, blobs / name)
            (root / "examples" / f"{name}.jpg").symlink_to(blobs / name)
        with serve(root, tmp_path) as address:
            page = browser.new_page()
            page.goto(address)
            page.wait_for_selector("#examples button img")
            assert page.locator("#examples img").first.evaluate(LOADED)
            page.locator("#examples button").nth(1).click()
            page.wait_for_selector("#photo img[alt=Rose]", timeout=WAIT)
            assert page.locator("#photo img").first.evaluate(LOADED) == 160
            page.close()


def test_a_backbone_that_breaks_leaves_the_choice_and_the_others_go_on(
    browser: Any, served_folder: Path, rose: Path, tmp_path: Path
) -> None:
    root = twice(served_folder, tmp_path / "weights")
    with serve(root, tmp_path) as address:
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


def late(route: Any) -> None:
    """Let a request wait."""
    time.sleep(0.5)
    route.continue_()


def probabilities(page: Page) -> list[float]:
    return [p["probability"] for p in answer(page)["predictions"]]
