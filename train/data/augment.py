"""Random views of a photo: crop, flip, colour. Pixels in, pixels out, no framework."""

import math

import numpy as np
from PIL import Image, ImageEnhance


def random_view(
    photo: np.ndarray, size: int, rng: np.random.Generator, smallest_crop: float = 0.35
) -> np.ndarray:
    """Return one augmented view of uint8[h, w, 3] as uint8[size, size, 3].

    The crop is the random resized crop of Inception training (Szegedy et al. 2015): a share of the
    area from `smallest_crop` to 1, aspect ratio from 3:4 to 4:3; then a flip in half of the cases
    and up to 30 % more or less brightness, contrast and saturation.
    """
    height, width = photo.shape[:2]
    area = height * width * rng.uniform(smallest_crop, 1.0)
    ratio = math.exp(rng.uniform(math.log(3 / 4), math.log(4 / 3)))
    crop_width = min(width, math.sqrt(area * ratio))
    crop_height = min(height, math.sqrt(area / ratio))
    left = rng.uniform(0, width - crop_width)
    top = rng.uniform(0, height - crop_height)
    box = (left, top, left + crop_width, top + crop_height)
    image = Image.fromarray(photo).resize((size, size), Image.Resampling.BILINEAR, box=box)
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = enhance(image).enhance(rng.uniform(0.7, 1.3))
    return np.asarray(image, dtype=np.uint8)


def whole_view(photo: np.ndarray, size: int) -> np.ndarray:
    """Return the whole photo, resized to uint8[size, size, 3]."""
    if photo.shape[0] == size:
        return photo
    image = Image.fromarray(photo).resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(image, dtype=np.uint8)
