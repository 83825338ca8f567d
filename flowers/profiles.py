"""Colour profiles (ICC): photos come out in sRGB, as browsers show them."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""Colour space of a profile -> the mode of images whose numbers it can explain."""
MAX_BYTES = 4_000_000
"""Of a profile; those of printing presses have two million, those of cameras some hundred."""
SAME = 3
"""Steps of 255 that two profiles of the same colours differ by, from rounding."""


def transform_of(image: Image.Image) -> ImageCms.ImageCmsTransform | None:
    """What converts the image to sRGB, as its profile says.

    None where it is in sRGB already, or says nothing, or has a damaged profile, or one that is not
    for such an image.
    """
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or not 0 < len(profile) <= MAX_BYTES:
        return None
    transform = _to_srgb(profile)
    if transform is None or (transform.input_mode == "CMYK") != (image.mode == "CMYK"):
        return None
    if transform.input_mode == "L" and image.mode not in ("L", "LA"):
        return None
    return transform


def in_srgb(image: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    """The image, which is opaque, in RGB."""
    return transform.apply(image.convert(transform.input_mode))


_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@lru_cache(maxsize=16)
def _to_srgb(profile: bytes) -> ImageCms.ImageCmsTransform | None:
    """What converts to sRGB; None where there is nothing to convert, or nothing to go by."""
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = MODES.get(opened.profile.xcolor_space.strip())
        if mode is None:
            return None
        transform = ImageCms.ImageCmsTransform(opened, _SRGB, mode, "RGB")
        if mode == "CMYK":
            return transform
        colours = _colours() if mode == "RGB" else Image.linear_gradient("L")
        moved = np.asarray(transform.apply(colours), dtype=np.int16) - np.asarray(
            colours.convert("RGB"), dtype=np.int16
        )
        return transform if abs(moved).max() > SAME else None
    except (OSError, ValueError):  # It is damaged; the photo has its pixels all the same.
        return None


def _colours() -> Image.Image:
    """RGB from end to end of each channel, one colour a pixel."""
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    return Image.fromarray(np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3))
