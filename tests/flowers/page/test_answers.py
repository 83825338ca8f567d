"""What endpoints and page say of models and photos, on artifacts that LiteRT really runs."""

import time
from pathlib import Path

import pytest
from PIL import Image

from flowers.backbones import BACKBONES
from flowers.models.zoo import Zoo
from flowers.page.answers import classification, model_rows
from flowers.page.classify import REFRESH, Shown, answers
from flowers.page.picker import without
from flowers.weights.folder import ARTIFACT, Artifact
from flowers.weights.hub import Progress
from flowers.weights.source import Source
from tests.support.artifact import write_backbone
from tests.support.folders import CLASSES
from tests.support.photos import COLOURS


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A weights folder of MobileNetV2 and VGG16."""
    for key in ("mobilenetv2", "vgg16"):
        write_backbone(tmp_path / "weights", key, CLASSES)
    return tmp_path / "weights"


@pytest.fixture
def photo(tmp_path: Path) -> Shown:
    path = tmp_path / "rose.png"
    Image.new("RGB", (64, 48), COLOURS["rose"]).save(path)
    return Shown(str(path))


def test_a_backbone_that_broke_since_is_left_out_of_the_answer_and_the_choice(
    root: Path, photo: Shown
) -> None:
    zoo = Zoo(Source(root))
    artifact = root / "vgg16" / ARTIFACT
    artifact.write_bytes(artifact.read_bytes()[:-1] + b"!")
    for _ in range(2):  # The first call finds out.
        failed: dict[str, str] = {}
        *_, last = answers(zoo, photo, ["mobilenetv2", "vgg16"], ["transfer"], failed)
        assert list(failed) == ["vgg16"]
        assert last.count("VGG16 was left out") == 1
        assert "Consensus of 1 model<" in last
    keep, broken = ([box.get("value") for box in without(zoo, names)] for names in ([], failed))
    assert (any(v is not None for v in keep), broken.count(False)) == (False, 1)


class SlowSource(Source):
    """A folder that takes as long as a repository to fetch from."""

    def fetch(self, backbone: str, progress: Progress | None = None) -> Artifact:
        assert progress is not None
        progress(0.4, "fetching")
        time.sleep(2 * REFRESH)
        return super().fetch(backbone, progress)


def test_the_page_shows_how_far_a_slow_fetch_is(root: Path, photo: Shown) -> None:
    shown = list(answers(Zoo(SlowSource(root)), photo, ["mobilenetv2"], ["transfer"], {}))
    assert 'data-pending="1"' in shown[0]
    assert any("MobileNetV2: fetching, 40 %" in html for html in shown)
    assert 'data-pending="0"' in shown[-1]
    assert "Download as JSON" in shown[-1]


def test_every_model_is_listed_usable_or_not(root: Path) -> None:
    rows = model_rows(Zoo(Source(root)))
    assert len(rows) == 2 * len(BACKBONES)
    assert [(r["backbone"], r["variant"]) for r in rows][:2] == [
        ("vgg16", "transfer"),
        ("vgg16", "finetuned"),
    ]
    by_model = {(r["backbone"], r["variant"]): r for r in rows}
    row = by_model["mobilenetv2", "transfer"]
    assert row["available"]
    assert row["reason"] is None
    assert row["classes"] == CLASSES
    assert (row["accuracy"], row["test_photos"]) == (0.85, 20)
    assert row["interval"] is not None
    assert row["interval"][0] < 0.85 < row["interval"][1]
    missing = by_model["resnet101", "transfer"]
    assert not missing["available"]
    assert "train them" in (missing["reason"] or "")


def test_a_classification_has_the_shape_that_clients_rely_on(root: Path) -> None:
    zoo = Zoo(Source(root))
    image = Image.new("RGB", (64, 48), COLOURS["daisy"])
    found = [p for a in zoo.predict(image, zoo.models()) for p in a.predictions]
    answer = classification(found)
    assert set(answer) == {"consensus", "predictions"}
    assert set(answer["consensus"]) == {
        *("label", "probability", "agreement", "known", "p_known"),
    }
    assert (answer["consensus"]["label"], answer["consensus"]["agreement"]) == ("daisy", 4)
    first = answer["predictions"][0]
    assert set(first) == {
        *("backbone", "variant", "label", "probability", "probabilities", "known"),
        *("p_known", "milliseconds"),
    }
    assert sum(first["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert first["probability"] == max(first["probabilities"].values())
