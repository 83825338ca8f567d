"""What the page says of one photo, and the focus maps it shows."""

import numpy as np
import pytest
from PIL import Image

from flowers.backbones import DEFAULT_CLASSES
from flowers.models.classifier import Prediction
from flowers.page.cards import message, percent, result, unknown_name, verdict
from flowers.page.overlay import SIDE, overlay
from tests.support.predictions import says


@pytest.mark.parametrize(
    ("share", "text"), [(0.934, "93"), (0.996, "> 99"), (1.0, "100"), (0.0, "0"), (0.987, "99")]
)
def test_only_a_full_share_is_a_hundred_percent(share: float, text: str) -> None:
    assert percent(share) == f"{text}\u202f%"


def test_the_verdict_names_the_class_and_who_reads_otherwise() -> None:
    html = verdict([says(0.9, 0.1, 0.0), says(0.8, 0.2, 0.0), says(0.1, 0.7, 0.2)])
    assert "<h2>Daisy</h2>" in html
    assert "2 of 3" in html
    assert "60\u202f%" in html
    assert "<b>rose</b> by VGG16 transfer (70\u202f%)" in html


def test_an_unknown_photo_is_said_to_be_none_in_plain_words() -> None:
    html = verdict([says(0.4, 0.3, 0.3, known=False), says(0.4, 0.3, 0.3, known=False)])
    assert "<h2>None of the three flowers</h2>" in html
    assert 'data-known="false"' in html
    assert unknown_name(DEFAULT_CLASSES) == "none of the seven flowers"
    assert unknown_name(["cat", "dog"]) == "none of the two classes"
    assert unknown_name([str(i) for i in range(40)]) == "none of the 40 classes"


def test_commands_in_messages_are_code_and_the_rest_is_only_text() -> None:
    html = message("No <b>weights</b> are here; run `python -m train fit <x>`, or not.")
    assert "No &lt;b&gt;weights&lt;/b&gt; are here" in html
    assert "run <code>python -m train fit &lt;x&gt;</code>, or not." in html


def test_pending_and_failed_models_are_shown_beside_those_that_answered() -> None:
    photo = Image.new("RGB", (40, 30), "green")
    html = result(
        photo,
        [says(0.9, 0.1, 0.0)],
        [("resnet101", "transfer")],
        {"densenet121": "The file <x> is damaged."},
        {"resnet101": "fetching, 40 %"},
    )
    assert 'data-pending="1"' in html
    assert "fetching, 40 %" in html
    assert "DenseNet121 was left out: The file &lt;x&gt; is damaged." in html


def test_class_names_are_escaped() -> None:
    bad = Prediction(
        "vgg16",
        "transfer",
        ("<img src=x>", "rose"),
        np.array([0.9, 0.1]),
        np.ones((2, 2, 2)),
        True,
        1.0,
    )
    html = result(Image.new("RGB", (20, 20)), [bad], [], {})
    assert "<img src=x>" not in html


def test_the_focus_map_is_opaque_where_the_predicted_class_was_found() -> None:
    focus = np.zeros((7, 7, 3), dtype=np.float32)
    focus[1, 5, 1] = 4.0
    focus[5, 1, 0] = 9.0  # Of another class.
    seen = Prediction(
        "vgg16", "transfer", ("a", "b", "c"), np.array([0.1, 0.8, 0.1]), focus, True, 1.0
    )
    alpha = np.asarray(overlay(seen))[..., 3]
    row, column = np.unravel_index(alpha.argmax(), alpha.shape)
    cell = SIDE // 7
    assert (row // cell, column // cell) == (1, 5)
    assert alpha.max() > 150
    assert alpha[5 * cell + 4, cell + 4] == 0


def test_an_empty_focus_map_shows_nothing() -> None:
    blank = says(0.2, 0.5, 0.3)
    assert np.asarray(overlay(blank))[..., 3].max() == 0
