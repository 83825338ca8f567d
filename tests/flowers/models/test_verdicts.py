"""Verdicts by the examples that every edition has to satisfy, and their words."""

from dataclasses import replace
from string import Formatter
from typing import Any

import pytest

from flowers.backbones import DEFAULT_CLASSES, Model
from flowers.models.classifier import Prediction
from flowers.models.compare import Reading, judge
from flowers.models.consensus import NONE_OF_THESE
from flowers.models.head_to_head import head_to_head
from flowers.models.refusals import refusals
from flowers.models.sentences import SENTENCES, knows_only, listed, none_of, percent
from flowers.models.verdicts import verdict_of
from tests.support.predictions import CLASSES, says
from tests.support.verdicts import EXAMPLES, named


@named("photo")
def test_a_photo_is_agreed_on_split_or_none_of_these(example: dict[str, Any]) -> None:
    assert list(CLASSES) == EXAMPLES["classes"]
    predictions: list[Prediction] = [
        replace(says(*m["shares"], known=m["known"]), p_known=m["p_known"])
        for m in example["models"]
    ]
    found = verdict_of(predictions)
    assert found.look == example["look"]
    assert list(found.names) == example["names"]
    assert (found.brief, found.votes) == (example["brief"], example["votes"])
    assert found.title == example["title"]
    assert list(found.facts) == example["facts"]


@named("pairs")
def test_two_models_are_compared_and_what_they_refuse_is_counted(example: dict[str, Any]) -> None:
    models: list[Model] = [(backbone, variant) for backbone, variant in example["models"]]

    def reading(kind: str, pattern: str) -> Reading:
        said = [
            says(
                *((0.0, 1.0, 0.0) if kind != "photos" or mark == "1" else (1.0, 0.0, 0.0)),
                backbone=backbone,
                variant=variant,
                known=kind == "photos" or mark == "0",
            )
            for (backbone, variant), mark in zip(models, pattern, strict=True)
        ]
        return Reading("", NONE_OF_THESE if kind == "strangers" else "rose", tuple(said))

    readings = []
    for kind in ("strangers", "refused", "photos"):
        for pattern, count in example.get(kind, {}).items():
            readings += [reading(kind, pattern)] * count
    verdict = judge(readings)
    assert verdict is not None
    first, second = (models[i] for i in example["pair"])
    found = head_to_head(readings, verdict, first, second)
    for key in ("only_first", "only_second", "look", "title"):
        assert getattr(found, key) == example[key], key
    assert list(found.facts) == example["facts"]
    counted = [
        [r.refused, r.photos, r.strangers_refused, r.strangers]
        for model in models
        for r in refusals(readings)
        if r.model == model
    ]
    assert counted == example["refusals"]


def test_what_models_know_is_said_in_words() -> None:
    assert none_of(DEFAULT_CLASSES) == "none of the seven flowers"
    assert none_of(["cat", "dog"]) == "none of the two classes"
    assert none_of([str(i) for i in range(13)]) == "none of the 13 classes"
    assert knows_only(["daisy", "rose", "tulip"]) == "These models know only daisy, rose and tulip."
    assert knows_only(["daisy", "rose"]) == "These models know only daisy and rose."


def test_long_lists_are_counted() -> None:
    assert listed(["a"], "or") == "a"
    assert listed(["a", "b", "c"], "or") == "a, b or c"
    assert listed(["a", "b", "c", "d", "e"], "and") == "a, b and 3 more"


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [
        (0.934, 0, "93\u202f%"),
        (1, 0, "100\u202f%"),
        (0.9996, 1, "> 99.9\u202f%"),
        (0, 1, "0.0\u202f%"),
    ],
)
def test_only_all_is_a_hundred_percent(share: float, digits: int, text: str) -> None:
    assert percent(share, digits) == text


def test_every_sentence_can_be_filled_in_by_any_language() -> None:
    for sentence in SENTENCES.values():
        assert all(
            name is None or name.isidentifier() for _, name, *_ in Formatter().parse(sentence)
        )
        assert sentence.count("**") % 2 == 0
