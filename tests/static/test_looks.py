"""The verdicts of the edition without a server, by the examples that the app's satisfy too."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from flowers.models.verdicts import exported
from static.bundle import STATIC_FOLDER, bundle
from tests.support import ROOT

PROGRAM = """
import { leaderOf, verdictOf } from %s;
import { judge } from %s;
import { readFileSync } from "node:fs";
const { classes, models, photos, words } = JSON.parse(readFileSync(0, "utf8"));
if (photos) {
  const said = ([backbone, variant], right) => ({ backbone, variant, classes,
    probabilities: classes.map((name) => Number(name === (right === "1" ? "rose" : "daisy"))),
    known: true, pKnown: null, milliseconds: 1 });
  const readings = Object.entries(photos).flatMap(([pattern, count]) =>
    Array.from({ length: count }, () => ({ photo: "", label: "rose", reason: null,
      predictions: models.map((model, i) => said(model, pattern[i])) })));
  console.log(JSON.stringify(leaderOf(judge(readings), words)));
  process.exit();
}
const found = models.map(({ shares, known, p_known }) => ({
  backbone: "vgg16", variant: "transfer", classes, probabilities: shares, known, pKnown: p_known,
  milliseconds: 1 }));
console.log(JSON.stringify(verdictOf(found, words)));
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, node_packages: None) -> Path:
    """A script for node that gives a verdict."""
    folder = tmp_path_factory.mktemp("looks")
    source = folder / "program.ts"
    modules = [json.dumps(str(STATIC_FOLDER / "src" / name)) for name in ("looks.ts", "verdict.ts")]
    source.write_text(PROGRAM % tuple(modules))
    bundle(str(source), folder / "program.mjs", "--format=esm", "--platform=node")
    return folder / "program.mjs"


EXAMPLES = json.loads((ROOT / "tests/support/verdicts.json").read_text(encoding="utf-8"))


def ask(program: Path, **asked: object) -> Any:
    done = subprocess.run(
        ["node", program],
        input=json.dumps({"classes": EXAMPLES["classes"], "words": exported(), **asked}),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_the_same_verdicts_in_the_same_words(program: Path) -> None:
    assert EXAMPLES["photo"]
    for example in EXAMPLES["photo"]:
        expected = {key: example[key] for key in ("look", "names", "title", "facts")}
        assert ask(program, models=example["models"]) == expected, example["case"]


def test_the_same_leaders_in_the_same_words(program: Path) -> None:
    assert EXAMPLES["labelled"]
    for example in EXAMPLES["labelled"]:
        found = ask(program, models=example["models"], photos=example["photos"])
        expected = {key: example[key] for key in ("look", "title", "facts")}
        assert found == expected, example["case"]
