"""Choosing and asking models, with the weights that `fit` made."""

import shutil
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from flowers.backbones import BACKBONES
from flowers.errors import ChoiceError, UploadError
from flowers.models.classifier import Prediction
from flowers.models.zoo import Zoo
from flowers.page.answers import classification, model_rows
from flowers.page.classify import REFRESH, Shown, answers
from flowers.page.examples import FOLDER
from flowers.page.picker import without
from flowers.page.uploads import inlined, uploaded
from flowers.photos import load_photo
from flowers.weights.folder import ARTIFACT
from flowers.weights.source import LocalWeights, Progress
from tests.support.folders import twice
from tests.support.photos import SIZE


@pytest.fixture
def zoo(weights_folder: Path) -> Zoo:
    return Zoo(LocalWeights(weights_folder))


@pytest.fixture
def two_backbones(weights_folder: Path, tmp_path: Path) -> Path:
    """The weights folder, with its backbone a second time under another name."""
    return twice(weights_folder, tmp_path / "weights")


def test_all_usable_models_are_chosen_by_default(zoo: Zoo) -> None:
    assert zoo.choose(None, None) == [("mobilenetv2", "transfer"), ("mobilenetv2", "finetuned")]
    assert zoo.choose(["mobilenetv2"], ["finetuned"]) == [("mobilenetv2", "finetuned")]


@pytest.mark.parametrize(
    ("backbones", "variants", "words"),
    [
        (["vgg"], None, r"no such backbone; use vgg16, .* Received: 'vgg'"),
        (["vgg16"], None, r"VGG16 cannot be used\. .* train them"),
        (None, ["frozen"], r"no such variant; use transfer, finetuned\. Received: 'frozen'"),
        ([], None, "No model is chosen"),
        (None, [], "No model is chosen"),
    ],
)
def test_what_cannot_be_chosen_says_why(
    zoo: Zoo, backbones: list[str] | None, variants: list[str] | None, words: str
) -> None:
    with pytest.raises(ChoiceError, match=words):
        zoo.choose(backbones, variants)


def test_a_broken_artifact_is_left_out_and_disabled_with_its_reason(
    weights_folder: Path, generated_photos: Path, tmp_path: Path
) -> None:
    root = tmp_path / "weights"
    shutil.copytree(weights_folder, root)
    artifact = root / "mobilenetv2" / ARTIFACT
    artifact.write_bytes(artifact.read_bytes()[:-1] + b"!")
    zoo = Zoo(LocalWeights(root))
    failed: dict[str, str] = {}
    photo = load_photo(generated_photos / "rose" / "0.jpg")
    assert list(zoo.predict(photo, zoo.choose(None, None), failed.__setitem__)) == []
    assert "is not the file" in failed["mobilenetv2"]
    assert zoo.entries()["mobilenetv2"].reason == failed["mobilenetv2"]
    assert zoo.models() == []


def test_a_backbone_that_broke_since_costs_no_answer_of_the_others(two_backbones: Path) -> None:
    zoo = Zoo(LocalWeights(two_backbones))
    artifact = two_backbones / "vgg16" / ARTIFACT
    artifact.write_bytes(artifact.read_bytes()[:-1] + b"!")
    photo = Shown(str(FOLDER / "rose.jpg"))
    for _ in range(2):  # The first call finds out.
        failed: dict[str, str] = {}
        *_, last = answers(zoo, photo, ["mobilenetv2", "vgg16"], ["transfer"], failed)
        assert list(failed) == ["vgg16"]
        assert last.count("VGG16 was left out") == 1
        assert "Consensus of 1 model<" in last
    keep, broken = ([box.get("value") for box in without(zoo, names)] for names in ([], failed))
    assert (any(v is not None for v in keep), broken.count(False)) == (False, 1)
    assert zoo.choose(None, ["transfer"]) == [("mobilenetv2", "transfer")]
    with pytest.raises(ChoiceError, match="VGG16 cannot be used"):
        zoo.choose(["mobilenetv2", "vgg16"], None)
    with pytest.raises(ChoiceError, match="VGG16 cannot be used"):
        zoo.choose(["vgg16"], None, lambda key, reason: None)


