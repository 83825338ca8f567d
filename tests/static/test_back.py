"""Back and Forward in the page without a server: through the photos that were looked at."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flowers.models.classifier import Classifier
from flowers.models.verdicts import verdict_of
from flowers.page.examples import own_photos
from flowers.photos import read_photo
from tests.static.conftest import WebServer
from tests.static.test_page import ONE, read
from tests.support.browser import READY, Page

expect = pytest.importorskip("playwright.sync_api").expect

PHOTOS = {photo.name: photo for photo in own_photos()}


def test_back_and_forward_lead_through_examples_and_own_photos(
    web: WebServer, open_site: Callable[..., Page], classifier: Classifier, tmp_path: Path
) -> None:
    page = open_site(web.address + ONE)
    page.wait_for_selector(READY)
    credit = page.locator("#photo-credit")
    first = credit.inner_text()
    for name in ("rose", "tulip"):
        page.locator("#examples").get_by_role("button", name=name).click()
        expect(credit).to_contain_text(PHOTOS[f"{name}-1"].shows)
    read(page, PHOTOS["sunflower-1"].path)
    title = page.inner_text("#answer .verdict h2")
    found = classifier.predict(read_photo(PHOTOS["sunflower-1"].path)).values()
    assert title == verdict_of(list(found)).title
    assert page.url == web.address + ONE
    expect(credit).to_be_empty()

    # What is no photo leaves the own one, and is nothing to go back to.
    broken = tmp_path / "broken.jpg"
    broken.write_text("no photo")
    page.set_input_files("#photo-file", broken)
    page.locator("#photo-problem").get_by_role("alert").wait_for()
    page.go_back()
    expect(credit).to_be_empty()
    page.go_back()
    expect(credit).to_contain_text(PHOTOS["tulip-1"].shows)
    assert page.url.endswith("&example=tulip-1")
    page.go_back()
    expect(credit).to_contain_text(PHOTOS["rose-1"].shows)
    page.go_back()
    expect(credit).to_have_text(first)
    assert page.url == web.address + ONE
    for _ in range(3):
        page.go_forward()
    expect(credit).to_be_empty()
    expect(page.locator("#answer .verdict h2")).to_have_text(title)

    # Tabs in between change nothing of the photo.
    page.get_by_role("tab", name="About").click()
    page.go_back()
    assert page.get_by_role("tabpanel", name="Classify").is_visible()
    expect(credit).to_be_empty()

    # Own photos are not kept past a reload; what is shown then can be read without them.
    page.reload()
    page.wait_for_selector(READY)
    expect(credit).to_have_text(first)
