"""The verdicts of the edition without a server, by the examples that the app's satisfy too."""

from pathlib import Path
from typing import Any

import pytest

from flowers.models.compare import standings
from flowers.models.sentences import percent
from flowers.page.charts.matrices import MODEL_ROW, difference_chart
from static.export import script_figure
from static.site import verdict_rules
from tests.static.node import ask_node, node_program
from tests.support.verdicts import EXAMPLES, outcomes_of

PROGRAM = """
import { differenceFigure } from %s;
import { percent } from %s;
import { judge, refusals } from %s;
import { headToHead, leaderOf } from %s;
import { verdictOf } from %s;
import { twoDigits } from %s;
import { readFileSync } from "node:fs";
const asked = JSON.parse(readFileSync(0, "utf8"));
const { classes, models, photos, strangers, refused, pair, empty, words } = asked;
const none = words.sentences.none_short;
if (asked.shares) {
  const written = (share) => [percent(share), percent(share, 1), twoDigits(share)];
  console.log(JSON.stringify(asked.shares.map(written)));
  process.exit();
}
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
  console.log(JSON.stringify(empty
    ? differenceFigure(standings, words, empty)
    : pair
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
    modules = (
        "difference_figure.ts",
        "elements.ts",
        "judge.ts",
        "leader.ts",
        "looks.ts",
        "rounding.ts",
    )
    return node_program(PROGRAM, modules, tmp_path_factory.mktemp("looks"))


def ask(program: Path, **asked: object) -> Any:
    return ask_node(program, **{"classes": EXAMPLES["classes"], "words": verdict_rules(), **asked})


def in_order(photos: dict[str, int]) -> list[tuple[str, int]]:
    """Patterns and counts; JavaScript would put those that look like numbers first."""
    return list(photos.items())


def test_the_same_verdicts_in_the_same_words(program: Path) -> None:
    assert EXAMPLES["photo"]
    for example in EXAMPLES["photo"]:
        expected = {
            key: example[key] for key in ("look", "names", "brief", "votes", "title", "facts")
        }
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


def test_numbers_are_rounded_alike(program: Path) -> None:
    shares = [count / photos for photos in (8, 16, 64, 80, 433) for count in range(photos + 1)]
    shares += [0.625, 2**-11, 2**-20, 3e-7, 1e-5, 0.00012345]
    expected = [[percent(s), percent(s, 1), f"{s:.2g}"] for s in shares]
    assert ask(program, shares=shares) == expected
    assert ["12\u202f%", "12.5\u202f%", "0.12"] in expected  # A tie goes to the even digit.


def test_the_same_matrix_of_differences(program: Path) -> None:
    empty = {"figure": script_figure(difference_chart(standings({}))), "row": MODEL_ROW}
    coloured = []
    for example in EXAMPLES["labelled"]:
        asked = {"models": example["models"], "photos": in_order(example["photos"])}
        found = ask(program, **asked, empty=empty)
        expected = script_figure(difference_chart(standings(outcomes_of(example))))
        assert found == expected, example["case"]
        coloured += [value for row in expected["data"][0]["z"] for value in row]
    assert {0, 1, None} <= set(coloured)
