"""The Your photos tab in a real browser."""

import csv
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from flowers.backbones import DEFAULT_CLASSES
from tests.support.browser import choose_photos, label_as_second, tab
from tests.support.photos import COLOURS

pytest.importorskip("playwright.sync_api")

# How every cell of a batch is marked.
MARKS = """[...document.querySelectorAll('table.batch td[data-reads]')].map((cell) =>
  ['right', 'wrong'].filter((mark) => cell.classList.contains(mark)).join())"""


def test_labelled_photos_are_scored_and_labels_can_be_changed(
    open_page: Any, generated_photos: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "photos.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name in COLOURS:
            for i in range(4):
                packed.write(generated_photos / name / f"{i}.jpg", f"mine/{name}/{i}.jpg")
        packed.writestr("mine/rose/broken.jpg", b"no photo")
    page = open_page()
    choose_photos(page, archive, "photos.zip")
    page.click("#batch-start")
    page.wait_for_selector("table.batch:not([aria-busy])")
    assert "12 photos, 2 models" in page.inner_text("#batch-summary")
    # Twelve photos are too few to tell two variants of one backbone apart.
    assert page.inner_text("#batch-summary h2") == "No clear winner yet"
    assert "broken.jpg is not a photo" in page.inner_text("#batch-summary")
    assert page.locator("table.batch tbody tr").count() == 13
    page.wait_for_selector("#batch-accuracy .scatterlayer .point", state="attached")
    cells = page.locator("#batch-confusion button").all_inner_texts()
    assert sum(map(int, cells)) == 12

    before = page.inner_text("#batch-summary .facts")
    # One photo more or less is right then, whatever the models say.
    number = page.locator("table.batch tr:has(select) select").first.get_attribute("data-row")
    row = page.locator(f'table.batch tr:has(select[data-row="{number}"])')
    said = {text.split()[0] for text in row.locator("td.right, td.wrong").all_inner_texts()}
    wrong = row.locator("td.right").count() == 0
    label = next(name for name in DEFAULT_CLASSES if (name in said) == wrong)
    row.locator("select").select_option(label)
    assert (row.locator("td.right").count() > 0) == wrong
    page.wait_for_function(
        "(before) => document.querySelector('#batch-summary .facts').innerText !== before",
        arg=before,
    )

    with page.expect_download() as download:
        page.locator("#batch-links").get_by_role("link", name="Download CSV").click()
    with Path(download.value.path()).open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 12 * 2
    assert {line["label"] for line in lines} == {*COLOURS, label}
    with page.expect_download() as download:
        page.locator("#batch-links").get_by_role("link", name="Download JSON").click()
    found = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert [score["photos"] for score in found["scores"]] == [12, 12]


def test_a_folder_can_be_taken_for_the_class_that_it_means(
    open_page: Any, generated_photos: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "photos.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for i in range(3):
            packed.write(generated_photos / "rose" / f"{i}.jpg", f"mine/roses/{i}.jpg")
            packed.write(generated_photos / "daisy" / f"{i}.jpg", f"mine/daisy/{i}.jpg")
        packed.write(generated_photos / "sunflower" / "0.jpg", "mine/garden/0.jpg")
        packed.writestr("mine/notes.txt", b"no photo")
    page = open_page()
    choose_photos(page, archive, "photos.zip")
    page.click("#batch-start")
    page.wait_for_selector("table.batch:not([aria-busy])")
    summary = page.inner_text("#batch-summary")
    assert "The folder 'roses' does not have the name of a class" in summary
    assert "Left aside, other files: 1 (mine/notes.txt)" in summary
    page.get_by_role("button", name="Take roses for rose").click()
    page.wait_for_selector("#batch-take", state="hidden")
    summary = page.inner_text("#batch-summary")
    assert "roses" not in summary
    assert "The folder 'garden' does not have the name of a class" in summary
    labels = page.locator("table.batch select").evaluate_all("all => all.map(one => one.value)")
    assert sorted(labels) == ["", *["daisy"] * 3, *["rose"] * 3]


def test_unlabelled_photos_show_how_far_the_models_agree(
    open_page: Any, generated_photos: Path
) -> None:
    page = open_page()
    photos = [generated_photos / name / "1.jpg" for name in COLOURS]
    choose_photos(page, photos, "1.jpg")
    page.click("#batch-start")
    page.wait_for_selector("table.batch:not([aria-busy])")
    assert "3 photos, 2 models" in page.inner_text("#batch-summary")
    assert not page.locator("#batch-accuracy").is_visible()
    before = page.evaluate(MARKS)
    assert "right" not in before
    page.locator("table.batch select").first.select_option("rose")
    page.wait_for_selector("#batch-accuracy .scatterlayer .point", state="attached")
    assert page.evaluate(MARKS) != before
    # Where a label is taken back, what differs from the consensus is marked again.
    page.locator("table.batch select").first.select_option("")
    assert page.evaluate(MARKS) == before


def test_labels_picked_in_quick_succession_all_count(
    open_page: Any, generated_photos: Path
) -> None:
    page = open_page()
    photos = [generated_photos / "rose" / f"{i}.jpg" for i in range(8)]
    choose_photos(page, photos, "0.jpg")
    page.click("#batch-start")
    page.wait_for_selector("table.batch select")
    for select in page.locator("table.batch select").all():
        select.select_option("rose")
    page.wait_for_function("/of 8 photos/.test(document.querySelector('#batch-summary').innerText)")


def test_the_sample_batch_is_scored_at_one_click(open_page: Any) -> None:
    page = open_page()
    tab(page, "Your photos")
    page.get_by_role("button", name="Try with 28 sample photos").click()
    page.wait_for_selector("table.batch:not([aria-busy])")
    assert page.inner_text("#batch-summary .eyebrow") == "28 photos, 2 models"
    assert page.locator("table.batch tbody tr").count() == 28
    assert page.locator("table.batch td.right").count() > 10
    assert page.locator("table.batch td.wrong").count() > 0
    # Where two variants on 23 photos cannot be told apart, there is nothing to draw.
    same = page.inner_text("#batch-real p").startswith("No: on these photos, no two models differ")
    assert page.locator("#batch-difference").is_visible() != same

    # Two models that do not agree: without the label, the one that the consensus is not with.
    row = page.locator(f'table.batch tr[data-row="{label_as_second(page)}"]')
    assert row.locator("td.right").count() == row.locator("td.wrong").count() == 1
    row.locator("select").select_option("")
    assert row.locator("td.right").count() == 0
    (marked,) = row.locator("td.wrong").all()
    assert marked.get_attribute("data-reads") != row.get_attribute("data-nearest")
