"""What cannot be read, or would cost too much, is refused in one sentence."""

import gc
import io
import os
import random
import resource
import struct
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flowers.errors import PhotoError
from flowers.photos import (
    FORMATS,
    MAX_PIXELS,
    MIN_SIDE,
    load_photo,
)
from flowers.timed_file import Budget
from tests.support.photos import encoded, png, quarters
from tests.support.sentences import assert_one_sentence


def gif(width: int, height: int) -> bytes:
    """A small frame on a screen of any size."""
    small = bytearray(encoded(quarters(), "GIF"))
    small[6:10] = struct.pack("<HH", width, height)
    return bytes(small)


def refusal(source) -> str:
    """The message of the refusal, checked to be one sentence for people."""
    with pytest.raises(PhotoError) as caught:
        load_photo(source)
    message = str(caught.value)
    assert_one_sentence(message)
    return message


def test_text_is_refused(tmp_path):
    path = tmp_path / "notes.jpg"
    path.write_text("no photo at all")
    assert refusal(path).startswith("notes.jpg is not a photo that can be read; use JPEG")


def test_an_empty_file_is_refused(tmp_path):
    path = tmp_path / "empty.jpg"
    path.touch()
    assert refusal(path).startswith("empty.jpg is not a photo")
    assert refusal(b"").startswith("The photo is not a photo")


def test_a_missing_file_is_refused(tmp_path):
    assert refusal(tmp_path / "gone.jpg") == "gone.jpg does not exist; check the path."


def test_a_folder_is_refused(tmp_path):
    folder = tmp_path / "roses"
    folder.mkdir()
    assert refusal(folder) == "roses is a folder; choose a photo inside it."
    assert refusal("/") == "/ is a folder; choose a photo inside it."


