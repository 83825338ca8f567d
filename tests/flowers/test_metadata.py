"""Whole pixels are read whatever the metadata says; missing pixels are refused."""

import io
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from flowers import photos
from flowers.errors import PhotoError
from flowers.metadata import orientation_of, without_metadata
from flowers.photos import load_photo, read_photo
from tests.support import ROOT
from tests.support.photos import pattern

COMMENT, PROFILE, TURNED = b"\xff\xfe", b"\xff\xe2", 6


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def exif(orientation: int) -> Image.Exif:
    made = Image.Exif()
    made[0x0112] = orientation
    made[0x010F] = "Maker"
    return made


def segment(marker: bytes, payload: bytes) -> bytes:
    return marker + struct.pack(">H", len(payload) + 2) + payload


def chunk(kind: bytes, payload: bytes, wrong: bool = False) -> bytes:
    checksum = zlib.crc32(kind + payload) ^ wrong
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", checksum)


def pixels(data: bytes) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_photo(data).tobytes()


PHOTO = pattern(1, (80, 60))
JPEG = encoded(PHOTO, "JPEG", quality=90)
PROGRESSIVE = encoded(PHOTO, "JPEG", quality=90, progressive=True)
PNG = encoded(PHOTO, "PNG")
HEAD = 33
"""Bytes of a PNG before its second chunk."""


@pytest.mark.parametrize("cut", [1, 2])
@pytest.mark.parametrize("photo", [JPEG, PROGRESSIVE])
def test_a_jpeg_without_its_end_marker_is_read(photo: bytes, cut: int) -> None:
    assert pixels(photo[:-cut]) == pixels(photo)
    assert read_photo(photo[:-cut], 24).tolist() == read_photo(photo, 24).tolist()


@given(st.integers(3, 1000))
@example(3)
@example(4)
def test_a_jpeg_is_read_without_its_last_bytes_only_if_no_pixel_is_missing(cut: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    photo = encoded(Image.fromarray(noise), "JPEG")
    try:
        found = pixels(photo[:-cut])
    except PhotoError:
        return
    assert found == pixels(photo)
    assert cut <= 4  # Of the last bytes of the last block not every bit counts.


@pytest.mark.parametrize("progressive", [False, True])
def test_a_part_of_a_jpeg_is_refused_at_whatever_scale(progressive: bool) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1200, 1600, 3), dtype=np.uint8)
    photo = encoded(Image.fromarray(noise), "JPEG", quality=90, progressive=progressive)
    assert load_photo(photo[:-2], at_least=100).size == (200, 150)
    for share in (0.5, 0.9):  # The last scan of a progressive one is for fine details.
        with pytest.raises(PhotoError, match="damaged or incomplete"):
            load_photo(photo[: int(share * len(photo))], at_least=100)


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"gAMA", b"tIME"])
def test_a_png_with_a_wrong_checksum_that_no_pixel_needs_is_read(kind: bytes) -> None:
    damaged = PNG[:HEAD] + chunk(kind, b"name\0\0\0\0\0text", wrong=True) + PNG[HEAD:]
    assert pixels(damaged) == pixels(PNG)


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
def test_metadata_of_many_megabytes_beside_whole_pixels_is_not_damage(kind: bytes) -> None:
    large = zlib.compress(bytes(PngImagePlugin.MAX_TEXT_CHUNK * 3))
    payload = b"name\0" + (b"\x01\0\0\0" if kind == b"iTXt" else b"\0") + large
    assert pixels(PNG[:HEAD] + chunk(kind, payload) + PNG[HEAD:]) == pixels(PNG)
    # Beside it the orientation still counts.
    turned = encoded(PHOTO, "PNG", exif=exif(TURNED))
    assert pixels(turned[:HEAD] + chunk(kind, payload) + turned[HEAD:]) == pixels(turned)
    assert load_photo(turned[:HEAD] + chunk(kind, payload) + turned[HEAD:]).size == (60, 80)


