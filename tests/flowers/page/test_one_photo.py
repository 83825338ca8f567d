"""What the page says of one photo, and the focus maps it shows."""

import json
from dataclasses import replace
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from flowers.models.classifier import Prediction
from flowers.models.sentences import percent
from flowers.page.html import message
from flowers.page.one_photo import PhotoAnswer
from flowers.page.pictures import SIDE, overlay
from tests.support.markup import Markup
from tests.support.predictions import says

PHOTO = Image.new("RGB", (40, 30), "green")


def answer(*predictions: Prediction) -> Markup:
    return Markup(PhotoAnswer(PHOTO, list(predictions)).html())


@pytest.mark.parametrize(
    ("share", "text"), [(0.934, "93"), (0.996, "> 99"), (1.0, "100"), (0.0, "0"), (0.987, "99")]
)
def test_only_a_full_share_is_a_hundred_percent(share: float, text: str) -> None:
    assert percent(share) == f"{text}\u202f%"


def test_models_that_agree_are_named_with_who_answers_otherwise() -> None:
    page = answer(says(0.9, 0.1, 0.0), says(0.8, 0.2, 0.0), says(0.2, 0.7, 0.1))
    assert page.all('.verdict[data-look="agreed"]')
    assert page.text("h2") == "Daisy"
    assert "2 of 3 models say daisy" in page.texts(".verdict li")
    assert page.text(".dissent") == "Otherwise: rose by VGG16 transfer (70 %)."
    assert "These models know only daisy, rose and tulip." in page.texts(".verdict .hint")
    # Its second class is the one on which the others agree, so that does not stand out.
    assert page.texts(".bars .differs .bar") == ["rose 70 %", "daisy 20 %"]
    assert page.texts(".bars .differs .top") == ["rose 70 %"]


def test_a_split_names_both_sides_alike_and_crowns_neither() -> None:
    page = answer(says(0.9, 0.1, 0.0), says(0.1, 0.8, 0.1, variant="finetuned"))
    assert page.all('.verdict[data-look="split"]')
    assert page.text("h2") == "Models are split: daisy or rose"
    assert not page.all(".dissent, .differs")


def test_a_photo_of_none_of_the_classes_is_said_to_be_none_in_plain_words() -> None:
    unsure = says(0.4, 0.3, 0.3, known=False)
    page = answer(unsure, unsure, says(0.9, 0.1, 0.0))
    assert page.all('.verdict[data-look="none"]')
    assert page.text("h2") == "None of the three flowers"
    assert page.text(".dissent") == "Otherwise: daisy by VGG16 transfer (90 %)."
    assert page.rows()[0][1] == "daisy refused"


def test_the_focus_map_of_any_class_can_be_asked_for() -> None:
    growing = PhotoAnswer(PHOTO, [says(0.9, 0.1, 0.0)], focus="rose")
    page = Markup(growing.html())
    assert page.texts('[aria-pressed="true"]') == ["for rose"]
    assert page.all('[aria-label="Where VGG16 transfer looked for rose"] img')
    assert page.text("figcaption b") == "rose"
    other = replace(says(0.9, 0.1, 0.0), classes=("daisy", "lily", "tulip"))
    answers = [other, says(0.2, 0.7, 0.1, variant="finetuned")]
    page = Markup(PhotoAnswer(PHOTO, answers, focus="rose").html())
    assert page.texts("figcaption b") == ["does not know rose", "rose"]


def test_commands_in_messages_are_code_and_the_rest_is_only_text() -> None:
    page = Markup(message("No <b>weights</b> are here; run `python -m train fit <x>`, or not."))
    assert page.text('[role="alert"] p:last-child') == (
        "No <b>weights</b> are here; run python -m train fit <x>, or not."
    )
    assert page.texts("code") == ["python -m train fit <x>"]
    assert not page.all("b")


