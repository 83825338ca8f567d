"""Intervals, tests and corrections have the values of the literature, and those of scipy."""

import numpy as np
import pytest
from scipy.stats import binomtest

from flowers.stats import accuracy_interval, holm, mcnemar, pareto_front, photos_to_decide


@pytest.mark.parametrize(
    ("correct", "photos", "low", "high"),
    [  # Newcombe 1998, table I, the score method without continuity correction.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval_of_the_literature(correct, photos, low, high):
    assert accuracy_interval(correct, photos) == pytest.approx((low, high), abs=6e-5)
    # Of the wrong ones it is the mirror image.
    mirrored = accuracy_interval(photos - correct, photos)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=6e-5)


@pytest.mark.parametrize(("correct", "photos"), [(0, 7), (7, 7), (1, 3), (1143, 1156), (344, 433)])
def test_wilson_interval_as_scipy_has_it(correct, photos):
    expected = binomtest(correct, photos).proportion_ci(0.9, method="wilson")
    assert accuracy_interval(correct, photos, 0.9) == pytest.approx((expected.low, expected.high))


def test_interval_of_all_none_and_nothing():
    assert accuracy_interval(0, 0) == (0.0, 1.0)
    low, high = accuracy_interval(50, 50)
    assert low == pytest.approx(50 / (50 + 1.959964**2), rel=1e-6)
    assert high == 1.0
    narrow, wide = accuracy_interval(45, 50, 0.5), accuracy_interval(45, 50, 0.99)
    assert wide[0] < narrow[0] < 0.9 < narrow[1] < wide[1]


@pytest.mark.parametrize("counts", [(0, 1), (4, 4), (5, 4), (3, 13), (40, 61), (900, 1000)])
def test_mcnemar_is_the_binomial_test_of_scipy(counts: tuple[int, int]) -> None:
    expected = binomtest(counts[0], sum(counts)).pvalue
    assert mcnemar(*counts) == pytest.approx(expected)
    assert mcnemar(*reversed(counts)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("only_first", "only_second", "p_value"),
    [
        (0, 6, 2 / 64),
        (4, 12, 2 * (1 + 16 + 120 + 560 + 1820) / 2**16),
        (1, 2, 1.0),
        (5, 5, 1.0),
        (0, 1, 1.0),
        (10, 0, 2 / 1024),
        (0, 0, 1.0),
        # 98.88 % and 98.62 % of 1,156: the best case for a difference is that no others differ.
        (3, 0, 0.25),
    ],
)
def test_mcnemar_counts_coin_tosses(only_first: int, only_second: int, p_value: float) -> None:
    assert mcnemar(only_first, only_second) == pytest.approx(p_value)


def test_holm_multiplies_the_smallest_by_all_and_never_falls() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []


def test_the_number_of_photos_that_would_decide_is_connors() -> None:
    # d = 0.2, e = 0.12: ((1.95996 x 0.44721 + 0.84162 x 0.43081) / 0.12)^2 = 106.6
    assert photos_to_decide(16, 4, 100) == 107
    assert photos_to_decide(4, 16, 100) == 107
    # The same rates, seen on ten times as many photos, need as many in all.
    assert photos_to_decide(160, 40, 1000) == 107
    # One pair of 66 needs more: z is 3.3683, ((1.50634 + 0.36258) / 0.12)^2 = 242.6
    assert photos_to_decide(16, 4, 100, alpha=0.05 / 66) == 243
    # Differences to one side need fewer: ((0.67895 + 0.27350) / 0.12)^2 = 62.998
    assert photos_to_decide(12, 0, 100) == 63
    assert photos_to_decide(7, 7, 100) is None
    assert photos_to_decide(0, 0, 100) is None
    assert photos_to_decide(0, 0, 0) is None


def test_so_many_photos_decide_four_times_in_five() -> None:
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(107, [0.16, 0.04, 0.8], 2000)
    found = np.mean([mcnemar(int(b), int(c)) < 0.05 for b, c, _ in drawn])
    assert 0.7 < found < 0.85  # The exact test is a little more careful than the formula.


def test_the_pareto_front_leaves_out_what_another_beats_in_both() -> None:
    points = {"a": (1.0, 80.0), "b": (1.0, 90.0), "c": (9.0, 89.0), "d": (5.0, 95.0)}
    assert pareto_front(points) == ["b", "d"]
