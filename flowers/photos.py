"""The one way a photo becomes uint8[size, size, 3], for training, the commands and the app.

A photo is turned upright, put on white where it is transparent, and squeezed to a square without
cropping, as in the study this project continues.
"""

import io
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pillow_heif
from PIL import ExifTags, Image, UnidentifiedImageError

from flowers.backbones import IMAGE_SIZE
from flowers.errors import PhotoError

pillow_heif.register_heif_opener()

MAX_PIXELS = 50_000_000
MIN_SIDE = 16
SUFFIXES = frozenset(
    {".avif", ".bmp", ".gif", ".heic", ".heif", ".hif", ".jfif", ".jpe", ".jpeg", ".jpg"}
    | {".png", ".tif", ".tiff", ".webp"}
)
FORMATS = ("AVIF", "BMP", "GIF", "HEIF", "JPEG", "PNG", "TIFF", "WEBP")
"""What is opened at all. Pillow knows forty more, one of which starts a program (EPS)."""

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

Source = str | Path | bytes | BinaryIO


def load_photo(source: Source, at_least: int | None = None) -> Image.Image:
    """Return the photo upright, as 8-bit RGB.

    With `at_least`, a JPEG may be decoded at a reduced scale with both sides at least that many
    pixels long, which makes a 12-megapixel photo some ten times cheaper, and a HEIC photo may be
    taken from its thumbnail. Of an animation the first frame counts. Raises `PhotoError`.
    """
    name = _name_of(source)
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with Image.open(stream, formats=FORMATS) as image:
            _check_size(image, name)
            if at_least is not None:
                image.draft(None, (at_least, at_least))
            return _to_rgb(_upright(image), name)
    except PhotoError:
        raise
    except FileNotFoundError:
        raise PhotoError(f"{name} does not exist; check the path.") from None
    except IsADirectoryError:
        raise PhotoError(f"{name} is a folder; choose a photo inside it.") from None
    except PermissionError:
        raise PhotoError(f"{name} may not be read; check its permissions.") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PhotoError(_too_large(name, "far more")) from None
    except UnidentifiedImageError:
        raise PhotoError(
            f"{name} is not a photo that can be read; use JPEG, PNG, WebP, HEIC, AVIF or TIFF."
        ) from None
    except Exception as error:  # Decoders raise anything from OSError to struct.error.
        raise PhotoError(
            f"{name} is damaged or incomplete; send it again or export it as JPEG. "
            f"Received: {' '.join(str(error).split())}"
        ) from error


def read_photo(source: Source, size: int = IMAGE_SIZE) -> np.ndarray:
    """Return the photo as uint8[size, size, 3]. Raises `PhotoError`."""
    return to_square(load_photo(source, at_least=2 * size), size)


def to_square(image: Image.Image, size: int = IMAGE_SIZE) -> np.ndarray:
    """Squeeze an RGB image to uint8[size, size, 3], anti-aliased, without cropping."""
    square = image.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=3.0)
    return np.asarray(square, dtype=np.uint8)


def _name_of(source: Source) -> str:
    path = source if isinstance(source, (str, Path)) else getattr(source, "name", None)
    # A file object without a name has the number of its descriptor there.
    return Path(path).name or str(path) if isinstance(path, (str, Path)) else "The photo"


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


def _upright(image: Image.Image) -> Image.Image:
    # Not by `ImageOps.exif_transpose`: it writes the other EXIF entries anew, which fails for odd
    # ones that nothing here needs.
    image.load()  # First, since it turns TIFF and HEIC upright and drops their orientation.
    try:
        turn = UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # Entries that no reader understands say nothing of the orientation.
        return image
    return image if turn is None else image.transpose(turn)


def _to_rgb(image: Image.Image, name: str) -> Image.Image:
    if image.mode.startswith("I;16"):
        # Pillow clips instead of scaling when it converts 16 bits to 8.
        image = Image.fromarray((np.asarray(image, dtype=np.uint16) >> 8).astype(np.uint8))
    elif image.mode in ("I", "F"):
        image = _stretch(image, name)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def _stretch(image: Image.Image, name: str) -> Image.Image:
    """Map 32-bit samples, whose range no format fixes, from their own range to 0 to 255."""
    samples = np.asarray(image, dtype=np.float64)
    low, high = float(samples.min()), float(samples.max())
    if not np.isfinite(high - low):
        raise PhotoError(f"{name} holds samples that are no numbers; export it as JPEG.")
    if low >= 0 and high <= 65535 and image.mode == "I":
        return Image.fromarray((samples / 257).astype(np.uint8))
    return Image.fromarray(((samples - low) * (255 / max(high - low, 1e-12))).astype(np.uint8))