def test_every_model_has_a_row_with_its_probabilities_in_one_order_of_classes() -> None:
    other = replace(says(0.7, 0.3, 0.0), classes=("rose", "lily", "tulip"), backbone="mobilenetv2")
    page = answer(says(0.9, 0.08, 0.02), other)
    assert page.texts("table th[scope=col]")[-4:] == ["daisy", "rose", "tulip", "lily"]
    assert page.rows()[0][-4:] == ["90", "8", "2", "–"]
    assert page.rows()[1] == ["MobileNetV2 transfer", "rose", "–", "70", "0", "30"]


def test_pending_and_failed_models_are_shown_beside_those_that_answered() -> None:
    growing = PhotoAnswer(
        PHOTO,
        [says(0.9, 0.1, 0.0)],
        [("resnet101", "transfer")],
        {"densenet121": "The file <x> is damaged."},
        {"resnet101": "fetching, 40 %"},
    )
    page = Markup(growing.html())
    assert page.all('.answer[data-pending="1"]')
    assert page.rows()[1][:2] == ["ResNet101 transfer", "fetching, 40 %"]
    assert page.text('[role="alert"]') == "DenseNet121 was left out: The file <x> is damaged."
    assert not page.all("a[download]")  # Not before all have answered.
    growing.pending.clear()
    link = Markup(growing.html()).all("a[download]")[0]
    found = json.loads(unquote(str(link["href"]).split(",", 1)[1]))
    assert found["consensus"]["label"] == "daisy"
    assert found["left_out"] == growing.failed


def test_without_any_model_the_reasons_stay() -> None:
    page = Markup(PhotoAnswer(PHOTO, failed={"vgg16": "It is damaged."}).html())
    assert page.texts('[role="alert"] p, p[role="alert"]')[0] == (
        "VGG16 was left out: It is damaged."
    )
    assert "None of the chosen models can be used" in page.text()


def test_class_names_are_escaped() -> None:
    bad = replace(says(0.9, 0.1, 0.0), classes=("<img src=x>", "rose", "tulip"))
    page = answer(bad)
    assert page.text("h2") == "<img src=x>"
    assert not page.all("h2 img, th img, td img")


def test_the_photo_and_its_focus_maps_are_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[str] = []
    monkeypatch.setattr(
        "flowers.page.one_photo.data_uri", lambda image, kind: encoded.append(kind) or kind
    )
    growing = PhotoAnswer(PHOTO, [says(0.9, 0.1, 0.0)])
    first = growing.shown
    growing.html()
    growing.predictions.append(says(0.2, 0.8, 0.0, variant="finetuned"))
    growing.html()
    assert encoded == ["PNG", "PNG"]
    assert growing.shown is first


def test_the_focus_map_is_opaque_where_the_predicted_class_was_found() -> None:
    focus = np.zeros((7, 7, 3), dtype=np.float32)
    focus[1, 5, 1] = 4.0
    focus[5, 1, 0] = 9.0  # Of another class.
    image = overlay(replace(says(0.1, 0.8, 0.1), focus=focus))
    assert image is not None
    alpha = np.asarray(image)[..., 3]
    row, column = np.unravel_index(alpha.argmax(), alpha.shape)
    cell = SIDE // 7
    assert (row // cell, column // cell) == (1, 5)
    assert alpha.max() > 150
    assert alpha[5 * cell + 4, cell + 4] == 0


def test_what_counted_little_is_no_haze_over_the_photo() -> None:
    focus = np.full((7, 7, 3), 0.2, dtype=np.float32)
    focus[:, 4:] = 1.0
    image = overlay(replace(says(0.1, 0.8, 0.1), focus=focus))
    assert image is not None
    alpha = np.asarray(image)[..., 3].astype(float)
    # A fifth of the strength shows with 0.2 ** 1.5 of the opacity, less than a tenth.
    assert alpha[28, 2] / alpha[28, -3] == pytest.approx(0.089, abs=0.02)


def test_an_empty_focus_map_shows_nothing() -> None:
    image = overlay(says(0.2, 0.5, 0.3))
    assert image is not None
    assert np.asarray(image)[..., 3].max() == 0
