"""The one way a photo becomes uint8[size, size, 3], for training, the commands and the app.

A photo is turned upright, put on white where it is transparent, and squeezed to a square without
cropping, as in the study this project continues.
"""

import io
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pillow_heif
from PIL import Image, ImageOps, UnidentifiedImageError

from flowers.backbones import IMAGE_SIZE

pillow_heif.register_heif_opener()

MAX_PIXELS = 50_000_000
MIN_SIDE = 16
SUFFIXES = frozenset(
    {".avif", ".bmp", ".gif", ".heic", ".heif", ".jfif", ".jpeg", ".jpg"}
    | {".png", ".tif", ".tiff", ".webp"}
)

Source = str | Path | bytes | BinaryIO


class PhotoError(ValueError):
    """A photo cannot be used. The message is one sentence for the person who sent it."""


def load_photo(source: Source, at_least: int | None = None) -> Image.Image:
    """Return the photo upright, as 8-bit RGB.

    With `at_least`, a JPEG may be decoded at a reduced scale with both sides at least that many
    pixels long, which makes a 12-megapixel photo some ten times cheaper. Raises `PhotoError`.
    """
    name = _name_of(source)
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            _check_size(image, name)
            if at_least is not None:
                image.draft(None, (at_least, at_least))  # Only JPEG heeds this.
            return _to_rgb(ImageOps.exif_transpose(image))
    except PhotoError:
        raise
    except FileNotFoundError:
        raise PhotoError(f"{name} does not exist; check the path.") from None
    except IsADirectoryError:
        raise PhotoError(f"{name} is a folder; choose a photo inside it.") from None
    except PermissionError:
        raise PhotoError(f"{name} may not be read; check its permissions.") from None
    except Image.DecompressionBombError:
        raise PhotoError(_too_large(name, "over 150 megapixels")) from None
    except UnidentifiedImageError:
        raise PhotoError(
            f"{name} is not a photo that can be read; use JPEG, PNG, WebP, HEIC, AVIF or TIFF."
        ) from None
    except Exception as error:  # Decoders raise anything from OSError to struct.error.
        raise PhotoError(
            f"{name} is damaged or incomplete; send it again or export it as JPEG. "
            f"Received: {error}"
        ) from error


def read_photo(source: Source, size: int = IMAGE_SIZE) -> np.ndarray:
    """Return the photo as uint8[size, size, 3]. Raises `PhotoError`."""
    return to_square(load_photo(source, at_least=2 * size), size)


def to_square(image: Image.Image, size: int = IMAGE_SIZE) -> np.ndarray:
    """Squeeze an RGB image to uint8[size, size, 3], anti-aliased, without cropping."""
    square = image.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=3.0)
    return np.asarray(square, dtype=np.uint8)


def _name_of(source: Source) -> str:
    if isinstance(source, (str, Path)):
        return Path(source).name
    return Path(getattr(source, "name", None) or "The photo").name


def _too_large(name: str, received: str) -> str:
    return (
        f"{name} has too many pixels; make it smaller than {MAX_PIXELS // 1_000_000} megapixels. "
        f"Received: {received}"
    )


def _check_size(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise PhotoError(_too_large(name, f"{width} x {height}"))
    if min(width, height) < MIN_SIDE:
        raise PhotoError(
            f"{name} is too small to show a flower; use one at least {MIN_SIDE} pixels wide and "
            f"high. Received: {width} x {height}"
        )


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        # Pillow clips instead of scaling when it converts 16 bits to 8.
        image = Image.fromarray((np.asarray(image, dtype=np.uint16) >> 8).astype(np.uint8))
    elif image.mode in ("I", "F"):
        image = _stretch(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def _stretch(image: Image.Image) -> Image.Image:
    """Map 32-bit samples, whose range no format fixes, from their own range to 0 to 255."""
    samples = np.asarray(image, dtype=np.float64)
    low, high = float(samples.min()), float(samples.max())
    if not np.isfinite(high - low):
        raise PhotoError("The photo holds samples that are no numbers; export it as JPEG.")
    if low >= 0 and high <= 65535 and image.mode == "I":
        return Image.fromarray((samples / 257).astype(np.uint8))
    return Image.fromarray(((samples - low) * (255 / max(high - low, 1e-12))).astype(np.uint8))
