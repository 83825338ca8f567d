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
import { judge, refusals } from %s;
import { headToHead, leaderOf } from %s;
import { verdictOf } from %s;
import { readFileSync } from "node:fs";
const asked = JSON.parse(readFileSync(0, "utf8"));
const { classes, models, photos, strangers, refused, pair, words } = asked;
const none = words.sentences.none_short;
if (photos) {
  const said = ([backbone, variant], name, known) => ({ backbone, variant, classes,
    probabilities: classes.map((other) => Number(other === name)),
    known, pKnown: null, milliseconds: 1 });
  const readings = (patterns, label, says) => (patterns ?? []).flatMap(([pattern, count]) =>
    Array.from({ length: count }, () => ({ photo: "", label, reason: null,
      predictions: models.map((model, i) => said(model, ...says(pattern[i] === "1"))) })));
  const all = [
    ...readings(strangers, none, (one) => ["rose", !one]),
    ...readings(refused, "rose", (one) => ["rose", !one]),
    ...readings(photos, "rose", (one) => [one ? "rose" : "daisy", true]),
  ];
  const standings = judge(all, words);
  const as = (i) => ({ backbone: models[i][0], variant: models[i][1] });
  console.log(JSON.stringify(pair
    ? { ...headToHead(all, standings, ...pair.map(as), words), refusals: refusals(all, none) }
    : leaderOf(standings, words)));
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
    names = ("judge.ts", "leader.ts", "looks.ts")
    modules = [json.dumps(str(STATIC_FOLDER / "src" / name)) for name in names]
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


def in_order(photos: dict[str, int]) -> list[tuple[str, int]]:
    """Patterns and counts; JavaScript would put those that look like numbers first."""
    return list(photos.items())


def test_the_same_verdicts_in_the_same_words(program: Path) -> None:
    assert EXAMPLES["photo"]
    for example in EXAMPLES["photo"]:
        expected = {key: example[key] for key in ("look", "names", "title", "facts")}
        assert ask(program, models=example["models"]) == expected, example["case"]


def test_the_same_leaders_in_the_same_words(program: Path) -> None:
    assert EXAMPLES["labelled"]
    for example in EXAMPLES["labelled"]:
        found = ask(program, models=example["models"], photos=in_order(example["photos"]))
        expected = {key: example[key] for key in ("look", "title", "facts")}
        assert found == expected, example["case"]


def test_the_same_of_two_models_and_of_what_is_refused(program: Path) -> None:
    assert EXAMPLES["pairs"]
    names = {"onlyFirst": "only_first", "onlySecond": "only_second"}
    for example in EXAMPLES["pairs"]:
        kinds = ("strangers", "refused", "photos")
        photos = {kind: in_order(example.get(kind, {})) for kind in kinds}
        found = ask(program, models=example["models"], pair=example["pair"], **photos)
        counted = [
            [r["refused"], r["photos"], r["strangersRefused"], r["strangers"]]
            for r in found.pop("refusals")
        ]
        assert counted == example["refusals"], example["case"]
        expected = {key: example[names.get(key, key)] for key in found}
        assert found == expected, example["case"]
