"""The sample photos of the page without a server: one click, and the results that Python gives."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from flowers.backbones import DEFAULT_CLASSES
from flowers.models.compare import judge
from flowers.models.zoo import Zoo
from flowers.page import answers
from flowers.page.examples import sample_batch
from flowers.page.many_photos import differences_head
from flowers.page.reading import read_all
from flowers.page.words import WORDS
from flowers.weights.source import DEFAULT_FOLDER, Source
from tests.static.conftest import WebServer
from tests.static.visiting import OTHERS
from tests.support.browser import Page

expect = pytest.importorskip("playwright.sync_api").expect

VARIANTS = ["transfer", "finetuned"]


def test_samples_are_read_in_one_click_and_come_out_as_in_python(
    web: WebServer, open_site: Callable[..., Page]
) -> None:
    page = open_site(f"{web.address}?tab=photos")
    assert not any(name.startswith("samples/") for name in web.sent)
    assert page.get_by_role("button", name="Read all photos").is_disabled()  # There are none yet.
    page.get_by_text("Models", exact=True).click()
    for name in OTHERS:
        page.locator("#batch-choice").get_by_label(name).uncheck()
    samples = sample_batch(DEFAULT_CLASSES)
    page.get_by_role("button", name=f"Try with {len(samples.shots)} sample photos").click()
    page.wait_for_selector("#batch-links a")
    *_, batch = read_all(
        Zoo(Source(DEFAULT_FOLDER)), samples, ["mobilenetv2"], VARIANTS, lambda: False
    )
    readings = [row.reading for row in batch.rows]
    verdict = judge(readings)
    assert verdict is not None

    # Whether the difference is real, in the words of the app.
    said = page.locator("#batch-difference .chart-head")
    assert said.get_by_role("heading").inner_text() == WORDS["real"]
    assert said.locator("p").inner_text() in differences_head(verdict).unescape()

    with page.expect_download() as download:
        page.get_by_role("link", name=WORDS["json"]).click()
    found = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    TypeAdapter(answers.Comparison).validate_python(found)
    expected = answers.as_json(answers.comparison(readings, verdict))
    assert list(found) == list(expected)
    for name in ("scores", "refusals", "differences", "dropped", "notes"):
        assert found[name] == expected[name], name
    for mine, wanted in zip(by_name(found["photos"]), by_name(expected["photos"]), strict=True):
        assert list(mine) == list(wanted)
        assert same(mine, wanted), wanted["photo"]


def by_name(photos: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The most disputed photos come first, and two may be disputed as much."""
    return sorted(photos, key=lambda photo: photo["photo"])


def same(mine: Any, wanted: Any) -> bool:
    """The same answer, but for decoders of JPEG, which differ a little, and for time."""
    if isinstance(wanted, dict):
        return mine.keys() == wanted.keys() and all(
            name == "milliseconds" or same(mine[name], wanted[name]) for name in wanted
        )
    if isinstance(wanted, list):
        return len(mine) == len(wanted) and all(map(same, mine, wanted))
    return bool(
        mine == pytest.approx(wanted, abs=0.02) if type(wanted) is float else mine == wanted
    )
