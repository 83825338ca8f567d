"""Views made in the graph are those that Pillow would make, and are mixed with their partners."""

import numpy as np
import pytest
from PIL import Image

from train.data.augment import drawn_view
from train.data.views import SHARE, draw_views, whole_views
from train.network.views import as_photos, make_views, mixed, resized

SIDE = 48


@pytest.fixture(scope="module")
def photos() -> np.ndarray:
    small = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
    images = [Image.fromarray(photo) for photo in small]
    return np.stack([image.resize((SIDE, SIDE), Image.Resampling.BICUBIC) for image in images])


@pytest.mark.parametrize("size", [20, 48, 64])
def test_a_view_is_what_pillow_makes_of_the_photo(photos: np.ndarray, size: int) -> None:
    drawn = draw_views(len(photos), np.random.default_rng(1), mixup=0)
    views = np.asarray(as_photos(make_views(photos, drawn, size)))
    assert views.shape == (len(photos), size, size, 3)
    assert views.dtype == np.uint8
    for view, photo, row in zip(views, photos, drawn, strict=True):
        expected = drawn_view(photo, row, size).astype(int)
        # Pillow rounds after each of the five steps, mostly down.
        assert np.abs(view - expected).max() <= 4
        assert np.abs(view - expected).mean() < 2


def test_a_whole_view_is_the_photo_and_shrinks_as_in_pillow(photos: np.ndarray) -> None:
    views = make_views(photos, whole_views(len(photos)), SIDE)
    np.testing.assert_array_equal(np.asarray(as_photos(views)), photos)
    small = np.asarray(as_photos(resized(views, 20)))
    shrunk = Image.fromarray(photos[0]).resize((20, 20), Image.Resampling.BILINEAR)
    assert np.abs(small[0] - np.asarray(shrunk).astype(int)).max() <= 1


def test_views_and_labels_are_mixed_with_those_at_the_other_end(photos: np.ndarray) -> None:
    drawn = whole_views(len(photos))
    drawn[0, SHARE] = 0.75
    views = np.asarray(make_views(photos, drawn, SIDE))
    np.testing.assert_allclose(views[0], 0.75 * photos[0] + 0.25 * photos[5], atol=1e-2)
    np.testing.assert_allclose(views[1:], photos[1:], atol=1e-3)
    labels = np.eye(6, dtype=np.float32)
    np.testing.assert_allclose(np.asarray(mixed(labels, drawn))[0], [0.75, 0, 0, 0, 0, 0.25])
