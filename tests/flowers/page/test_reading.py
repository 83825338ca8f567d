"""A batch as it is read: what the tab is told, before it makes HTML of it."""

from pathlib import Path

import pytest
from PIL import Image

from flowers.errors import BatchError
from flowers.models.zoo import Zoo
from flowers.page import photos_tab
from flowers.page.photos_tab import read_all
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
    *_, last = read_all(zoo, photos, *MODELS, lambda: True)
    assert [row.reading.photo for row in last.rows] == ["0.png"]
    assert (last.sent, last.following) == (4, None)


def test_a_batch_grows_photo_by_photo(
    zoo: Zoo, photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photos_tab, "REFRESH", 0)
    seen = list(read_all(zoo, photos, *MODELS, lambda: False))
    assert [len(batch.rows) for batch in seen] == [0, 1, 2, 3, 4]
    assert [batch.following for batch in seen] == ["0.png", "1.png", "2.png", "3.png", None]


def test_nothing_to_read_is_one_sentence(zoo: Zoo) -> None:
    with pytest.raises(BatchError, match="There are no photos"):
        list(read_all(zoo, [], *MODELS, lambda: False))
