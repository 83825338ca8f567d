"""Where the names of points stand: readable on a phone, whatever was measured."""

from itertools import combinations

import numpy as np
import pytest

from flowers.backbones import BACKBONES
from flowers.page.charts import names
from flowers.page.charts.names import WIDTH, place_names

HEIGHT = 198
NAMES = {key: backbone.name for key, backbone in BACKBONES.items()}


Points = dict[str, tuple[float, float]]


def boxes(points: Points, placed: dict[str, str] | None = None) -> list[names.Box]:
    placed = placed or place_names({key: NAMES[key] for key in points}, points, HEIGHT)
    return [
        names._box(x * WIDTH, y * HEIGHT, NAMES[key], placed[key]) for key, (x, y) in points.items()
    ]


def covered(found: list[names.Box]) -> bool:
    return any(one.meets(other) for one, other in combinations(found, 2))


def test_a_lone_name_stands_above_its_point() -> None:
    assert place_names({1: "VGG16"}, {1: (0.5, 0.5)}, HEIGHT) == {1: "top center"}


def test_of_two_close_points_the_higher_has_its_name_above_and_the_lower_below() -> None:
    points = {"vgg16": (0.5, 0.5), "inceptionresnetv2": (0.55, 0.48)}
    assert place_names({k: NAMES[k] for k in points}, points, HEIGHT) == {
        "vgg16": "top center",
        "inceptionresnetv2": "bottom center",
    }


@pytest.mark.parametrize("x", [0.02, 0.98])
@pytest.mark.parametrize("y", [0.02, 0.98])
def test_a_name_in_a_corner_stays_in_the_picture(x: float, y: float) -> None:
    (box,) = boxes({"inceptionresnetv2": (x, y)})
    assert box.left >= 0
    assert box.right <= WIDTH
    assert box.bottom >= 0
    assert box.top <= HEIGHT


def test_six_names_hardly_ever_cover_one_another() -> None:
    rng = np.random.default_rng(0)
    drawn: list[Points] = [
        dict(zip(NAMES, map(tuple, rng.uniform(0.1, 0.9, (6, 2)).tolist()), strict=True))
        for _ in range(200)
    ]
    above = dict.fromkeys(NAMES, "top center")
    assert sum(covered(boxes(points, above)) for points in drawn) > 100
    assert sum(covered(boxes(points)) for points in drawn) < 20
