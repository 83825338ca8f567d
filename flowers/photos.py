"""The one way a photo becomes uint8[size, size, 3], for training, the commands and the app.

A photo is turned upright, put on white where it is transparent, converted to sRGB where it has
other colours, and squeezed to a square without cropping, as in the study this project continues.
"""

import ctypes
import io
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

import numpy as np
import pillow_heif
from PIL import Image, UnidentifiedImageError

from flowers.backbones import IMAGE_SIZE
from flowers.errors import PhotoError, said
from flowers.metadata import (
    END_OF_JPEG,
    JPEG,
    scans_of,
    without_metadata,
)
from flowers.pixels import reduced, to_rgb, upright
from flowers.profiles import transform_of
from flowers.timed_file import Budget, TimedFile

pillow_heif.register_heif_opener()

MAX_PIXELS = 51_000_000
"""Phones that are sold as having 50 megapixels take photos of 8192 x 6144, which is 50.3."""
LARGE = 16_000_000
"""Pixels from which on photos are decoded one at a time, whoever asks: one takes some 250 MB."""
MAX_SCANS = 100
"""Of a JPEG; cameras and programs write ten at most, and each costs a pass over all pixels."""
MAX_SECONDS = 20.0
"""Of a processor, for one photo; noise of 6 megapixels takes the slowest format, HEIC, two."""
MIN_SIDE = 16
SUFFIXES = frozenset(
    {".avif", ".bmp", ".gif", ".heic", ".heif", ".hif", ".jfif", ".jpe", ".jpeg", ".jpg"}
    | {".png", ".tif", ".tiff", ".webp"}
)
FORMATS = ("AVIF", "BMP", "GIF", "HEIF", "JPEG", "PNG", "TIFF", "WEBP")
"""What is opened at all. Pillow knows forty more, one of which starts a program (EPS)."""

PhotoSource = str | Path | bytes | BinaryIO

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def load_photo(source: PhotoSource, at_least: int | None = None) -> Image.Image:
    """Return the photo upright, as 8-bit sRGB.

    With `at_least`, a JPEG may be decoded at a reduced scale with both sides at least that many
    pixels long, which makes a 12-megapixel photo some ten times cheaper, and a HEIC photo may be
    taken from its thumbnail. Of an animation the first frame counts. Raises `PhotoError`.
    """
    name = _name_of(source)
    budget = Budget(name, MAX_SECONDS)
    try:
        try:
            return _decode(source, name, at_least, budget)
        except (PhotoError, FileNotFoundError, IsADirectoryError, PermissionError):
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise
        except Exception as error:
            mended = _mended(_bytes_of(source), name, at_least, budget)
            if mended is None:
                raise error
            return mended
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
            f"Received: {said(error)}"
        ) from error


def _decode(source: PhotoSource, name: str, at_least: int | None, budget: Budget) -> Image.Image:
    with (
        _opened(source) as file,
        Image.open(cast(BinaryIO, TimedFile(file, budget)), formats=FORMATS) as image,
    ):
        _check_size(image, name)
        whole = image.size
        if at_least is not None:
            image.draft(None, (at_least, at_least))
        layers = scans_of(_bytes_of(source)) if image.format in ("JPEG", "MPO") else 0
        if layers > MAX_SCANS:
            raise PhotoError(
                f"{name} is packed in too many layers; export it as JPEG again. "
                f"Received: {layers:,}"
            )
        # A JPEG of several layers is held whole while it is decoded, at whatever scale.
        width, height = whole if image.info.get("progressive") or layers > 10 else image.size
        with _one_at_a_time(width * height):
            turned = upright(image)
            # Before its colours are converted, too: for 12 megapixels that takes half a second.
            large = width * height > LARGE or transform_of(turned) is not None
            if at_least is not None and large:
                turned = reduced(turned, at_least)
            photo = to_rgb(turned, name)
            del turned
            image.close()
        return photo


