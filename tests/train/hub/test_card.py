"""The model card: complete, the same for the same results, and a person's part untouched."""

from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from flowers.errors import WeightsError
from flowers.weights.folder import (
    METRICS,
    BaseSource,
    PretrainingStage,
    backbone_folders,
    read_config,
    write_config,
)
from flowers.weights.results import SeedResult, read_metrics
from flowers.weights.source import Entry, read_entry
from tests.support.folders import make_folder
from train.hub.card import MARK, model_card


@pytest.fixture
def models(tmp_path) -> list[Entry]:
    return entries(make_folder(tmp_path, "mobilenetv2", "densenet121"))


def entries(root: Path) -> list[Entry]:
    return [read_entry(folder) for folder in backbone_folders(root)]


def test_front_matter_is_what_the_hub_reads(models):
    card = ModelCard(model_card(models, "somebody/flowers"))
    assert card.data.library_name == "keras"
    assert card.data.pipeline_tag == "image-classification"
    assert card.data.license == "apache-2.0"
    assert {"keras", "mobilenetv2", "densenet121"} <= set(card.data.tags)


def test_every_measured_metric_names_its_data(models, tmp_path):
    text = model_card(models)
    index = {entry["name"]: entry["results"] for entry in _front_matter(text)["model-index"]}
    assert list(index) == [
        "DenseNet121 transfer",
        "DenseNet121 finetuned",
        "MobileNetV2 transfer",
        "MobileNetV2 finetuned",
    ]
    measured = read_metrics(tmp_path / "mobilenetv2").variants["finetuned"]
    [result] = index["MobileNetV2 finetuned"]
    values = {(m["type"], m["name"]): m["value"] for m in result["metrics"]}
    assert values["accuracy", "Accuracy"] == measured.accuracy == 0.9
    assert values["f1", "Macro F1"] == measured.macro_f1
    assert len(values) == 6  # Those that were not measured are left out.
    assert result["dataset"] == {
        "name": "two flowers",
        "type": "imagefolder",
        "split": "test",
        "args": {"photos": 20, "fingerprint": "0123456789abcdef"},
    }


def _front_matter(text: str) -> dict:
    import yaml

    return yaml.safe_load(text.split("---\n")[1])


def test_the_table_has_intervals_and_sizes(models):
    text = model_card(models)
    assert "| MobileNetV2 | finetuned | 90.00% (69.9% to 97.2%) | 0.900 |" in text
    assert "| 0.3 |" in text


def test_several_seeds_give_mean_and_range_and_latency_names_its_condition(models):
    assert "seeds" not in model_card(models)
    metrics = models[0].metrics
    accuracies = (0.90, 0.85, 0.95)  # Mean 0.90.
    seeds = [SeedResult(seed=i, accuracy=a) for i, a in enumerate(accuracies)]
    result = metrics.variants["finetuned"].model_copy(update={"seeds": tuple(seeds)})
    variants = {**metrics.variants, "finetuned": result}
    timed = {"variants": variants, "latency_ms": 13.26, "machine": "a machine, 2 cores"}
    first = replace(models[0], metrics=metrics.model_copy(update=timed))
    text = model_card([first, *models[1:]])
    assert "| 13.3 | 90.00% mean, 85.00% to 95.00% (3 seeds) |" in text
    assert "differ in their seed alone" in text
    assert "Milliseconds: median of one photo through both variants, on a machine, 2 cores." in text


def test_provenance_and_use_are_told(models):
    text = model_card(models, "somebody/flowers")
    assert "ImageNet weights of keras.applications" in text
    assert "`0123456789abcdef`" in text
    assert "epochs 10, seed 0" in text
    assert "FLOWERS_REPO=somebody/flowers" in text
    assert "## Intended use" in text


def test_provenance_tells_what_a_base_had(models):
    stages = tuple(PretrainingStage(image_size=s, epochs=e) for s, e in ((96, 22), (128, 9)))
    source = BaseSource(kind="file", name="some.h5", sha256="0" * 64, stages=stages)
    first = replace(models[0], config=models[0].config.model_copy(update={"base": source}))
    assert "epochs: 22 at 96 px, 9 at 128 px" in model_card([first, *models[1:]])


def test_the_same_results_give_the_same_card(models):
    text = model_card(models, "somebody/flowers")
    assert model_card(models, "somebody/flowers", previous=text) == text


def test_below_the_marked_line_a_person_writes(models):
    mine = "\n## My notes\n\nTaken in the *garden*.  \n"
    text = model_card(models, previous=model_card(models) + mine)
    assert text.endswith(f"{MARK}\n{mine}")
    again = model_card(models[:1], "somebody/flowers", previous=text)
    assert again.endswith(f"{MARK}\n{mine}")
    assert "DenseNet121" in again
    assert "MobileNetV2" not in again


def test_front_matter_that_a_person_added_stays(models):
    previous = "---\nlicense: cc-by-4.0\ndatasets: [me/photos]\ntags: [garden, vgg16]\n---\n"
    text = model_card(models, previous=previous)
    front = _front_matter(text)
    assert front["license"] == "cc-by-4.0"
    assert front["datasets"] == ["me/photos"]
    assert "garden" in front["tags"]
    assert "vgg16" not in front["tags"]
    assert _front_matter(model_card(models, license="mit", previous=text))["license"] == "mit"


@pytest.mark.parametrize("front", ["", "---\nlicense: mit\n---\n", "---\n: [bad\n---\n"])
def test_a_card_written_by_hand_moves_below_the_line(models, front):
    text = model_card(models, previous=f"{front}# By hand\n\nAll of this.")
    assert text.split(MARK)[1].endswith("# By hand\n\nAll of this.\n")
    assert _front_matter(text)["library_name"] == "keras"
    assert model_card(models, previous=text) == text


def test_names_cannot_break_the_card(tmp_path):
    root = make_folder(tmp_path, "mobilenetv2")
    config = read_config(root / "mobilenetv2")
    classes = ["a|b", "<script>x</script>"]
    write_config(root / "mobilenetv2", config.model_copy(update={"classes": classes}))
    (root / "mobilenetv2" / METRICS).unlink()
    text = model_card(entries(root))
    assert r"a\|b" in text
    assert "<script>" not in text
    assert "Nothing has been measured" in text


def test_a_notice_is_told(tmp_path):
    root = make_folder(tmp_path, "mobilenetv2")
    config = read_config(root / "mobilenetv2")
    write_config(
        root / "mobilenetv2", config.model_copy(update={"notice": "Starter weights, trained here."})
    )
    assert "> Starter weights, trained here." in model_card(entries(root))


def test_a_backbone_that_cannot_be_used_is_not_left_out_in_silence(tmp_path):
    root = make_folder(tmp_path, "mobilenetv2", "densenet121")
    (root / "densenet121" / METRICS).write_text("{}")
    with pytest.raises(WeightsError, match="metrics"):
        model_card(entries(root))
