"""Many photos at once: what is taken from zips, what is refused."""

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from flowers.errors import BatchError, ChoiceError, PhotoError
from flowers.folders.labels import DroppedLabel
from flowers.models import batch
from flowers.models.batch import (
    BatchRow,
    collect,
    labels_in_order,
    read_batch,
    with_meanings,
)
from flowers.models.compare import Reading, judge
from flowers.models.zoo import Zoo
from flowers.weights.folder import ARTIFACT
from flowers.weights.source import Source
from tests.support.artifact import write_backbone
from tests.support.photos import COLOURS, pattern
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


def test_a_folder_may_be_said_to_mean_a_class(tmp_path: Path) -> None:
    names = ("roses/1.jpg", "roses/2.jpg", "tulip/3.jpg", "holiday/4.jpg")
    archive = write_zip(tmp_path / "photos.zip", dict.fromkeys(names, b""))
    collected = collect([archive], ["rose", "tulip"])
    assert collected.dropped == [DroppedLabel("holiday", 1, None), DroppedLabel("roses", 2, "rose")]
    rows = [BatchRow(Reading(s.name, s.label), folder=s.folder) for s in collected.shots]
    meant = with_meanings(rows, {"roses": "rose", "holiday": None})
    assert [row.reading.label for row in meant] == ["rose", "rose", "tulip", None]


def test_photos_in_a_zip_are_known_by_what_they_hold(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "hif.zip", {"rose/DSC0.HIF": jpeg(0), "rose/image7": jpeg(1)})
    shots = collect([archive], ["rose"]).shots
    assert [(shot.name, shot.label) for shot in shots] == [
        ("rose/DSC0.HIF", "rose"),
        ("rose/image7", "rose"),
    ]


def test_files_that_are_sent_are_known_by_what_they_hold(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "packed", {"rose/1.jpg": jpeg(0)})
    (tmp_path / "photo.zip").write_bytes(jpeg(1))
    shots = collect([archive, tmp_path / "photo.zip"], ["rose"]).shots
    assert [(shot.name, shot.label) for shot in shots] == [
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
    members = {f"{i}.jpg": b"" for i in range(batch.MAX_PHOTOS + 1)}
    with pytest.raises(BatchError, match=r"500 photos .* Received: 501"):
        collect([write_zip(tmp_path / "many.zip", members)], [])
    with pytest.raises(BatchError, match="There are no photos"):
        collect([], [])


def test_a_zip_of_too_many_files_is_refused_before_it_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "LIMITS", replace(batch.LIMITS, entries=3))
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
    monkeypatch.setattr(batch, "LIMITS", replace(batch.LIMITS, photo_bytes=1000))
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.jpg", bytes(2000))
    (shot,) = collect([tmp_path / "bomb.zip"], []).shots
    with pytest.raises(PhotoError, match=r"bomb\.jpg is too large"):
        shot.read()


def test_labels_go_to_photos_in_order(tmp_path: Path) -> None:
    shots = collect([tmp_path / "a.jpg", tmp_path / "b.jpg"], []).shots
    assert [s.label for s in labels_in_order(shots, ["rose", ""])] == ["rose", None]
    with pytest.raises(BatchError, match="Received: 1 labels"):
        labels_in_order(shots, ["rose"])


@pytest.fixture
def zoo(tmp_path: Path) -> Zoo:
    write_backbone(tmp_path / "weights", "mobilenetv2")
    return Zoo(Source(tmp_path / "weights"))


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Three photos for each class, all of its colour."""
    paths = [tmp_path / "photos" / name / f"{i}.png" for name in COLOURS for i in range(3)]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 48), COLOURS[path.parent.name]).save(path)
    return paths


def test_a_batch_is_read_by_real_models_and_damage_costs_one_photo(
    zoo: Zoo, photos: list[Path], tmp_path: Path
) -> None:
    members = {f"{path.parent.name}/{path.name}": path.read_bytes() for path in photos}
    archive = write_zip(tmp_path / "photos.zip", {**members, "rose/broken.jpg": b"no photo"})
    shots = collect([archive], zoo.classes()).shots
    models = zoo.choose(None, None).models
    rows = list(read_batch(zoo, shots, models))
    assert rows[-1].left_out == {}
    *good, bad = [row.reading for row in rows]
    assert bad.reason is not None
    assert bad.reason.startswith("rose/broken.jpg is not a photo that can be read")
    assert all(len(reading.predictions) == len(models) == 2 for reading in good)
    verdict = judge(row.reading for row in rows)
    assert verdict is not None
    assert verdict.best.photos == 9
    assert verdict.best.accuracy == 1
    assert [row.thumbnail.size for row in rows if row.thumbnail] == [(56, 56)] * 9


def test_a_backbone_that_breaks_is_left_out_of_the_rows_that_follow(
    zoo: Zoo, photos: list[Path], tmp_path: Path
) -> None:
    write_backbone(tmp_path / "weights", "vgg16")
    zoo = Zoo(Source(tmp_path / "weights"))
    artifact = tmp_path / "weights" / "vgg16" / ARTIFACT
    artifact.write_bytes(artifact.read_bytes()[:-1] + b"!")
    models = zoo.choose(None, None).models
    rows = list(read_batch(zoo, collect(photos[:2], zoo.classes()).shots, models))
    assert [list(row.left_out) for row in rows] == [["vgg16"], ["vgg16"]]
    assert [len(row.reading.predictions) for row in rows] == [2, 2]
    broken = [model for model in models if model[0] == "vgg16"]
    with pytest.raises(ChoiceError, match=r"None of the chosen models .* is not the file"):
        list(read_batch(zoo, collect(photos[:2], zoo.classes()).shots, broken))


def test_a_photo_is_opened_while_the_one_before_is_read_and_no_earlier() -> None:
    opened: list[str] = []

    def shot(number: int) -> batch.Shot:
        def read() -> bytes:
            opened.append(str(number))
            return jpeg(number)

        return batch.Shot(str(number), None, read)

    ahead = batch._ahead([shot(i) for i in range(5)], 96)
    for number, (current, photo) in enumerate(ahead):
        assert photo().size == pattern(number).size
        assert current.name == str(number)
        assert len(opened) <= number + 2
    assert opened == ["0", "1", "2", "3", "4"]


def test_a_batch_that_takes_too_long_ends_with_a_sentence_for_each_photo_that_is_left(
    zoo: Zoo, photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    shots = collect(photos, zoo.classes()).shots
    models = zoo.choose(None, None).models
    now = [0.0]
    monkeypatch.setattr(batch.time, "monotonic", lambda: now[0])
    rows = []
    for row in read_batch(zoo, shots, models):
        rows.append(row)
        if len(rows) == 2:
            now[0] = 60 * batch.MAX_MINUTES + 1
    assert [row.reading.photo for row in rows] == [shot.name for shot in shots]
    # One more had been opened while the second was read.
    assert [bool(row.reading.predictions) for row in rows] == [True] * 3 + [False] * 6
    reason = f"{shots[-1].name} was not read, since the batch took over 30 minutes; send fewer"
    assert str(rows[-1].reading.reason).startswith(reason)