@contextmanager
def _opened(source: PhotoSource) -> Iterator[BinaryIO]:
    if isinstance(source, bytes):
        yield io.BytesIO(source)
    elif isinstance(source, (str, Path)):
        with Path(source).open("rb") as file:
            yield file
    else:
        yield source


_DECODING = threading.Semaphore(1)


def _find_trim() -> Callable[[int], int]:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # Only glibc has it, and needs it.
        return lambda pad: 0


_trim = _find_trim()


@contextmanager
def _one_at_a_time(pixels: int) -> Iterator[None]:
    if pixels <= LARGE:
        yield
        return
    with _DECODING:
        try:
            yield
        finally:
            # Else every thread that once decoded a large photo keeps its memory for the next one.
            _trim(0)


def _mended(data: bytes, name: str, at_least: int | None, budget: Budget) -> Image.Image | None:
    """The photo in a file that Pillow refuses, where all of its pixels are there; else None."""
    bare = without_metadata(data)
    if bare is None:
        return None
    try:
        if bare.startswith(JPEG):
            return _jpeg_without_end(bare, name, at_least, budget)
        return _decode(bare, name, at_least, budget)
    except PhotoError:
        raise
    except Exception:  # As damaged as it was.
        return None


def _jpeg_without_end(
    data: bytes, name: str, at_least: int | None, budget: Budget
) -> Image.Image | None:
    """A JPEG that may lack its end marker; None where it lacks pixels.

    The decoder takes whatever stands before the end for pixels. So the photo is whole when it makes
    no difference what that is.
    """
    data = data.removesuffix(b"\xff")
    if data.endswith(END_OF_JPEG):
        return _decode(data, name, at_least, budget)

    # In full, since a smaller scale does not need the later scans of a progressive photo. Of a
    # large one, which would take a while and hundreds of megabytes, no more is asked than is used.
    with Image.open(io.BytesIO(data), formats=("JPEG", "MPO")) as head:
        scale = at_least if head.width * head.height > LARGE else None

    def decode(end: bytes, scale: int | None) -> Image.Image:
        return _decode(data + end, name, scale, budget)

    photo = decode(END_OF_JPEG, scale)
    found = (decode(filling + END_OF_JPEG, scale) for filling in _FILLINGS)
    if not all(other.tobytes() == photo.tobytes() for other in found):
        return None
    return photo if scale == at_least else decode(END_OF_JPEG, at_least)


_FILLINGS = tuple(bytes([value]) * 64 for value in (0x5A, 0xA5, 0x36, 0xC9, 0xFE, 0x81, 0x11))


def _bytes_of(source: PhotoSource) -> bytes:
    if isinstance(source, bytes):
        return source
    if isinstance(source, (str, Path)):
        return Path(source).read_bytes()
    source.seek(0)
    data = source.read()
    source.seek(0)
    return data


def read_photo(source: PhotoSource, size: int = IMAGE_SIZE) -> np.ndarray:
    """Return the photo as uint8[size, size, 3]. Raises `PhotoError`."""
    return to_square(load_photo(source, at_least=2 * size), size)


def ahead(
    work: Callable[[_Item], _Result], items: Iterable[_Item], threads: int, most: int
) -> Iterator[tuple[_Item, Future[_Result]]]:
    """Yield each item, in order, with what `work` makes of it; `most` are begun at a time.

    So photos are opened on several threads, a bounded number of steps ahead of who reads them.
    """
    with ThreadPoolExecutor(threads) as pool:
        begun: deque[tuple[_Item, Future[_Result]]] = deque()
        for item in items:
            begun.append((item, pool.submit(work, item)))
            if len(begun) == most:
                yield begun.popleft()
        while begun:
            yield begun.popleft()


def to_square(image: Image.Image, size: int = IMAGE_SIZE) -> np.ndarray:
    """Squeeze an RGB image to uint8[size, size, 3], anti-aliased, without cropping."""
    square = image.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=3.0)
    return np.asarray(square, dtype=np.uint8)


def _name_of(source: PhotoSource) -> str:
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
