"""What is blanked is the brightest tenth of a map, or the same shape elsewhere."""

import numpy as np
import pytest

from benchmarks.focus import Drops, blanked, brightest, elsewhere, table


def test_the_brightest_tenth_lies_where_the_map_is_bright() -> None:
    focus = np.zeros((5, 5))
    focus[1, 3] = 1
    mask = brightest(focus, 100)
    assert mask.sum() == 1000
    rows, columns = np.nonzero(mask)
    # The middle of the cell in row 1, column 3 of 5.
    assert rows.mean() == pytest.approx(30, abs=1)
    assert columns.mean() == pytest.approx(70, abs=1)


def test_elsewhere_is_the_same_shape_at_another_place() -> None:
    mask = np.zeros((20, 20), dtype=bool)
    mask[2:5, 3:9] = True
    moved = elsewhere(mask, np.random.default_rng(0))
    assert moved.sum() == mask.sum()
    assert (moved != mask).any()
    shifts = [(i, j) for i in range(20) for j in range(20)]
    assert any((np.roll(mask, shift, axis=(0, 1)) == moved).all() for shift in shifts)


def test_blanking_leaves_the_rest_and_the_photo_itself() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    before = photo.copy()
    mask = np.zeros((8, 8), dtype=bool)
    mask[:2] = True
    found = blanked(photo, mask)
    np.testing.assert_array_equal(photo, before)
    np.testing.assert_array_equal(found[2:], photo[2:])
    assert (found[:2] == photo.mean(axis=(0, 1)).round()).all()


def test_figures_are_points_of_probability() -> None:
    drops = Drops(np.array([0.5, 0.1, 0.3]), np.array([0.1, 0.2, 0.0]))
    (row,) = table({("vgg16", "transfer"): drops}).rows
    assert row == ("VGG16 transfer", "3", "30.0", "10.0", "67%")
