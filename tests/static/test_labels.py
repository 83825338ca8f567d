"""Labels by folders in the page without a server: as the app labels the same photos."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

import pytest

from flowers.backbones import DEFAULT_CLASSES
from flowers.folders.disk import DiskFile
from flowers.folders.labels import dropped_labels, with_labels
from flowers.page.words import WORDS
from static.site import label_rules
from tests.static.node import ask_node, node_program
from tests.static.visiting import OTHERS
from tests.support.browser import Page
from tests.support.photos import write_photos

expect = pytest.importorskip("playwright.sync_api").expect

PROGRAM = """
import { Labels } from %s;
import { readFileSync } from "node:fs";
const { rules, cases } = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(cases.map(([names, classes]) => {
  const labels = new Labels(classes, rules);
  const named = labels.of(names);
  const dropped = labels.dropped(named.map(({ folder }) => folder));
  return { named, dropped, sentences: dropped.map((one) => labels.sentence(one)) };
})));
"""
FOLDERS = (
    *(
        "rose",
        "Rose",
        " rose ",
        "roses",
        "Red roses (2024)",
        "rsoe",
        "dasiy",
        "daisies",
        "r\u00f4se",
    ),
    *(
        "GÄNSEBLÜMCHEN",
        "Ga\u0308nseblu\u0308mchen",
        "train",
        "seg_test",
        "ValidationSet",
        "Trainer",
    ),
    *("unknown", "it's", "2024", "tulip", "Tulip", "photos", "\u200btulip", "toolip", "lilly"),
)
CLASSES = ["daisy", "rose", "tulip", "Tulip", "Gänseblümchen", "lily"]


def as_python_does(names: list[str], classes: list[str]) -> dict[str, Any]:
    named = with_labels([DiskFile(name, Path(name)) for name in names], classes)
    dropped = dropped_labels([one.folder for one in named], classes)
    return {
        "named": [{"label": one.label, "folder": one.folder} for one in named],
        "dropped": list(map(asdict, dropped)),
        "sentences": list(map(str, dropped)),
    }


def test_folders_mean_the_same_in_both(tmp_path: Path, node_packages: None) -> None:
    program = node_program(PROGRAM, ["labels.ts"], tmp_path)
    dice = Random(0)
    cases = []
    for _ in range(400):
        chosen = dice.sample(FOLDERS, dice.randint(1, 5))
        names = [
            "/".join([*(dice.choice(chosen) for _ in range(dice.randint(1, 3))), f"{number}.jpg"])
            for number in range(dice.randint(1, 8))
        ]
        cases.append((names, dice.sample(CLASSES, dice.randint(1, len(CLASSES)))))
    said = ask_node(program, rules=label_rules(), cases=cases)
    suggested = set()
    for found, (names, classes) in zip(said, cases, strict=True):
        expected = as_python_does(names, classes)
        assert found == expected, (names, classes)
        suggested |= {(d["folder"], d["suggestion"]) for d in expected["dropped"]}
    # By a part of the name, by its letters, and by none.
    assert {("Red roses (2024)", "rose"), ("dasiy", "daisy"), ("unknown", None)} <= suggested


def test_folders_without_a_class_are_named_and_taken_for_what_they_may_mean(
    site: str, open_site: Callable[..., Page], tmp_path: Path
) -> None:
    folder = write_photos(tmp_path / "mine", 2)
    (folder / "rose").rename(folder / "roses")
    (folder / "sunflower").rename(folder / "garden")
    names = [path.relative_to(tmp_path).as_posix() for path in sorted(folder.glob("*/*.jpg"))]
    page = open_site(f"{site}?tab=photos")
    page.set_input_files("#batch-folder", folder)
    expect(page.locator("#batch-files")).to_have_text("6 photos, 2 labelled by their folders.")
    page.get_by_text("Models", exact=True).click()
    for name in OTHERS:
        page.locator("#batch-choice").get_by_label(name).uncheck()
    page.get_by_role("button", name="Read all photos").click()
    page.wait_for_selector("#batch-links a")
    said = as_python_does(names, list(DEFAULT_CLASSES))["sentences"]
    assert page.locator("#batch-summary .failure").all_inner_texts() == said
    assert len(said) == 2
    meaning = WORDS["meaning"].format(folder="roses", name="rose")
    page.get_by_role("button", name=WORDS["take_meanings"].format(meanings=meaning)).click()
    labels = page.locator("table.batch select").evaluate_all("all => all.map(e => e.value)")
    assert sorted(labels) == ["", "", "daisy", "daisy", "rose", "rose"]
    left = [sentence for sentence in said if "garden" in sentence]
    expect(page.locator("#batch-summary .failure")).to_have_text(left)
    expect(page.locator("#batch-take")).to_be_hidden()
    assert "of 4" in page.locator("table.scores").inner_text()
