"""Views of a photo: what may change and what may not."""

import numpy as np

from train.data.augment import random_view

SIDES = np.zeros((60, 80, 3), np.uint8)
SIDES[:, :40] = 255
"""White on the left, black on the right."""


def views(photo: np.ndarray, number: int, smallest_crop: float = 0.35) -> np.ndarray:
    made = [random_view(photo, 32, np.random.default_rng(i), smallest_crop) for i in range(number)]
    return np.stack(made)


def test_a_view_is_of_the_size_asked_for_and_decided_by_the_generator_alone() -> None:
    found = views(SIDES, 4)
    assert (found.shape, found.dtype) == ((4, 32, 32, 3), np.uint8)
    np.testing.assert_array_equal(found, views(SIDES, 4))
    assert len({view.tobytes() for view in found}) == 4


def test_half_of_the_views_are_flipped_and_none_stands_on_its_head() -> None:
    found = views(SIDES, 200).astype(float)
    left, right = found[:, :, 0].mean(axis=(1, 2)), found[:, :, -1].mean(axis=(1, 2))
    differ = np.abs(left - right) > 50  # A crop may show one of the sides alone.
    assert 0.35 < (right > left)[differ].mean() < 0.65
    upright = np.zeros((60, 80, 3), np.uint8)
    upright[:30] = 255
    found = views(upright, 200).astype(float)
    assert (found[:, 0].mean(axis=(1, 2)) >= found[:, -1].mean(axis=(1, 2))).all()


def test_a_crop_keeps_the_share_of_the_area_that_is_asked_for() -> None:
    steps = np.tile(np.arange(160, dtype=np.uint8)[None, :, None], (160, 1, 3))
    spans = {}
    for smallest in (0.35, 1.0):
        rows = views(steps, 50, smallest)[:, 16, :, 0].astype(float)
        spans[smallest] = np.ptp(rows, axis=1).mean()
    assert spans[0.35] < 0.9 * spans[1.0]
