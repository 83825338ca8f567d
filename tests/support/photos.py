"""Pretend photos: patterns, no two alike, and drawn flowers that a model can tell apart.

All are the same for the same seed.
"""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from flowers.photos import to_square

COLOURS = {"daisy": (250, 250, 240), "rose": (190, 20, 40), "sunflower": (245, 190, 20)}
"""Class -> colour of its petals; the flowers of `write_photos` differ in nothing else."""
SIZE = 96
"""Pixels at which tests train: small ones keep them quick; the networks are the real ones."""
RED, GREEN, BLUE, WHITE = (220, 30, 40), (40, 190, 60), (30, 50, 210), (255, 255, 255)
"""The quarters of `quarters`."""
DRAWING = 448
"""Pixels of a drawing; twice what the models read, so that scaling down smooths the edges."""


def pattern(seed: int, size: tuple[int, int] = (80, 60), grain: int = 0) -> Image.Image:
    """Soft blots of colour, under grain that changes each sample by up to `grain`."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    image = coarse.resize(size, Image.Resampling.BICUBIC)
    if not grain:
        return image
    smooth = np.asarray(image, dtype=np.int16)
    noise = rng.integers(-grain, grain + 1, smooth.shape, dtype=np.int16)
    return Image.fromarray(np.clip(smooth + noise, 0, 255).astype(np.uint8))


def write_patterns(root: Path, counts: dict[str, int], first_seed: int = 0) -> Path:
    """Write class folders with `counts` photos each, all different; return `root`."""
    seed = first_seed
    for name, count in counts.items():
        folder = root / name
        folder.mkdir(parents=True, exist_ok=True)
        for i in range(count):
            pattern(seed).save(folder / f"{i:03}.jpg", quality=90)
            seed += 1
    return root


def draw_flower(colour: tuple[int, int, int], rng: np.random.Generator) -> Image.Image:
    """A flower of eight petals somewhere on a green ground of light and shade, 160 x 120."""
    shade = rng.integers(0, 120, (4, 5, 1)) + np.array([0, 40, 0])
    image = Image.fromarray(shade.astype(np.uint8)).resize((160, 120), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    x, y, size = rng.uniform(45, 115), rng.uniform(40, 80), rng.uniform(0.7, 1.3)
    for angle in np.arange(8) * np.pi / 4 + rng.uniform(0, 1):
        cx, cy = x + 24 * size * np.cos(angle), y + 24 * size * np.sin(angle)
        draw.ellipse((cx - 14 * size, cy - 14 * size, cx + 14 * size, cy + 14 * size), fill=colour)
    draw.ellipse((x - 10 * size, y - 10 * size, x + 10 * size, y + 10 * size), fill=(110, 70, 20))
    return image


def write_photos(root: Path, photos: int, seed: int = 0) -> Path:
    """Write a class folder per colour with `photos` drawn flowers each; return `root`."""
    rng = np.random.default_rng(seed)
    for name, colour in COLOURS.items():
        (root / name).mkdir(parents=True)
        for i in range(photos):
            draw_flower(colour, rng).save(root / name / f"{i}.jpg", quality=90)
    return root


def draw_daisy(draw: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    """White petals around a yellow disc."""
    _petals(draw, rng, count=22, length=150, width=22, colour=(246, 246, 240))
    _disc(draw, 48, (240, 190, 30))


def draw_sunflower(draw: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    """Yellow petals in two rings around a wide brown disc."""
    _petals(draw, rng, count=26, length=190, width=32, colour=(235, 165, 10))
    _petals(draw, rng, count=26, length=165, width=30, colour=(250, 200, 25))
    _disc(draw, 92, (70, 42, 20))
    _disc(draw, 55, (50, 45, 20))


def draw_dandelion(draw: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    """Rings of many narrow yellow florets."""
    for length, colour in ((150, (225, 175, 0)), (120, (245, 200, 10)), (85, (250, 215, 30))):
        _petals(draw, rng, count=60, length=length, width=9, colour=colour)
    _petals(draw, rng, count=40, length=50, width=7, colour=(235, 185, 5))


def draw_tulip(draw: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    """A red cup of three petals on a stem with two leaves."""
    draw.line((224, 250, 224, 448), fill=(90, 140, 60), width=16)
    draw.polygon([(220, 448), (120, 260), (190, 340), (224, 448)], fill=(70, 125, 55))
    draw.polygon([(228, 448), (320, 250), (262, 340), (228, 448)], fill=(80, 135, 60))
    for x, colour in ((180, (175, 20, 40)), (268, (185, 25, 45)), (224, (215, 40, 60))):
        outline = [(x, 70), (x + 52, 150), (x + 40, 240), (224, 275), (x - 40, 240), (x - 52, 150)]
        draw.polygon(outline, fill=colour)


DRAWINGS: dict[str, Callable[[ImageDraw.ImageDraw, np.random.Generator], None]] = {
    "daisy": draw_daisy,
    "dandelion": draw_dandelion,
    "sunflower": draw_sunflower,
    "tulip": draw_tulip,
}


def drawing(name: str, size: int) -> np.ndarray:
    """A drawn flower on a blurred green ground as uint8[size, size, 3]; always the same."""
    rng = np.random.default_rng(0)
    ground = rng.integers(20, 110, (9, 9, 1)) + np.array([0, 45, -10])
    small = Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8))
    image = small.resize((DRAWING, DRAWING), Image.Resampling.BICUBIC)
    DRAWINGS[name](ImageDraw.Draw(image), rng)
    return to_square(image.filter(ImageFilter.GaussianBlur(1.5)), size)


def _petals(
    draw: ImageDraw.ImageDraw,
    rng: np.random.Generator,
    count: int,
    length: float,
    width: float,
    colour: tuple[int, int, int],
) -> None:
    start = rng.uniform(0, 1)
    for i in range(count):
        angle = start + 2 * np.pi * i / count + rng.uniform(-0.06, 0.06)
        long = length * rng.uniform(0.88, 1.0)
        shade = rng.uniform(0.82, 1.0)
        along, across = (
            np.array([np.cos(angle), np.sin(angle)]),
            np.array([-np.sin(angle), np.cos(angle)]),
        )
        one_side = [(0.15, 0.35), (0.55, 0.9), (0.85, 0.75), (1.0, 0.0)]
        other_side = [(share, -side) for share, side in reversed(one_side[:-1])]
        outline = [
            tuple(224 + along * long * share + across * width * side)
            for share, side in one_side + other_side
        ]
        draw.polygon(outline, fill=tuple(int(c * shade) for c in colour))


def _disc(draw: ImageDraw.ImageDraw, radius: float, colour: tuple[int, int, int]) -> None:
    draw.ellipse((224 - radius, 224 - radius, 224 + radius, 224 + radius), fill=colour)


def quarters(width: int = 96, height: int = 64) -> Image.Image:
    """Red, green, blue and white quarters: no turn or flip leaves it as it is."""
    image = Image.new("RGB", (width, height), WHITE)
    image.paste(RED, (0, 0, width // 2, height // 2))
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    return image


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """Colours in the middle of the four quarters of an RGB image."""
    pixels = np.asarray(image)
    height, width, _ = pixels.shape
    places = [(y * height // 4, x * width // 4) for y in (1, 3) for x in (1, 3)]
    return [tuple(pixels[place].tolist()) for place in places]


def assert_upright(image: Image.Image, size: tuple[int, int] = (96, 64), tolerance: int = 12):
    """Check that an image is RGB and shows the quarters as they were drawn."""
    assert image.mode == "RGB"
    assert image.size == size
    np.testing.assert_allclose(corners(image), (RED, GREEN, BLUE, WHITE), atol=tolerance)


def encoded(image: Image.Image, kind: str, **settings) -> bytes:
    buffer = io.BytesIO()
    image.copy().save(buffer, kind, **settings)
    return buffer.getvalue()


def png(width: int, height: int, depth: int = 8, colour: int = 2, data: bytes = b"") -> bytes:
    """A PNG of whatever its header claims."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )
