"""Many photos at once, read by real models; what their folders may mean."""

import io
from pathlib import Path

import pytest
from PIL import Image

from flowers.errors import ChoiceError
from flowers.folders.labels import DroppedLabel
from flowers.models import batch
from flowers.models.batch import BatchRow, read_batch, with_meanings
from flowers.models.compare import Reading, judge
from flowers.models.shots import Shot, collect
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


def test_a_folder_may_be_said_to_mean_a_class(tmp_path: Path) -> None:
    names = ("roses/1.jpg", "roses/2.jpg", "tulip/3.jpg", "holiday/4.jpg")
    archive = write_zip(tmp_path / "photos.zip", dict.fromkeys(names, b""))
    collected = collect([archive], ["rose", "tulip"])
    assert collected.dropped == [DroppedLabel("holiday", 1, None), DroppedLabel("roses", 2, "rose")]
    rows = [BatchRow(Reading(s.name, s.label), folder=s.folder) for s in collected.shots]
    meant = with_meanings(rows, {"roses": "rose", "holiday": None})
    assert [row.reading.label for row in meant] == ["rose", "rose", "tulip", None]


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

    def shot(number: int) -> Shot:
        def read() -> bytes:
            opened.append(str(number))
            return jpeg(number)

        return Shot(str(number), None, read)

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