def test_samples_that_are_not_numbers_are_refused(tmp_path):
    broken = np.full((32, 32), np.nan, dtype=np.float32)
    path = tmp_path / "broken.tif"
    path.write_bytes(encoded(Image.fromarray(broken), "TIFF"))
    assert refusal(path).startswith("broken.tif holds samples that are not numbers")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path):
    path = tmp_path / "secret.jpg"
    path.write_bytes(encoded(quarters(), "JPEG"))
    path.chmod(0)
    assert refusal(path) == "secret.jpg may not be read; check its permissions."


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF"])
def test_a_truncated_photo_is_refused(kind, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    photo = encoded(Image.fromarray(noise), kind)
    for share in (0.9, 0.5, 0.1):
        path = tmp_path / "half.photo"
        path.write_bytes(photo[: int(len(photo) * share)])
        assert refusal(path).startswith("half.photo is ")


def test_damaged_photos_are_refused_or_read_but_nothing_else():
    for kind in FORMATS:
        photo = encoded(quarters(), kind)
        for seed in range(60):
            rng = random.Random(seed)
            damaged = bytearray(photo)
            for _ in range(rng.randint(1, 8)):
                damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    image = load_photo(bytes(damaged))
                except PhotoError:
                    continue
            assert image.mode == "RGB"


@pytest.mark.parametrize("side", [8_000, 10_000, 60_000, 2**31 - 1])
def test_a_png_that_claims_too_many_pixels_is_refused_undecoded(side):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        message = refusal(png(side, side))
    assert message.startswith("The photo has too many pixels; make it smaller than 51 megapixels.")
    # Decoding would have met missing data and said so, and taken 192 MB and more.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000


def test_a_gif_that_claims_too_many_pixels_is_refused_undecoded():
    assert load_photo(gif(400, 300)).size == (400, 300)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for side in (9_000, 65_535):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert refusal(gif(side, side)).startswith("The photo has too many pixels")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000


def test_the_refusal_also_holds_where_warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert refusal(png(10_000, 10_000)).startswith("The photo has too many pixels")


def test_the_largest_photo_is_just_below_the_limit():
    assert MAX_PIXELS == 51_000_000
    assert "Received: 10000 x 5101" in refusal(png(10_000, 5_101))
    # 10,000 x 5,100 passes the check and fails for want of data.
    assert "damaged or incomplete" in refusal(png(10_000, 5_100))


def test_a_tiny_photo_is_refused():
    small = encoded(Image.new("RGB", (MIN_SIDE - 1, 200)), "PNG")
    assert "too small to show a flower" in refusal(small)
    assert refusal(small).endswith("Received: 15 x 200")
    assert load_photo(encoded(Image.new("RGB", (MIN_SIDE, 200)), "PNG")).size == (MIN_SIDE, 200)


def test_formats_that_nobody_photographs_in_are_refused():
    for kind in ("EPS", "PPM", "ICO", "PCX", "TGA", "PDF"):
        assert "not a photo that can be read" in refusal(encoded(quarters(), kind))


def test_a_file_object_is_named_as_it_names_itself(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("text")
    with path.open("rb") as file:
        assert refusal(file).startswith("notes.txt is not")
    with open(os.open(path, os.O_RDONLY), "rb") as file:  # noqa: PTH123
        assert isinstance(file.name, int)
        assert refusal(file).startswith("The photo is not")
    assert refusal(io.BytesIO(b"text")).startswith("The photo is not")


def test_no_file_stays_open(tmp_path):
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("needs /proc")
    two = {"save_all": True}
    files = {
        "plain.jpg": encoded(quarters(), "JPEG"),
        "two.jpg": encoded(quarters(), "MPO", **two, append_images=[Image.new("RGB", (96, 64))]),
        "moving.gif": encoded(quarters(), "GIF", **two, append_images=[Image.new("L", (96, 64))]),
        "pages.tif": encoded(quarters(), "TIFF", **two, append_images=[Image.new("L", (96, 64))]),
        "phone.heic": encoded(quarters(), "HEIF"),
        "huge.png": png(9_000, 9_000),
        "half.jpg": encoded(quarters(), "JPEG")[:600],
        "notes.jpg": b"text",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    gc.collect()  # What earlier tests have left open.
    before = len(list(descriptors.iterdir()))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        for name in files:
            for _ in range(3):
                try:
                    load_photo(tmp_path / name, at_least=32)
                except PhotoError:
                    assert name in ("huge.png", "half.jpg", "notes.jpg")
    assert len(list(descriptors.iterdir())) == before


def strips(rows: int) -> bytes:
    """A TIFF with a strip for each row of 16 pixels; each costs the decoder a step of its own."""
    entries = [(256, 16), (257, rows), (258, 8), (259, 1), (262, 1), (273, 24), (277, 1), (278, 1)]
    entries += [(279, 24 + 4 * rows)]
    counts = {273: rows, 279: rows}
    directory = struct.pack("<H", len(entries))
    for tag, value in entries:
        directory += struct.pack("<HHII", tag, 4, counts.get(tag, 1), value)
    offsets, sizes = struct.pack("<I", 8) * rows, struct.pack("<I", 16) * rows
    start = 24 + len(offsets) + len(sizes)
    return b"II*\0" + struct.pack("<I", start) + bytes(16) + offsets + sizes + directory + bytes(4)


def test_a_photo_that_takes_too_long_to_decode_is_refused(monkeypatch) -> None:
    assert load_photo(strips(200)).size == (16, 200)
    monkeypatch.setattr("flowers.photos.MAX_SECONDS", 0.05)
    with pytest.raises(PhotoError, match="The photo takes too long to decode"):
        load_photo(strips(100_000))


def test_what_a_photo_may_take_is_counted_on_the_processor_and_not_on_the_clock() -> None:
    budget = Budget("a.jpg", 0.2)
    threading.Event().wait(0.3)  # Such as for its turn.
    budget.check()
    while time.thread_time() < budget._end:
        pass
    with pytest.raises(PhotoError, match=r"a\.jpg takes too long"):
        budget.check()
