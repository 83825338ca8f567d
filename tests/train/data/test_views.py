"""Which views are drawn: within the photo, of the right size, each mostly its own photo."""

import numpy as np

from train.data.views import (
    FLIPPED,
    HEIGHT,
    LEFT,
    SHARE,
    TOP,
    WIDTH,
    draw_views,
    whole_views,
)

DRAWN = draw_views(2000, np.random.default_rng(0))


def test_crops_lie_within_the_photo_and_have_the_sizes_asked_for() -> None:
    assert (DRAWN[:, [TOP, LEFT]] >= 0).all()
    assert (DRAWN[:, TOP] + DRAWN[:, HEIGHT] <= 1 + 1e-6).all()
    assert (DRAWN[:, LEFT] + DRAWN[:, WIDTH] <= 1 + 1e-6).all()
    area = DRAWN[:, HEIGHT] * DRAWN[:, WIDTH]
    assert 0.29 < area.min() < 0.4
    assert area.max() > 0.95
    ratio = DRAWN[:, WIDTH] / DRAWN[:, HEIGHT]
    assert 0.74 < ratio.min() < ratio.max() < 1.34


def test_half_of_the_views_are_flipped_and_each_is_mostly_its_own_photo() -> None:
    assert 0.45 < DRAWN[:, FLIPPED].mean() < 0.55
    assert (DRAWN[:, SHARE] >= 0.5).all()
    assert (DRAWN[:, SHARE] < 0.99).mean() > 0.3
    unmixed = draw_views(10, np.random.default_rng(0), mixup=0)
    assert (unmixed[:, SHARE] == 1).all()


def test_a_whole_view_changes_nothing() -> None:
    np.testing.assert_array_equal(whole_views(2), [[0, 0, 1, 1, 0, 1, 1, 1, 1]] * 2)