@given(st.binary(max_size=300), st.sampled_from([0xE1, 0xE2, 0xED, 0xEC, 0xFE]), st.booleans())
@example(b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", 0xE1, True)
@example(b"ICC_PROFILE\0\1\1", 0xE2, True)
@example(b"ICC_PROFILE\0\1", 0xE2, False)
@example(b"MPF\0II*\0", 0xE2, True)
@example(b"Photoshop 3.0\0008BIM\x04\x04\x00\x00\xff\xff\xff", 0xED, True)
def test_a_jpeg_is_read_whatever_its_metadata_hold(
    payload: bytes, marker: int, known: bool
) -> None:
    names = {0xE1: b"Exif\0\0", 0xE2: b"ICC_PROFILE\0", 0xED: b"Photoshop 3.0\0"}
    start = names.get(marker, b"") if known and not payload.startswith(b"Exif") else b""
    odd = segment(bytes([0xFF, marker]), start + payload)
    # Behind the good one, as cameras write the orientation first.
    turned = encoded(PHOTO, "JPEG", quality=90, exif=exif(TURNED))
    at = turned.index(b"\xff\xdb")
    assert pixels(turned[:at] + odd + turned[at:]) == pixels(turned)


@given(st.binary(min_size=1, max_size=40), st.integers(14, 200))
def test_a_damaged_entry_does_not_cost_a_good_orientation(noise: bytes, at: int) -> None:
    made = exif(TURNED)
    made[0x010F] = "M" * 200
    turned = encoded(PHOTO, "JPEG", quality=90, exif=made)
    start = turned.index(b"MMMMMMMM")  # The text that the entry before the orientation points to.
    damaged = turned[: start + at % 150] + noise[:40] + turned[start + at % 150 + len(noise) :]
    assert load_photo(damaged).size == (60, 80)


def test_a_wrong_checksum_of_a_profile_does_not_cost_its_orientation() -> None:
    turned = encoded(PHOTO, "PNG", exif=exif(TURNED))
    at = turned.index(b"Maker")
    assert load_photo(turned[:at] + b"M?k?r" + turned[at + 5 :]).size == (60, 80)


def test_an_orientation_is_found_in_what_no_reader_understands() -> None:
    block = exif(TURNED).tobytes()
    assert orientation_of(block) == TURNED
    for size in range(len(block)):
        assert orientation_of(block[:size]) in (1, TURNED)
    assert orientation_of(b"") == orientation_of(b"no exif at all") == 1


@given(st.binary(max_size=400))
@example(JPEG[:20])
@example(PNG[:40])
def test_taking_metadata_out_never_fails(data: bytes) -> None:
    for start in (b"", JPEG[:2], PNG[:8], JPEG[:20], PNG[:40]):
        without_metadata(start + data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                load_photo(start + data)
            except PhotoError:
                continue


def test_a_phone_of_fifty_megapixels_is_read_in_both_directions() -> None:
    for size in ((8192, 6144), (6144, 8192), (8160, 6144)):
        photo = encoded(Image.new("L", size, 90), "JPEG", quality=20)
        assert min(load_photo(photo, at_least=448).size) >= 448
    photo = encoded(Image.new("1", (6144, 8192), 1), "PNG")
    assert load_photo(photo, at_least=448).size == (473, 631)


def test_a_large_photo_keeps_its_colours_when_it_is_reduced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(photos, "LARGE", 1000)
    for mode, colour in (("RGB", (200, 30, 40)), ("P", 3), ("L", 90), ("RGBA", (10, 20, 30, 255))):
        image = Image.new(mode, (400, 300), colour)
        expected = image.convert("RGB").getpixel((0, 0))
        found = load_photo(encoded(image, "PNG"), at_least=50)
        assert found.size == (67, 50)
        assert found.getpixel((30, 20)) == expected
    deep = Image.fromarray(np.full((300, 400), 0x8000, np.uint16))
    assert load_photo(encoded(deep, "PNG"), at_least=50).getpixel((0, 0)) == (128, 128, 128)


def test_large_photos_are_decoded_one_at_a_time_and_small_ones_beside_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(photos, "LARGE", 1000)
    busy, most = 0, 0
    counting = threading.Lock()
    upright = photos.upright

    def counted(image: Image.Image) -> Image.Image:
        nonlocal busy, most
        if image.size == (80, 60):
            with counting:
                busy += 1
                most = max(most, busy)
            done = upright(image)
            threading.Event().wait(0.02)
            with counting:
                busy -= 1
            return done
        return upright(image)

    monkeypatch.setattr(photos, "upright", counted)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(load_photo, [PNG] * 8))
        assert all(image.size == (80, 60) for image in found)
        assert most == 1
        monkeypatch.setattr(photos, "LARGE", 10_000)
        list(pool.map(load_photo, [PNG] * 8))
        assert most > 1


def test_a_jpeg_of_a_thousand_layers_is_refused_before_it_is_decoded() -> None:
    at = PROGRESSIVE.rindex(b"\xff\xda")
    layers = PROGRESSIVE[:-2] + PROGRESSIVE[at:-2] * 1000 + PROGRESSIVE[-2:]
    with pytest.raises(PhotoError, match="packed in too many layers; export it as JPEG again"):
        load_photo(layers)
    assert load_photo(PROGRESSIVE).size == (80, 60)


PARALLEL = """
import resource, struct, sys, zlib
from concurrent.futures import ThreadPoolExecutor
from flowers.photos import load_photo

def chunk(kind, payload):
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(
        ">I", zlib.crc32(kind + payload))

side, packer = 5000, zlib.compressobj(1)
rows = b"".join(packer.compress(bytes(1 + 3 * side)) for _ in range(side)) + packer.flush()
head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
parts = chunk(b"IHDR", head), chunk(b"IDAT", rows), chunk(b"IEND", b"")
photo = b"\\x89PNG\\r\\n\\x1a\\n" + b"".join(parts)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with ThreadPoolExecutor(8) as pool:
    found = list(pool.map(lambda _: load_photo(photo, at_least=448), range(8)))
assert [image.size for image in found] == [(455, 455)] * 8
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_many_large_photos_at_once_take_the_memory_of_one() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PARALLEL], capture_output=True, text=True, cwd=ROOT, check=True
    )
    # One takes 100 MB for its pixels; eight threads that each keep theirs would take 800.
    assert int(done.stdout) < 300
