"""Consensus, disagreement, scores and tests, on predictions that are written out."""

import pytest

from flowers.backbones import VARIANTS, all_models
from flowers.models.compare import Reading, judge, paired_test, standings
from flowers.models.consensus import NONE_OF_THESE
from flowers.models.refusals import Refusals, refusals
from flowers.weights.results import Outcome
from tests.support.predictions import says


def test_disputed_photos_come_first_and_unreadable_ones_last() -> None:
    agreed = Reading("agreed", None, (says(1, 0, 0), says(1, 0, 0), says(1, 0, 0)))
    split = Reading("split", None, (says(1, 0, 0), says(1, 0, 0), says(0, 1, 0)))
    chaos = Reading("chaos", None, (says(1, 0, 0), says(0, 1, 0), says(0, 0, 1)))
    broken = Reading("broken", reason="It is not a photo.")
    ranked = sorted([agreed, broken, split, chaos], key=lambda r: r.rank, reverse=True)
    assert [reading.photo for reading in ranked] == ["chaos", "split", "agreed", "broken"]


def test_models_come_in_one_order_whatever_was_chosen_first() -> None:
    chosen = all_models(["resnet101", "vgg16"], ["finetuned", "transfer"])
    assert chosen == [
        ("vgg16", "transfer"),
        ("vgg16", "finetuned"),
        ("resnet101", "transfer"),
        ("resnet101", "finetuned"),
    ]


def test_judge_scores_labelled_photos_only() -> None:
    right, wrong = says(1, 0, 0, variant="transfer"), says(0, 1, 0, variant="finetuned")
    verdict = judge(
        [Reading(str(i), "daisy", (right, wrong)) for i in range(8)]
        + [Reading("unlabelled", None, (right, wrong)), Reading("broken", "rose", reason="no")]
    )
    assert verdict is not None
    assert verdict.best.model == ("vgg16", "transfer")
    assert [(s.correct, s.photos) for s in verdict.scores] == [(8, 8), (0, 8)]
    low, high = verdict.best.interval
    assert 0.6 < low < 1.0 == pytest.approx(high)
    assert verdict.confusion["vgg16", "finetuned"] == [[0, 8, 0], [0, 0, 0], [0, 0, 0]]
    (test,) = verdict.differences
    assert (test.only_first, test.only_second) == (8, 0)
    assert test.p_value == pytest.approx(2 * 0.5**8)
    assert verdict.beaten() == [("vgg16", "finetuned")]


def test_photos_of_no_class_enter_neither_accuracy_nor_tests() -> None:
    refused, taken = says(1, 0, 0, known=False), says(0, 1, 0, variant="finetuned")
    readings = [
        *[Reading(str(i), "daisy", (refused, taken)) for i in range(3)],
        *[Reading(f"stranger {i}", NONE_OF_THESE, (refused, taken)) for i in range(5)],
    ]
    verdict = judge(readings)
    assert verdict is not None
    assert [(s.correct, s.photos) for s in verdict.scores] == [(3, 3), (0, 3)]
    assert NONE_OF_THESE not in verdict.classes
    (test,) = verdict.differences
    assert (test.only_first, test.only_second) == (3, 0)
    assert refusals(readings) == [
        Refusals(("vgg16", "transfer"), refused=3, photos=3, strangers_refused=5, strangers=5),
        Refusals(("vgg16", "finetuned"), refused=0, photos=3, strangers_refused=0, strangers=5),
    ]
    strangers = readings[3:]
    assert judge(strangers) is None
    assert refusals(strangers)[0] == Refusals(("vgg16", "transfer"), 0, 0, 5, 5)


def test_without_labels_nobody_is_judged() -> None:
    assert judge([Reading("photo", None, (says(1, 0, 0),))]) is None


def test_one_photo_more_is_no_real_difference() -> None:
    truth = ["daisy"] * 20
    names = [f"{i}.jpg" for i in range(20)]

    def outcomes(right: int) -> list[Outcome]:
        return [
            Outcome(photo=n, label=t, predicted=t if i < right else "rose", probability=0.9)
            for i, (n, t) in enumerate(zip(names, truth, strict=True))
        ]

    verdict = standings(
        {("vgg16", VARIANTS[0]): outcomes(18), ("vgg16", VARIANTS[1]): outcomes(19)}
    )
    assert verdict.best.model == ("vgg16", "finetuned")
    assert verdict.beaten() == []


def seen(right: list[bool], first: int = 0) -> list[Outcome]:
    return [
        Outcome(
            photo=f"rose/{first + i}.jpg",
            label="rose",
            predicted="rose" if one else "tulip",
            probability=0.9,
        )
        for i, one in enumerate(right)
    ]


def test_pairs_are_of_photos_that_both_saw_in_any_order() -> None:
    first, second = seen([True] * 10), seen([False] * 10, first=6)
    assert paired_test(first, second) == (4, 0, 2 / 16)
    assert paired_test(first, list(reversed(second))) == (4, 0, 2 / 16)
    assert paired_test(second, first) == (0, 4, 2 / 16)
    assert paired_test([], []) == (0, 0, 1.0)
