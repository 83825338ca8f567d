"""Many photos at once: what is taken from files, folders and zips, what is refused."""

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from flowers.errors import BatchError, PhotoError
from flowers.folders.disk import DiskFile
from flowers.folders.labels import DroppedLabel
from flowers.models import shots
from flowers.models.shots import MAX_PHOTOS, collect, labels_in_order
from tests.support.photos import pattern
from tests.support.zips import write_zip


def jpeg(seed: int) -> bytes:
    buffer = io.BytesIO()
    pattern(seed).save(buffer, "JPEG")
    return buffer.getvalue()


def test_folders_named_after_classes_are_labels(tmp_path: Path) -> None:
    archive = write_zip(
        tmp_path / "photos.zip",
        {
            "mine/Rose/1.jpg": b"",
            "mine/garden/2.png": b"",
            "3.heic": b"",
            "mine/rose/notes.txt": b"",
            "__MACOSX/mine/rose/._1.jpg": b"",
            "mine/rose/.hidden.jpg": b"",
        },
    )
    collected = collect([archive, tmp_path / "single.jpg"], ["rose", "daisy"])
    assert [(shot.name, shot.label) for shot in collected.shots] == [
        ("mine/Rose/1.jpg", "rose"),
        ("mine/garden/2.png", None),
        ("3.heic", None),
        ("single.jpg", None),
    ]
    assert collected.dropped == [DroppedLabel("garden", 1, None)]
    assert collected.aside.lines() == [
        "left aside, hidden, with a dot before the name: 1 (mine/rose/.hidden.jpg)",
        "left aside, left behind by a system or photo program: 1 (__MACOSX/mine/rose/._1.jpg)",
        "left aside, other files: 1 (mine/rose/notes.txt)",
    ]


def test_photos_in_a_zip_are_known_by_what_they_hold(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "hif.zip", {"rose/DSC0.HIF": jpeg(0), "rose/image7": jpeg(1)})
    found = collect([archive], ["rose"]).shots
    assert [(shot.name, shot.label) for shot in found] == [
        ("rose/DSC0.HIF", "rose"),
        ("rose/image7", "rose"),
    ]


def test_files_that_are_sent_are_known_by_what_they_hold(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "packed", {"rose/1.jpg": jpeg(0)})
    (tmp_path / "photo.zip").write_bytes(jpeg(1))
    found = collect([archive, tmp_path / "photo.zip"], ["rose"]).shots
    assert [(shot.name, shot.label) for shot in found] == [
        ("rose/1.jpg", "rose"),
        ("photo.zip", None),
    ]


def test_photos_can_be_opened_once_more_as_long_as_their_file_is_there(tmp_path: Path) -> None:
    members = {"notes.txt": b"-", "rose/1.jpg": jpeg(0), "b.jpg": jpeg(1)}
    archive = write_zip(tmp_path / "photos.zip", members)
    (tmp_path / "single.jpg").write_bytes(jpeg(2))
    places = [shot.place for shot in collect([archive, tmp_path / "single.jpg"], ["rose"]).shots]
    assert [place.read() for place in places if place] == [jpeg(0), jpeg(1), jpeg(2)]
    write_zip(archive, {"other.jpg": jpeg(3)})
    (tmp_path / "single.jpg").unlink()
    for place, words in zip(places[1:], ("cannot be had again", "not on the server"), strict=True):
        assert place
        with pytest.raises(PhotoError, match=words):
            place.read()


def test_a_damaged_zip_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "broken.zip"
    path.write_bytes(b"PK\x03\x04 but no more")
    with pytest.raises(BatchError, match=r"broken\.zip is damaged or not a zip"):
        collect([path], ["rose"])


def test_too_many_photos_are_refused_with_the_limit(tmp_path: Path) -> None:
    members = {f"{i}.jpg": b"" for i in range(MAX_PHOTOS + 1)}
    with pytest.raises(BatchError, match=r"500 photos .* Received: 501"):
        collect([write_zip(tmp_path / "many.zip", members)], [])
    with pytest.raises(BatchError, match="There are no photos"):
        collect([], [])


