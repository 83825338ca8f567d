"""Views of a photo made by Pillow: crop, flip, colour. Pixels in, pixels out, no framework.

`train.network.views` makes the same ones in the graph.
"""

import numpy as np
from PIL import Image, ImageEnhance

from train.data.views import (
    BRIGHTNESS,
    CONTRAST,
    FLIPPED,
    HEIGHT,
    LEFT,
    SATURATION,
    TOP,
    WIDTH,
    draw_views,
)


def random_view(
    photo: np.ndarray, size: int, rng: np.random.Generator, smallest_crop: float = 0.35
) -> np.ndarray:
    """One of the views that `draw_views` draws, of uint8[h, w, 3]: uint8[size, size, 3]."""
    (drawn,) = draw_views(1, rng, smallest_crop, mixup=0)
    return drawn_view(photo, drawn, size)


def drawn_view(photo: np.ndarray, drawn: np.ndarray, size: int) -> np.ndarray:
    """The view of uint8[h, w, 3] that a row of `draw_views` stands for, uint8[size, size, 3].

    It is mixed with no other.
    """
    height, width = photo.shape[:2]
    left, top = drawn[LEFT] * width, drawn[TOP] * height
    box = (left, top, left + drawn[WIDTH] * width, top + drawn[HEIGHT] * height)
    image = Image.fromarray(photo).resize((size, size), Image.Resampling.BILINEAR, box=box)
    if drawn[FLIPPED]:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    image = ImageEnhance.Brightness(image).enhance(drawn[BRIGHTNESS])
    image = ImageEnhance.Contrast(image).enhance(drawn[CONTRAST])
    return np.asarray(ImageEnhance.Color(image).enhance(drawn[SATURATION]), dtype=np.uint8)
