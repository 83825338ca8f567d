"""Colours of every kind of photo, with and without a profile, become those of sRGB on white."""

import io
import random
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from flowers.photos import (
    load_photo,
    read_photo,
)
from flowers.profiles import MAX_BYTES
from tests.support.photos import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    assert_upright,
    corners,
    encoded,
    png,
    quarters,
)
from tests.support.profiles import DISPLAY_P3, SRGB, matrix_profile


def test_channels_are_in_the_order_red_green_blue():
    array = read_photo(encoded(Image.new("RGB", (40, 40), (250, 120, 10)), "PNG"), 32)
    assert array.shape == (32, 32, 3)
    assert array.dtype == np.uint8
    assert array[16, 16].tolist() == [250, 120, 10]


def test_transparency_is_put_on_white():
    clear = Image.new("RGBA", (32, 32), (10, 200, 30, 0))
    clear.paste((10, 200, 30, 255), (0, 0, 16, 32))
    clear.paste((0, 0, 0, 128), (16, 16, 32, 32))
    image = load_photo(encoded(clear, "PNG"))
    assert image.getpixel((4, 4)) == (10, 200, 30)
    assert image.getpixel((24, 4)) == WHITE
    assert image.getpixel((24, 24)) == (127, 127, 127)


def test_gray_with_transparency_is_put_on_white():
    gray = Image.new("LA", (32, 32), (50, 0))
    gray.paste((50, 255), (0, 0, 16, 32))
    image = load_photo(encoded(gray, "PNG"))
    assert image.getpixel((4, 4)) == (50, 50, 50)
    assert image.getpixel((24, 4)) == WHITE


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_palette_with_a_transparent_entry_is_put_on_white(kind):
    image = Image.new("P", (32, 32), 1)
    image.putpalette([0, 0, 0, *RED, *GREEN])
    image.paste(2, (16, 0, 32, 32))
    result = load_photo(encoded(image, kind, transparency=1))
    assert result.getpixel((4, 4)) == WHITE
    assert result.getpixel((24, 4)) == GREEN


def test_a_palette_with_shades_of_transparency_is_put_on_white():
    image = Image.new("P", (32, 32), 1)
    image.putpalette([0, 0, 0, 100, 100, 100])
    result = load_photo(encoded(image, "PNG", transparency=bytes([255, 128])))
    np.testing.assert_allclose(result.getpixel((4, 4)), (177, 177, 177), atol=1)


def test_a_transparent_colour_is_put_on_white():
    result = load_photo(encoded(quarters(), "PNG", transparency=RED))
    assert corners(result) == [WHITE, GREEN, BLUE, WHITE]


def test_print_colours():
    assert_upright(load_photo(encoded(quarters().convert("CMYK"), "JPEG", quality=95)))


P3_QUARTERS = ((234, 51, 35), (117, 251, 76), (0, 0, 245), (255, 255, 255))
"""Red, green and blue of sRGB, and white, in Display P3: the values of CSS Color 4."""


