"""What the neighbourhood of pooled features tells apart, and when it is left out."""

import numpy as np
import pytest

from train.network.layers import AgainstBackground
from train.network.neighbourhood import find_neighbourhoods, neighbourhood_helps


def draw_kinds(
    middles: np.ndarray, photos: list[int], seed: int, noise: float = 0.05
) -> np.ndarray:
    """Features of so many photos around each middle."""
    apart = np.random.default_rng(seed).normal(0, noise, (sum(photos), middles.shape[1]))
    return (np.repeat(middles, photos, axis=0) + apart).astype(np.float32)


def test_neighbourhoods_tell_seen_from_other_kinds_and_from_what_is_like_nothing() -> None:
    middles = np.eye(8)[:5] + 0.5  # Two classes and three kinds of the background.
    counts = [200, 50, 100, 100, 20]
    pooled = draw_kinds(middles, counts, seed=0, noise=0.1)
    labels = np.repeat(np.arange(5), counts)
    held_out = draw_kinds(middles[:2], [50, 50], seed=1, noise=0.1)
    others = draw_kinds(middles[[2, 4]], [50, 50], seed=2, noise=0.1)
    layer = AgainstBackground(2)
    layer.build((None, 8), (None, 5))
    layer.set_weights(find_neighbourhoods(pooled, labels, 2, held_out, seed=0))

    def known(photos: np.ndarray) -> np.ndarray:
        even = np.tile(np.log([3, 3, 2, 2, 2]), (len(photos), 1)).astype(np.float32)
        return np.asarray(layer(photos, even))[:, 0]

    assert (known(held_out) > 0.5).mean() >= 0.95
    assert (known(others) < 0.5).mean() >= 0.95
    assert known(-held_out).max() < 0.5


@pytest.mark.parametrize("apart", [True, False])
def test_a_neighbourhood_is_kept_only_where_unseen_kinds_lie_elsewhere(apart: bool) -> None:
    rng = np.random.default_rng(0)
    middles = rng.normal(0, 1, (12, 24))  # Four classes and eight kinds of the background.
    photos = [40] * 12
    if not apart:
        # Such a base sees one of its classes in everything; one small feature knows better.
        middles[4:] = middles[np.arange(8) % 4]
        middles[:, 0] = np.where(np.arange(12) < 4, 0.2, -0.2)
    pooled = draw_kinds(middles, photos, seed=1)
    held_out = draw_kinds(middles[:4], [20] * 4, seed=2)
    labels = np.repeat(np.arange(12), photos)
    assert neighbourhood_helps(pooled, labels, 4, held_out, seed=0) is apart


def test_a_folder_of_everything_is_tried_by_half_of_its_photos() -> None:
    """With one kind there is none to leave out; it lies among the classes, as above."""
    middles = np.random.default_rng(3).normal(0, 1, (4, 24))
    middles[:, 0] = 0.2
    pooled = draw_kinds(middles, [40] * 4, seed=4)
    others = draw_kinds(middles, [40] * 4, seed=5) - np.eye(24, dtype=np.float32)[0] * 0.4
    held_out = draw_kinds(middles, [20] * 4, seed=6)
    labels = np.repeat(np.arange(5), [40, 40, 40, 40, 160])
    assert not neighbourhood_helps(np.append(pooled, others, axis=0), labels, 4, held_out, seed=0)
