"""Zips of strangers: names come out right, and little of what a zip says is believed."""

import doctest
import stat
import struct
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowers.errors import DatasetError, PhotoError
from flowers.folders import zips
from flowers.folders.aside import Kind
from flowers.folders.find import Found, find_in_zip, is_zip
from flowers.folders.zips import PAGE, Limits, Zip, inner_path
from tests.support.photos import pattern
from tests.support.zips import locked, write_raw_names, write_zip


def found(path: Path, limits: Limits = PAGE) -> Found:
    return find_in_zip(Zip(path, limits))


def names(path: Path) -> list[str]:
    return [photo.name for photo in found(path).photos]


def refusal(path: Path, limits: Limits = PAGE) -> str:
    with pytest.raises(DatasetError) as caught:
        found(path, limits)
    return str(caught.value)


# What a zip is


def test_a_zip_is_known_by_what_it_holds_else_by_its_ending(tmp_path: Path) -> None:
    packed = write_zip(tmp_path / "packed", {"rose/1.jpg": b"x"}).read_bytes()
    pattern(0).save(tmp_path / "photo.jpg")
    photo = (tmp_path / "photo.jpg").read_bytes()
    for name, content, expected in (
        ("photos.zip", packed, True),
        ("without an ending", packed, True),
        ("unpacks itself.exe", b"MZ" + bytes(100) + packed, True),
        ("empty.zip", b"", True),  # Which is refused as a damaged one.
        ("text.ZIP", b"text", True),
        ("text.txt", b"text", False),
        ("photo.zip", photo, False),
        ("followed by a zip.jpg", photo + packed, False),
    ):
        (tmp_path / name).write_bytes(content)
        assert is_zip(tmp_path / name) is expected, name
    assert is_zip(tmp_path / "missing.zip")
    assert not is_zip(tmp_path / "missing")


# Names


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "Ga\u0308nseblu\u0308mchen/Löwenzahn.jpg"),
        ("utf-8", "雏菊/蒲公英.jpg"),
        ("cp437", "Gänseblümchen/Löwenzahn.jpg"),
        ("cp437", "pâquerette/tulipe fanée été.jpg"),
        ("cp866", "Ромашка/Одуванчик.jpg"),
        ("gbk", "雏菊/蒲公英.jpg"),
        ("gbk", "玫瑰/郁金香花朵.jpg"),
        ("cp932", "ひなぎく/タンポポ.jpg"),
        ("cp932", "薔薇/チューリップの花.jpg"),
    ],
)
def test_names_without_a_flag_are_guessed_and_said(tmp_path, encoding, text):
    zipped = found(write_raw_names(tmp_path / "a.zip", {text.encode(encoding): None}))
    assert [photo.name for photo in zipped.photos] == [text]
    (note,) = zipped.notes
    assert "does not say in which letters its names are; they are read as" in note
    assert repr(text) in note


def test_the_unicode_path_field_counts(tmp_path):
    raw, text = "雏菊/0.jpg".encode("gbk"), "雏菊/0.jpg"
    zipped = found(write_raw_names(tmp_path / "a.zip", {raw: text, b"rose/1.jpg": None}))
    assert [photo.name for photo in zipped.photos] == [text, "rose/1.jpg"]
    assert zipped.notes == []


def test_a_stale_unicode_path_field_does_not_count(tmp_path):
    path = write_raw_names(tmp_path / "a.zip", {b"rose/1.jpg": "tulip/1.jpg"})
    path.write_bytes(path.read_bytes().replace(b"rose/1.jpg", b"lily/1.jpg"))
    assert names(path) == ["lily/1.jpg"]


def test_flags_and_ascii_need_no_guess(tmp_path):
    zipped = found(write_zip(tmp_path / "a.zip", {"Löwenzahn/1.jpg": b"", "rose/2.jpg": b""}))
    assert [photo.name for photo in zipped.photos] == ["Löwenzahn/1.jpg", "rose/2.jpg"]
    assert zipped.notes == []


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("daisy\\0.jpg", "daisy/0.jpg"),
        ("C:\\Users\\me\\rose\\1.jpg", "Users/me/rose/1.jpg"),
        ("/etc/rose/1.jpg", "etc/rose/1.jpg"),
        ("../../rose/1.jpg", "rose/1.jpg"),
        ("rose/../tulip/./1.jpg", "tulip/1.jpg"),
        ("2024-05-01 10:20:30.jpg", "2024-05-01 10:20:30.jpg"),
        ("..", ""),
    ],
)
def test_paths_begin_at_the_top_of_the_zip(name, inside):
    assert inner_path(name) == inside


def test_the_examples_hold():
    assert doctest.testmod(zips).attempted == 1
    assert doctest.testmod(zips).failed == 0


# What is left aside


