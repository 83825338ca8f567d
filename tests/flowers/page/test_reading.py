"""A batch as it is read: what the tab is told, before it makes HTML of it."""

from pathlib import Path

import pytest
from PIL import Image

from flowers.backbones import DEFAULT_CLASSES
from flowers.models.consensus import NONE_OF_THESE
from flowers.models.shots import collect
from flowers.models.zoo import Zoo
from flowers.page import reading
from flowers.page.examples import sample_batch
from flowers.page.reading import read_all
from flowers.photos import load_photo
from flowers.weights.source import Source
from tests.support.artifact import write_backbone
from tests.support.photos import COLOURS

MODELS = (["mobilenetv2"], ["transfer"])


@pytest.fixture
def zoo(tmp_path: Path) -> Zoo:
    write_backbone(tmp_path / "weights", "mobilenetv2")
    return Zoo(Source(tmp_path / "weights"))


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{i}.png" for i in range(4)]
    for path in paths:
        Image.new("RGB", (64, 48), COLOURS["rose"]).save(path)
    return paths


def test_a_stopped_batch_has_what_was_read(zoo: Zoo, photos: list[Path]) -> None:
    *_, last = read_all(zoo, collect(photos, zoo.classes()), *MODELS, lambda: True)
    assert len(last.rows) == 1
    assert (last.sent, last.following) == (4, None)


def test_a_batch_grows_photo_by_photo(
    zoo: Zoo, photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "REFRESH", 0)
    seen = list(read_all(zoo, collect(photos, zoo.classes()), *MODELS, lambda: False))
    assert [len(batch.rows) for batch in seen] == [0, 1, 2, 3, 4]
    *following, end = [batch.following for batch in seen]
    assert sorted(map(str, following)) == ["0.png", "1.png", "2.png", "3.png"]
    assert following != sorted(map(str, following))  # Shuffled.
    assert end is None


def test_the_sample_batch_has_photos_of_every_class_and_of_none() -> None:
    sample = sample_batch(DEFAULT_CLASSES).shots
    assert {shot.label for shot in sample} == {*DEFAULT_CLASSES, NONE_OF_THESE}
    assert len(sample) == 28
    assert {shot.label for shot in sample_batch(["rose"]).shots} == {"rose", NONE_OF_THESE}
    for shot in sample:
        assert load_photo(shot.read()).width > 200
