"""Photos of every kind that visitors send to the Classify tab, in a real browser."""

from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from PIL import Image

from flowers.backbones import VARIANTS
from flowers.models.zoo import Zoo
from flowers.photos import load_photo
from flowers.weights.source import DEFAULT_FOLDER, Source
from tests.support.browser import (
    CHANGED,
    answer,
    held_over,
    shown_answer,
    upload,
)

pytest.importorskip("playwright.sync_api")
pillow_heif.register_heif_opener()

# Cameras that pages are given here: one that has no picture yet, and one that shows yellow.
DARK = "navigator.mediaDevices.getUserMedia = async () => new MediaStream()"
YELLOW = """() => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [320, 240];
  const context = canvas.getContext('2d');
  setInterval(() => {  // A picture comes with every change.
    context.fillStyle = `rgb(245 190 ${Date.now() % 20})`;
    context.fillRect(0, 0, 320, 240);
  }, 40);
  navigator.mediaDevices.getUserMedia = async () => canvas.captureStream();
}"""


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
    dropped = held_over(page, heic, "IMG_1.HEIC")
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
        near = 0.03 if max(shares) >= 0.98 else 0.1  # Unsure answers move more.
        assert list(one["probabilities"].values()) == pytest.approx(shares, abs=near)


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
    page = open_page()  # The same answer again would not be noticed on the same one.
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
    ticket = page.get_attribute("#photo .stage", "data-ticket")
    page.set_input_files("#photo input[type=file]", broken)
    page.wait_for_function(
        "(before) => document.querySelector('#photo .stage').dataset.ticket !== before", arg=ticket
    )
    page.locator("[data-example]").last.click()
    said.wait_for(state="detached")
    page.wait_for_timeout(500)
    assert page.evaluate("history.state.photo ?? null") is None
    assert "example=" in page.url


@pytest.mark.parametrize("later", ["photo", "example"])
def test_what_was_chosen_last_stays_however_slow_an_earlier_photo_is(
    open_page: Any, rose: Path, generated_photos: Path, later: str
) -> None:
    held: list[Any] = []

    def hold_first(route: Any) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page = open_page(held=("**/gradio_api/upload*", hold_first))
    before = shown_answer(page)
    page.set_input_files("#photo input[type=file]", rose)
    while not held:
        page.wait_for_timeout(50)
    if later == "photo":
        page.set_input_files("#photo input[type=file]", generated_photos / "daisy" / "0.jpg")
    else:
        page.locator("[data-example]").last.click()
    page.wait_for_function(CHANGED, arg=before)
    shown = page.get_attribute("#photo img", "src"), shown_answer(page), page.url
    with page.expect_response("**/gradio_api/upload*"):
        held[0].continue_()
    page.wait_for_timeout(1000)
    assert (page.get_attribute("#photo img", "src"), shown_answer(page), page.url) == shown
    assert page.locator("#photo img").count() == 1


def test_a_camera_takes_a_photo_once_it_has_a_picture(open_page: Any) -> None:
    sent: list[str] = []
    page = open_page()
    page.on("request", lambda r: sent.append(r.url) if "/upload" in r.url else None)
    before = shown_answer(page)
    camera = page.locator("#photo").get_by_role("button", name="Camera")
    take = page.get_by_role("button", name="Take the photo")

    page.evaluate(DARK)
    camera.click()
    take.wait_for()
    page.wait_for_timeout(500)
    assert take.is_disabled()
    # As if it could be pressed all the same.
    page.evaluate("document.querySelector('#photo dialog').close('take')")
    page.wait_for_timeout(500)
    assert sent == []
    assert shown_answer(page) == before

    page.evaluate(YELLOW)
    camera.click()
    page.wait_for_function("!document.querySelector('#photo dialog [value=take]').disabled")
    take.click()
    page.wait_for_function(CHANGED, arg=before)
    shown = page.locator("#photo .stage img")
    assert shown.evaluate("e => [e.naturalWidth, e.naturalHeight]") == [320, 240]