def test_what_is_not_a_photo_is_said(tmp_path):
    path = tmp_path / "a.zip"
    members = {"rose/1.jpg": b"1", "rose/notes.txt": b"x", "rose/photo": b"\xff\xd8\xff"}
    write_zip(path, {**members, "__MACOSX/rose/._1.jpg": b"", "empty/": b"", "@eaDir/x/": b""})
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("rose/passwords.jpg")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    zipped = found(path)
    assert [photo.name for photo in zipped.photos] == ["rose/1.jpg", "rose/photo"]
    assert zipped.folders == ["rose"]
    assert zipped.aside.names == {
        Kind.ZIP_LINK: ["rose/passwords.jpg"],
        Kind.OTHER: ["rose/notes.txt"],
        Kind.SYSTEM: ["__MACOSX/rose/._1.jpg"],
        Kind.EMPTY: ["empty"],
    }


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_equal_names_the_last_counts_and_it_is_said(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("rose/1.jpg", b"before")
        archive.writestr("rose/1.jpg", b"after")
    zipped = found(tmp_path / "a.zip")
    assert [photo.read() for photo in zipped.photos] == [b"after"]
    assert zipped.aside.names == {Kind.TWICE: ["rose/1.jpg"]}


def test_locked_photos_are_said_and_a_locked_zip_is_refused(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"rose/1.jpg": b"1", "rose/2.jpg": b"2"})
    zipped = found(locked(path, 1))
    assert [photo.name for photo in zipped.photos] == ["rose/2.jpg"]
    assert zipped.aside.names == {Kind.PASSWORD: ["rose/1.jpg"]}
    path = write_zip(tmp_path / "a.zip", {"rose/1.jpg": b"1", "rose/2.jpg": b"2"})
    assert "a.zip is protected by a password" in refusal(locked(path, 2))


# Limits


def test_too_many_files_are_refused(tmp_path):
    path = write_zip(tmp_path / "a.zip", {f"{i}.txt": b"" for i in range(4)})
    message = refusal(path, replace(PAGE, entries=3))
    assert message.startswith("a.zip holds too many files; pack no more than 3 into one zip.")


def test_a_long_list_of_files_is_not_even_read(tmp_path):
    path = write_zip(tmp_path / "a.zip", {f"{i}.txt": b"" for i in range(5000)})
    content = path.read_bytes()
    end = content.rindex(b"PK\x05\x06")
    # It says that there are two, as a liar would.
    path.write_bytes(content[: end + 8] + struct.pack("<HH", 2, 2) + content[end + 12 :])
    assert "too many files" in refusal(path, replace(PAGE, entries=300))


def test_what_grows_too_much_is_refused(tmp_path):
    members = {f"rose/{i}.bmp": bytes(30_000_000) for i in range(3)}
    path = write_zip(tmp_path / "a.zip", members, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 120_000
    assert "far larger unpacked than photos would be" in refusal(path)


def test_files_that_lie_over_one_another_are_refused(tmp_path):
    path = write_zip(tmp_path / "a.zip", {f"rose/{i}.jpg": bytes(100) for i in range(3)})
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02")
    offset = slice(42, 46)
    for _ in range(3):  # All three point to the first.
        content[at + offset.start : at + offset.stop] = bytes(4)
        at = content.find(b"PK\x01\x02", at + 1)
    path.write_bytes(content)
    assert "holds files that lie over one another" in refusal(path)


def test_one_photo_may_not_be_too_large(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"1.jpg": bytes(2000), "2.jpg": bytes(10)})
    large, small = found(path, replace(PAGE, photo_bytes=1000)).photos
    with pytest.raises(PhotoError, match=r"1\.jpg is too large"):
        large.read()
    assert small.read() == bytes(10)


def test_unpacking_may_not_take_too_long(tmp_path, monkeypatch):
    path = write_zip(tmp_path / "a.zip", {"1.jpg": bytes(10), "2.jpg": bytes(10)})
    first, second = found(path, PAGE).photos
    assert first.read() == bytes(10)
    read = zipfile.ZipExtFile.read
    passed = [0.0]
    monkeypatch.setattr(zips.time, "monotonic", lambda: passed[0])

    def slow(self, size):
        passed[0] += PAGE.seconds + 1
        return read(self, size)

    monkeypatch.setattr(zipfile.ZipExtFile, "read", slow)
    for _ in range(2):
        with pytest.raises(PhotoError, match=r"2\.jpg is not unpacked, since the zip took more"):
            second.read()
    # Nor is anything else of it looked into, such as for what it is.
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("opened"))
    with pytest.raises(PhotoError, match=r"1\.jpg is not unpacked"):
        first.head(32)


# Damage


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 but no more"])
def test_what_is_not_a_zip_is_one_sentence(tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    assert refusal(tmp_path / "a.zip").startswith("a.zip is damaged or not a zip; pack it again.")


def test_the_folders_of_this_machine_are_not_told(tmp_path):
    message = refusal(tmp_path / "gone.zip")
    assert message.endswith("Received: No such file or directory")
    assert str(tmp_path) not in message


@pytest.fixture(scope="module")
def sound_zip(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("zips") / "sound.zip"
    members = {f"rose/{i}.jpg": b"\xff\xd8\xff" + bytes(200) for i in range(4)}
    return write_zip(path, {**members, "tulip/é.png": b"x"}, zipfile.ZIP_DEFLATED).read_bytes()


def outcomes(path: Path) -> Iterator[str | DatasetError]:
    """Names of the photos of a zip, read or refused one by one, or why the zip is refused."""
    try:
        photos = found(path).photos
    except DatasetError as error:
        yield error
        return
    for photo in photos:
        with suppress(PhotoError):
            photo.read()
        yield photo.name


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
    cut=st.floats(0.5, 1),
)
def test_damage_of_any_kind_is_a_sentence_and_never_a_traceback(sound_zip, tmp_path, changes, cut):
    content = bytearray(sound_zip)
    for at, value in changes:
        content[int(at * len(content))] = value
    path = tmp_path / "mutated.zip"
    path.write_bytes(content[: max(1, int(cut * len(content)))])
    for outcome in outcomes(path):
        if isinstance(outcome, DatasetError):
            assert str(outcome).startswith("mutated.zip ")
        else:
            assert not outcome.startswith(("/", "../"))
