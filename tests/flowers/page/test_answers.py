"""What endpoints and page say of models and photos, on artifacts that LiteRT really runs."""

import base64
import io
import time
from pathlib import Path

import gradio as gr
import pytest
from PIL import Image

from flowers.backbones import BACKBONES
from flowers.models.zoo import Zoo
from flowers.page.answers import as_json, classification, model_rows
from flowers.page.classify import Shown, answers
from flowers.page.endpoints import classify, compare
from flowers.page.limits import REFRESH
from flowers.page.picker import Picker, without
from flowers.weights.folder import ARTIFACT, Artifact
from flowers.weights.hub import OnProgress
from flowers.weights.source import Source
from tests.support.artifact import write_backbone
from tests.support.folders import CLASSES
from tests.support.markup import Markup
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


def damage(root: Path, backbone: str) -> None:
    artifact = root / backbone / ARTIFACT
    artifact.write_bytes(artifact.read_bytes()[:-1] + b"!")


def test_a_backbone_that_broke_since_is_left_out_of_the_answer_and_the_choice(
    root: Path, photo: Shown
) -> None:
    zoo = Zoo(Source(root))
    damage(root, "vgg16")
    for _ in range(2):  # The first call finds out.
        *_, last = answers(zoo, photo, ["mobilenetv2", "vgg16"], ["transfer"])
        assert list(last.failed) == ["vgg16"]
        page = Markup(last.html())
        assert page.text(".failure").startswith("VGG16 was left out: ")
        assert page.text(".eyebrow") == "1 model"
    boxes = {key: gr.Checkbox(label=key) for key in BACKBONES}
    changed = without(zoo, Picker(boxes, {}), last.failed)
    assert {box.label: update["value"] for box, update in changed.items()} == {"vgg16": False}
    assert without(zoo, Picker(boxes, {}), []) == {}


@pytest.fixture
def sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A photo as a client may send it, within its description."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), COLOURS["rose"]).save(buffer, "PNG")
    return {"url": f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"}


def test_endpoints_say_which_backbone_was_left_out_and_why(
    root: Path, sent: dict[str, str]
) -> None:
    one = classify(Zoo(Source(root)), sent)
    assert len(one["predictions"]) == 4
    assert one["left_out"] == {}
    assert compare(Zoo(Source(root)), [sent])["notes"] == []

    zoo = Zoo(Source(root))
    damage(root, "vgg16")
    one = classify(zoo, sent)
    assert {p["backbone"] for p in one["predictions"]} == {"mobilenetv2"}
    assert list(one["left_out"]) == ["vgg16"]
    assert one["left_out"]["vgg16"].startswith("vgg16/model.tflite is not the file")

    many = compare(Zoo(Source(root)), [sent, sent])
    assert [len(photo["predictions"]) for photo in many["photos"]] == [2, 2]
    (note,) = many["notes"]
    assert note.startswith("VGG16 was left out: vgg16/model.tflite is not the file")


class SlowSource(Source):
    """A folder that takes as long as a repository to fetch from."""

    def fetch(self, backbone: str, progress: OnProgress | None = None) -> Artifact:
        assert progress is not None
        progress(0.4, "fetching")
        time.sleep(2 * REFRESH)
        return super().fetch(backbone, progress)


def test_the_page_shows_how_far_a_slow_fetch_is(root: Path, photo: Shown) -> None:
    shown = [
        Markup(found.html())
        for found in answers(Zoo(SlowSource(root)), photo, ["mobilenetv2"], ["transfer"])
    ]
    assert shown[0].all('[data-pending="1"]')
    assert any("MobileNetV2: fetching, 40 %" in page.text() for page in shown)
    assert shown[-1].all('[data-pending="0"]')
    assert shown[-1].texts("a[download]") == ["Download as JSON"]


def test_every_model_is_listed_usable_or_not(root: Path) -> None:
    rows = as_json(model_rows(Zoo(Source(root))))
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
    answer = as_json(classification(found))
    assert set(answer) == {"consensus", "predictions", "left_out"}
    assert set(answer["consensus"]) == {
        *("label", "probability", "agreement", "models", "known", "p_known"),
    }
    assert (answer["consensus"]["label"], answer["consensus"]["agreement"]) == ("daisy", 4)
    first = answer["predictions"][0]
    assert set(first) == {
        *("backbone", "variant", "label", "probability", "probabilities", "known"),
        *("p_known", "milliseconds"),
    }
    assert sum(first["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert first["probability"] == max(first["probabilities"].values())
