"""Intervals, paired tests, corrections and fronts, in the standard library alone."""

from collections.abc import Hashable, Mapping, Sequence
from math import ceil, sqrt
from statistics import NormalDist
from typing import TypeVar

_Key = TypeVar("_Key", bound=Hashable)

SIGNIFICANT = 0.05
"""Differences whose corrected p-value is below this are called real."""


POWER = 0.8
"""Probability with which as many photos as are asked for find a difference that is there."""


def accuracy_interval(correct: int, photos: int, confidence: float = 0.95) -> tuple[float, float]:
    """Score interval of an accuracy (Wilson 1927). (0, 1) for no photos."""
    if photos == 0:
        return 0.0, 1.0
    z2 = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
    middle = (correct + z2 / 2) / (photos + z2)
    half = sqrt(z2 * (correct * (photos - correct) / photos + z2 / 4)) / (photos + z2)
    return max(0.0, middle - half), min(1.0, middle + half)


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided p-value of McNemar's exact test (McNemar 1947), 1 where nothing differs.

    Of the photos that only one of two models got right, each model would have half by chance: the
    p-value is twice the binomial probability of a share as small as the smaller one.
    """
    differing = only_first + only_second
    ways, tail = 1, 0
    for k in range(min(only_first, only_second) + 1):
        tail += ways
        ways = ways * (differing - k) // (k + 1)
    return min(1.0, 2 * tail / 2**differing)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction of p-values, in the order given (Holm 1979)."""
    adjusted = [0.0] * len(p_values)
    running = 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = running
    return adjusted


def photos_to_decide(
    only_first: int,
    only_second: int,
    photos: int,
    alpha: float = SIGNIFICANT,
    power: float = POWER,
) -> int | None:
    """How many photos in all McNemar's test would need to find the difference that is seen now.

    With d the share of photos that only one of two models got right, and e the difference of their
    accuracies, a two-sided test at level `alpha` finds e with probability `power` on
    ((z[alpha/2] sqrt(d) + z[1-power] sqrt(d - e^2)) / e)^2 photos (Connor 1987). None where the
    models are right equally often: then no number of such photos decides.
    """
    if only_first == only_second or photos == 0:
        return None
    differing = (only_first + only_second) / photos
    difference = abs(only_first - only_second) / photos
    normal = NormalDist()
    spread = -normal.inv_cdf(alpha / 2) * sqrt(differing)
    spread += normal.inv_cdf(power) * sqrt(max(0.0, differing - difference**2))
    return ceil((spread / difference) ** 2)


def pareto_front(points: Mapping[_Key, tuple[float, float]]) -> list[_Key]:
    """The keys of (cost, gain) that no other beats in both at once, cheapest first."""
    front: list[_Key] = []
    best = float("-inf")
    for key in sorted(points, key=lambda k: (points[k][0], -points[k][1])):
        if points[key][1] > best:
            best = points[key][1]
            front.append(key)
    return front