class SlowWeights(LocalWeights):
    """A folder that takes as long as a repository to fetch from."""

    def fetch(self, backbone: str, progress: Progress | None = None) -> Path:
        assert progress is not None
        progress(0.4, "fetching")
        time.sleep(2 * REFRESH)
        return super().fetch(backbone, progress)


def test_the_page_shows_how_far_a_slow_fetch_is(
    weights_folder: Path, generated_photos: Path
) -> None:
    photo = Shown(str(generated_photos / "rose" / "0.jpg"))
    shown = list(
        answers(Zoo(SlowWeights(weights_folder)), photo, ["mobilenetv2"], ["transfer"], {})
    )
    assert 'data-pending="1"' in shown[0]
    assert any("MobileNetV2: fetching, 40 %" in html for html in shown)
    assert 'data-pending="0"' in shown[-1]
    assert "Download as JSON" in shown[-1]


def test_every_model_is_listed_usable_or_not(zoo: Zoo) -> None:
    rows = model_rows(zoo)
    assert [(r["backbone"], r["variant"]) for r in rows][:2] == [
        ("vgg16", "transfer"),
        ("vgg16", "finetuned"),
    ]
    assert len(rows) == 2 * len(BACKBONES)
    (row,) = [r for r in rows if r["backbone"] == "mobilenetv2" and r["variant"] == "transfer"]
    assert row["available"]
    assert row["reason"] is None
    assert row["classes"] == ["daisy", "rose", "sunflower"]
    assert row["accuracy"] is not None
    assert row["interval"] is not None
    assert row["interval"][0] <= row["accuracy"] <= row["interval"][1]
    assert not rows[0]["available"]
    assert "train them" in (rows[0]["reason"] or "")


def test_a_classification_has_the_shape_that_clients_rely_on(
    zoo: Zoo, generated_photos: Path
) -> None:
    photo = load_photo(generated_photos / "sunflower" / "0.jpg")
    found: list[Prediction] = [p for some in zoo.predict(photo, zoo.models()) for p in some]
    answer = classification(found)
    assert set(answer) == {"consensus", "predictions"}
    assert set(answer["consensus"]) == {*("label", "probability", "agreement", "known", "p_known")}
    first = answer["predictions"][0]
    assert set(first) == {
        *("backbone", "variant", "label", "probability", "probabilities", "known"),
        *("p_known", "milliseconds"),
    }
    assert sum(first["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert first["probability"] == max(first["probabilities"].values())


@pytest.mark.parametrize("file", [{"path": "/etc/passwd"}, "/etc/passwd", {"path": 3}, None, 7])
def test_only_files_that_gradio_vouches_for_are_opened(file: object) -> None:
    with pytest.raises(UploadError, match="That is no file"):
        uploaded([file])


def test_addresses_of_uploads_are_taken_and_nothing_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    photo = tmp_path / "a" / "my rose.jpg"
    photo.parent.mkdir()
    photo.write_bytes(b"photo")
    assert uploaded([f"http://h:7860/gradio_api/file={quote(str(photo))}"]) == [photo]
    (decoded,) = uploaded(["data:image/png;base64,aGVsbG8="])
    assert decoded.read_bytes() == b"hello"
    assert decoded.is_relative_to(tmp_path)
    for address in (
        "https://example.com/rose.jpg",
        "http://127.0.0.1/gradio_api/file=/etc/passwd",
        f"http://h/gradio_api/file={tmp_path}/../{__file__}",
        "data:image/png",
    ):
        with pytest.raises(UploadError, match=r"no file that was uploaded|cannot be decoded"):
            uploaded([address])


def test_photos_keep_the_detail_that_the_largest_network_reads(zoo: Zoo) -> None:
    assert zoo.detail() == 2 * SIZE


def test_a_schema_without_pointers() -> None:
    schema = {
        "$defs": {"A": {"properties": {"b": {"$ref": "#/$defs/B"}}}, "B": {"const": 1}},
        "items": {"$ref": "#/$defs/A"},
    }
    assert inlined(schema) == {"items": {"properties": {"b": {"const": 1}}}}
