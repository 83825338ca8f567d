"""The masthead: what visitors should know of the weights, said once."""

from pathlib import Path

import pytest

from flowers.backbones import BACKBONES
from flowers.models.zoo import Zoo
from flowers.page.app import masthead
from flowers.weights.folder import read_config, write_config
from flowers.weights.source import Source
from tests.support.folders import make_folder
from tests.support.markup import Markup

SAME = "Starter weights, 36 epochs for each."
OTHER = "Starter weights, 46 epochs."


@pytest.mark.parametrize(
    ("notices", "shown"),
    [
        ((SAME, SAME), {"Starter weights": ["36 epochs for each."]}),
        (
            (SAME, OTHER),
            {"Starter weights": ["VGG16: 36 epochs for each.", "MobileNetV2: 46 epochs."]},
        ),
        ((None, OTHER), {"Starter weights": ["46 epochs."]}),
    ],
)
def test_a_notice_is_said_once_and_names_backbones_where_they_differ(
    tmp_path: Path, notices: tuple[str | None, ...], shown: dict[str, list[str]]
) -> None:
    root = make_folder(tmp_path / "weights", "vgg16", "mobilenetv2")
    for key, notice in zip(("vgg16", "mobilenetv2"), notices, strict=True):
        config = read_config(root / key)
        write_config(root / key, config.model_copy(update={"notice": notice}))
    page = Markup(masthead(Zoo(Source(root))))
    found = {
        Markup(notice).text("summary"): Markup(notice).texts("p") for notice in page.all("details")
    }
    assert found == shown


def test_how_many_are_loaded_is_said_only_where_some_are_missing(tmp_path: Path) -> None:
    some = masthead(Zoo(Source(make_folder(tmp_path / "some", "vgg16", "mobilenetv2"))))
    assert Markup(some).text("b") == "2 of 6 loaded here."
    every = masthead(Zoo(Source(make_folder(tmp_path / "all", *BACKBONES))))
    assert not Markup(every).texts("b")
