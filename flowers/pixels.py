"""The pixels of an opened image: turned upright, made smaller, in 8-bit sRGB on white."""

import numpy as np
from PIL import ExifTags, Image

from flowers.errors import PhotoError
from flowers.metadata import orientation_of
from flowers.profiles import in_srgb, transform_of

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> what turns the photo upright."""


def upright(image: Image.Image) -> Image.Image:
    """Decode the image, and turn it as its EXIF entries say."""
    # Not by `ImageOps.exif_transpose`: it writes the other EXIF entries anew, which fails for odd
    # ones that nothing here needs.
    image.load()  # First, since it turns TIFF and HEIC upright and drops their orientation.
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # Of entries that no reader understands, this may be none.
        exif = image.info.get("exif", b"")
        orientation = orientation_of(exif if isinstance(exif, bytes) else b"")
    turn = UPRIGHT.get(orientation)
    return image if turn is None else image.transpose(turn)


def reduced(image: Image.Image, at_least: int) -> Image.Image:
    """A large photo with both sides at least that long, before anything else is made of it."""
    if image.mode.startswith("I;16"):
        image = _eight_bits(image)
    elif image.mode not in _REDUCIBLE:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    factor = min(image.size) // at_least
    return image if factor < 2 else image.reduce(factor)


_REDUCIBLE = frozenset({"L", "LA", "RGB", "RGBA", "CMYK", "I", "F"})


def to_rgb(image: Image.Image, name: str) -> Image.Image:
    """8-bit sRGB of whatever it is; `name` is that of the file. Raises `PhotoError`."""
    transform = transform_of(image)
    if image.mode.startswith("I;16"):
        image = _eight_bits(image)
    elif image.mode in ("I", "F"):
        image = _stretch(image, name)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB") if transform is None else in_srgb(image, transform)


def _eight_bits(image: Image.Image) -> Image.Image:
    # Pillow clips instead of scaling when it converts 16 bits to 8.
    return Image.fromarray((np.asarray(image, dtype=np.uint16) >> 8).astype(np.uint8))


def _stretch(image: Image.Image, name: str) -> Image.Image:
    """Map 32-bit samples, whose range no format fixes, from their own range to 0 to 255."""
    samples = np.asarray(image, dtype=np.float64)
    low, high = float(samples.min()), float(samples.max())
    if not np.isfinite(high - low):
        raise PhotoError(f"{name} holds samples that are not numbers; export it as JPEG.")
    if low >= 0 and high <= 65535 and image.mode == "I":
        return Image.fromarray((samples / 257).astype(np.uint8))
    return Image.fromarray(((samples - low) * (255 / max(high - low, 1e-12))).astype(np.uint8))
