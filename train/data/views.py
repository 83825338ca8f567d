"""Which random views of training photos an epoch shows: a few numbers for every photo.

The network's own graph makes the views of them; see `train.network.views`.
"""

import numpy as np

TOP, LEFT, HEIGHT, WIDTH, FLIPPED, BRIGHTNESS, CONTRAST, SATURATION, SHARE = range(9)
"""Columns. The crop is in shares of the photo's sides, the three after the flip are factors.
`SHARE` is how much of the mixed view is this photo; the rest is its partner's."""


def draw_views(
    photos: int, rng: np.random.Generator, smallest_crop: float = 0.35, mixup: float = 0.2
) -> np.ndarray:
    """One random view of each photo: float64[photos, 9].

    The crop is the random resized crop of Inception training (Szegedy et al. 2015): a share of the
    area from `smallest_crop` to 1, aspect ratio from 3:4 to 4:3; then a flip in half of the cases
    and up to 30 % more or less brightness, contrast and saturation. `mixup` is the parameter of the
    Beta distribution of the shares (Zhang et al. 2018); 0 mixes nothing.
    """
    area = rng.uniform(smallest_crop, 1.0, photos)
    ratio = np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3), photos))
    width = np.minimum(1.0, np.sqrt(area * ratio))
    height = np.minimum(1.0, np.sqrt(area / ratio))
    left, top = rng.uniform(0.0, 1.0 - width), rng.uniform(0.0, 1.0 - height)
    columns = [
        top,
        left,
        height,
        width,
        rng.random(photos) < 0.5,
        *rng.uniform(0.7, 1.3, (3, photos)),
    ]
    drawn = rng.beta(mixup, mixup, photos) if mixup else np.ones(photos)
    columns.append(np.maximum(drawn, 1.0 - drawn))
    return np.stack(columns, axis=1)


def whole_views(photos: int) -> np.ndarray:
    """The views that are the photos themselves, float64[photos, 9]."""
    whole = np.ones((photos, 9))
    whole[:, [TOP, LEFT, FLIPPED]] = 0.0
    return whole