def in_p3() -> Image.Image:
    image = Image.new("RGB", (96, 64))
    for number, colour in enumerate(P3_QUARTERS):
        image.paste(colour, (48 * (number % 2), 32 * (number // 2), 96, 32 + 32 * (number // 2)))
    return image


@pytest.mark.parametrize("at_least", [None, 16])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
def test_photos_with_the_colours_of_a_phone_come_out_in_srgb(kind, at_least):
    exact = {
        "JPEG": {"quality": 100, "subsampling": 0},
        "WEBP": {"lossless": True},
        "HEIF": {"quality": 100},
        "AVIF": {"quality": 100},
    }
    profile = matrix_profile(DISPLAY_P3)
    photo = encoded(in_p3(), kind, icc_profile=profile, **exact.get(kind, {}))
    found = corners(load_photo(photo, at_least=at_least))
    expected = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]
    np.testing.assert_allclose(found, expected, atol=8)


def test_transparency_and_palettes_keep_their_profile():
    profile = matrix_profile(DISPLAY_P3)
    clear = in_p3().convert("RGBA")
    clear.putpixel((0, 0), (0, 0, 0, 0))
    photo = load_photo(encoded(clear, "PNG", icc_profile=profile))
    assert photo.getpixel((0, 0)) == (255, 255, 255)
    np.testing.assert_allclose(corners(photo)[0], (255, 0, 0), atol=3)
    palette = in_p3().convert("P", palette=Image.Palette.ADAPTIVE)
    photo = load_photo(encoded(palette, "PNG", icc_profile=profile))
    np.testing.assert_allclose(corners(photo)[0], (255, 0, 0), atol=3)


def test_gray_follows_the_curve_of_its_profile():
    # Of gamma 1: half of the light is 188 in sRGB.
    gray = Image.new("L", (32, 32), 128)
    linear = matrix_profile(SRGB, curve=(1, 1, 0, 1, 0))
    photo = load_photo(encoded(gray, "PNG", icc_profile=linear))
    np.testing.assert_allclose(photo.getpixel((5, 5)), (188, 188, 188), atol=1)


@pytest.mark.parametrize(
    "profile",
    [
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        matrix_profile(SRGB),
        matrix_profile(DISPLAY_P3)[:-100],
        matrix_profile(DISPLAY_P3).replace(b"RGB ", b"CMYK"),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
        b"no profile",
        bytes(MAX_BYTES + 1),
    ],
    ids=["srgb", "other srgb", "cut", "of print", "of LAB", "none", "long"],
)
def test_srgb_and_damaged_profiles_change_nothing(profile):
    image = Image.effect_noise((64, 64), 90).convert("RGB")
    photo = load_photo(encoded(image, "PNG", icc_profile=profile))
    assert photo.tobytes() == image.tobytes()


def test_damaged_profiles_never_cost_the_photo():
    good, rng = matrix_profile(DISPLAY_P3), random.Random(0)
    for _ in range(300):
        bad = bytearray(good)
        for _ in range(rng.choice([1, 3, 10])):
            bad[rng.randrange(len(bad))] = rng.randrange(256)
        photo = load_photo(encoded(in_p3(), "PNG", icc_profile=bytes(bad)))
        assert photo.size == (96, 64)


def test_lab_colours():
    profiles = [ImageCms.createProfile(name) for name in ("sRGB", "LAB")]
    lab = ImageCms.profileToProfile(quarters(), *profiles, outputMode="LAB")
    photo = encoded(lab, "TIFF")
    assert Image.open(io.BytesIO(photo)).mode == "LAB"
    assert_upright(load_photo(photo))


def test_sixteen_bits_of_gray_keep_their_range():
    ramp = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    for kind in ("PNG", "TIFF"):
        result = np.asarray(load_photo(encoded(Image.fromarray(ramp), kind)))
        np.testing.assert_array_equal(result, np.stack([ramp >> 8] * 3, axis=-1))


def test_sixteen_bits_of_colour_keep_their_range():
    # Pillow does not write these: a PNG by hand.
    samples = np.linspace(0, 65535, 32 * 32 * 3).astype(">u2").reshape(32, -1)
    rows = b"".join(b"\0" + row.tobytes() for row in samples)
    result = np.asarray(load_photo(png(32, 32, depth=16, colour=2, data=zlib.compress(rows))))
    np.testing.assert_allclose(result.reshape(32, -1), samples / 257, atol=1)


def test_float_samples_are_stretched_to_the_whole_range():
    ramp = np.linspace(-0.5, 2.5, 32 * 32, dtype=np.float32).reshape(32, 32)
    result = np.asarray(load_photo(encoded(Image.fromarray(ramp), "TIFF")))
    assert (result.min(), result.max()) == (0, 255)
    np.testing.assert_allclose(result[..., 0], (ramp + 0.5) / 3 * 255, atol=1)


def test_equal_float_samples_are_no_error():
    flat = np.full((32, 32), 3.5, dtype=np.float32)
    assert load_photo(encoded(Image.fromarray(flat), "TIFF")).size == (32, 32)


def test_32_bit_whole_numbers_keep_their_range():
    ramp = np.linspace(0, 65535, 32 * 32).astype(np.int32).reshape(32, 32)
    result = np.asarray(load_photo(encoded(Image.fromarray(ramp), "TIFF")))
    np.testing.assert_allclose(result[..., 1], ramp / 257, atol=1)


def test_one_bit():
    pixels = np.zeros((32, 32), dtype=bool)
    pixels[:, 16:] = True
    result = load_photo(encoded(Image.fromarray(pixels), "PNG"))
    assert result.getpixel((4, 4)) == (0, 0, 0)
    assert result.getpixel((24, 4)) == WHITE
