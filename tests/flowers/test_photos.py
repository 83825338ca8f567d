"""Every kind of photo that people send becomes upright RGB, or one sentence."""

import io
import random
import warnings

import numpy as np
import pytest
from PIL import ExifTags, Image

from flowers.photos import (
    FORMATS,
    SUFFIXES,
    load_photo,
    read_photo,
    to_square,
)
from flowers.pixels import UPRIGHT
from tests.support.photos import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    assert_upright,
    encoded,
    quarters,
)

INVERSE = {
    Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270,
    Image.Transpose.ROTATE_270: Image.Transpose.ROTATE_90,
}


def turned(orientation: int) -> Image.Image:
    """The quarters as a camera stores them that was held so that `orientation` undoes it."""
    turn = UPRIGHT.get(orientation)
    return quarters() if turn is None else quarters().transpose(INVERSE.get(turn, turn))


def with_orientation(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return exif


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_all_orientations_come_out_upright(kind, orientation):
    photo = encoded(turned(orientation), kind, exif=with_orientation(orientation))
    assert_upright(load_photo(photo))
    assert_upright(load_photo(photo, at_least=64))


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_phone_formats_come_out_upright(kind, orientation):
    photo = encoded(turned(orientation), kind, exif=with_orientation(orientation).tobytes())
    assert_upright(load_photo(photo))


@pytest.mark.parametrize("orientation", [0, 9, 200])
def test_an_orientation_that_does_not_exist_is_ignored(orientation):
    assert_upright(load_photo(encoded(quarters(), "JPEG", exif=with_orientation(orientation))))


def test_damaged_exif_entries_do_not_cost_the_photo():
    exif = with_orientation(1)
    exif[ExifTags.Base.Make] = "Maker"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"comment"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (1.0, 2.0, 3.0)
    photo = encoded(quarters(), "JPEG", exif=exif)
    first_table = photo.index(b"\xff\xdb")
    for seed in range(300):
        rng = random.Random(seed)
        damaged = bytearray(photo)
        for _ in range(rng.randint(1, 6)):
            damaged[rng.randrange(30, first_table)] = rng.randrange(256)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert load_photo(bytes(damaged)).mode == "RGB"


def test_the_photo_is_squeezed_not_cropped():
    array = read_photo(encoded(quarters(400, 100), "PNG"), 64)
    middles = [array[y, x].tolist() for y in (16, 48) for x in (16, 48)]
    assert middles == [list(RED), list(GREEN), list(BLUE), list(WHITE)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "HEIF"])
def test_every_format_that_is_named_opens(kind):
    assert kind in FORMATS
    settings = {"quality": 95} if kind in ("JPEG", "WEBP", "AVIF", "HEIF") else {}
    assert_upright(load_photo(encoded(quarters(), kind, **settings)))


def test_every_ending_belongs_to_a_format_that_opens():
    Image.init()
    known = {Image.registered_extensions().get(suffix, "?") for suffix in SUFFIXES}
    assert known == set(FORMATS)


def test_a_two_lens_photo_gives_its_first_picture():
    other = Image.new("RGB", (96, 64), "black")
    photo = encoded(quarters(), "MPO", save_all=True, append_images=[other], quality=95)
    assert Image.open(io.BytesIO(photo)).format == "MPO"
    assert_upright(load_photo(photo))


def test_an_animation_gives_its_first_frame():
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        settings = {"lossless": True} if kind == "WEBP" else {}
        other = Image.new("RGB", (96, 64), "black")
        photo = encoded(quarters(), kind, save_all=True, append_images=[other], **settings)
        assert Image.open(io.BytesIO(photo)).n_frames == 2
        assert_upright(load_photo(photo))


def test_a_large_jpeg_is_decoded_at_a_reduced_scale():
    photo = encoded(quarters(4000, 3000), "JPEG", quality=90)
    reduced = load_photo(photo, at_least=448)
    assert reduced.size == (667, 500) or reduced.size == (1000, 750)
    assert_upright(reduced, reduced.size)
    assert load_photo(photo).size == (4000, 3000)
    difference = np.abs(read_photo(photo).astype(int) - to_square(load_photo(photo)).astype(int))
    assert difference.mean() < 1


@pytest.mark.parametrize("side", [448, 449, 895, 896, 897])
def test_the_reduced_scale_keeps_enough_pixels(side):
    photo = encoded(quarters(side, side * 2), "JPEG")
    assert min(load_photo(photo, at_least=448).size) >= 448


def test_a_path_a_string_bytes_and_a_file_object_are_the_same_photo(tmp_path):
    path = tmp_path / "rose é.jpg"
    path.write_bytes(encoded(quarters(), "JPEG", quality=95))
    with path.open("rb") as file:
        file.seek(7)
        arrays = [read_photo(source) for source in (path, str(path), path.read_bytes(), file)]
        assert not file.closed  # It is the caller's.
    for array in arrays[1:]:
        np.testing.assert_array_equal(array, arrays[0])
