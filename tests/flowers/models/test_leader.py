"""Who reads best, by the examples that every edition has to satisfy."""

from typing import Any

import pytest

from flowers.models.compare import published_points, standings
from flowers.models.leader import leader_of, published_lead, round_up
from flowers.weights.folder import DEFAULT_FOLDER
from flowers.weights.published import read_published
from tests.support.verdicts import named, outcomes_of


@named("labelled")
def test_a_winner_is_crowned_only_by_the_test(example: dict[str, Any]) -> None:
    found = leader_of(standings(outcomes_of(example)))
    assert found.look == example["look"]
    assert found.title == example["title"]
    assert list(found.facts) == example["facts"]


def test_the_published_lead_is_told_in_photos() -> None:
    published = read_published(DEFAULT_FOLDER)
    points = published_points(published)
    assert len(points) == 12
    # 99.48 % of 1,156 are 1,150 photos, 98.88 % are 1,143.
    accuracy, low, high = points["densenet121", "finetuned"]
    assert accuracy == 1150 / 1156
    assert (low, high) == pytest.approx((0.98873, 0.99762), abs=1e-5)
    assert published_lead(points, published.test_photos).startswith(
        "The study's best, DenseNet121 finetuned, is 7 of 1,156 test photos ahead of "
        "ResNet101 transfer."
    )


def test_numbers_of_photos_are_rounded_up_to_two_digits() -> None:
    assert [round_up(n) for n in (1, 9, 10, 99, 101, 1234, 100_001)] == [
        *(1, 9, 10, 99, 110, 1300, 110_000),
    ]