def test_a_zip_of_too_many_files_is_refused_before_it_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shots, "LIMITS", replace(shots.LIMITS, entries=3))
    archive = write_zip(tmp_path / "many.zip", {f"{i}.txt": b"" for i in range(4)})
    with pytest.raises(BatchError, match=r"many\.zip holds too many files.* Received: 4"):
        collect([archive], [])


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_photo_in_a_zip_is_left_out_alone(tmp_path: Path, method: int) -> None:
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("bad.jpg", jpeg(1))
        archive.writestr("good.jpg", jpeg(2))
    data = bytearray(path.read_bytes())
    data[60:400] = bytes(range(170)) * 2
    path.write_bytes(data)
    bad, good = collect([path], []).shots
    with pytest.raises(PhotoError, match=r"bad\.jpg cannot be unpacked"):
        bad.read()
    assert good.read() == jpeg(2)


def test_an_unknown_way_of_packing_costs_one_photo(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "photos.zip", {"odd.jpg": jpeg(1)})
    data = path.read_bytes()
    at = data.index(b"PK\x01\x02") + 10
    path.write_bytes(data[:at] + (99).to_bytes(2, "little") + data[at + 2 :])
    (odd,) = collect([path], []).shots
    with pytest.raises(PhotoError, match=r"odd\.jpg cannot be unpacked"):
        odd.read()


def test_a_member_that_unpacks_to_too_much_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shots, "LIMITS", replace(shots.LIMITS, photo_bytes=1000))
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.jpg", bytes(2000))
    (shot,) = collect([tmp_path / "bomb.zip"], []).shots
    with pytest.raises(PhotoError, match=r"bomb\.jpg is too large"):
        shot.read()


def test_labels_go_to_photos_in_order(tmp_path: Path) -> None:
    found = collect([tmp_path / "a.jpg", tmp_path / "b.jpg"], []).shots
    assert [s.label for s in labels_in_order(found, ["rose", ""])] == ["rose", None]
    with pytest.raises(BatchError, match="Received: 1 labels"):
        labels_in_order(found, ["rose"])


def test_folders_that_were_sent_label_their_photos_as_those_in_a_zip_do(tmp_path: Path) -> None:
    members = {
        "mine/Rose/close-ups/röschen.jpg": jpeg(0),
        "mine/garden/image7": jpeg(1),
        "mine/garden/list": b"not a photo",
        "mine/.git/2.jpg": jpeg(2),
        "mine/garden/3.jpg": b"",
    }
    sent = []
    for number, (name, content) in enumerate(members.items()):
        path = tmp_path / f"{number}.jpg"  # The name on this machine says nothing.
        path.write_bytes(content)
        sent.append(DiskFile(name, path))
    single = DiskFile("IMG 1.jpg", tmp_path / "0.jpg")
    kept_back = ["mine/notes.txt", "mine/Rose/film.mov", "mine/.DS_Store", "mine/more.zip"]
    found = collect([*sent, single], ["rose", "daisy"], kept_back)
    assert [(shot.name, shot.label, shot.folder) for shot in found.shots] == [
        ("IMG 1.jpg", None, None),
        ("mine/Rose/close-ups/röschen.jpg", "rose", None),
        ("mine/garden/image7", None, "garden"),
        ("mine/garden/3.jpg", None, "garden"),
    ]
    assert found.shots[1].read() == jpeg(0)
    assert found.shots[1].place is not None
    assert found.shots[1].place.read() == jpeg(0)
    assert found.dropped == [DroppedLabel("garden", 2, None)]
    zipped = collect(
        [write_zip(tmp_path / "all.zip", {**members, **dict.fromkeys(kept_back, b"")})],
        ["rose", "daisy"],
    )
    assert sorted(found.aside.lines()) == [
        "left aside, archives, which are to be unpacked first: 1 (mine/more.zip)",
        "left aside, films: 1 (mine/Rose/film.mov)",
        "left aside, hidden, with a dot before the name: 1 (mine/.git/2.jpg)",
        "left aside, left behind by a system or photo program: 1 (mine/.DS_Store)",
        "left aside, other files: 2 (mine/garden/list, mine/notes.txt)",
    ]
    assert found.aside.lines() == zipped.aside.lines()
    assert [(s.name, s.label) for s in found.shots[1:]] == [(s.name, s.label) for s in zipped.shots]
