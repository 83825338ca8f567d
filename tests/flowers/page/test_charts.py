"""Figures show the figures: what is drawn is what the results say."""

import csv
import io
import json
from dataclasses import replace
from math import log10
from pathlib import Path

import gradio as gr
import numpy as np
import plotly.graph_objects as go
import pytest

from flowers.backbones import VARIANTS, Variant
from flowers.models.compare import measured_points, standings
from flowers.models.zoo import Zoo
from flowers.page.charts.curves import calibration_chart, learning_chart
from flowers.page.charts.matrices import (
    class_f1_chart,
    confusion_chart,
    difference_chart,
)
from flowers.page.charts.points import accuracy_chart, cost_chart
from flowers.page.comparison import comparison_tab
from flowers.page.mistakes import mistakes_html
from flowers.page.tables import leaderboard, measured_on, to_csv, to_html
from flowers.weights.folder import BaseSource, PretrainingStage, read_config
from flowers.weights.published import read_published
from flowers.weights.results import (
    DataSource,
    EpochResult,
    HardPhoto,
    Metrics,
    SeedResult,
    VariantResult,
    same_photos,
)
from flowers.weights.source import Entry, Source
from tests.support import ROOT
from tests.support.folders import make_folder
from train.artifact.measure import measure

CLASSES = ["daisy", "rose"]
PHOTOS = 40


def variant_result(right: int) -> VariantResult:
    """A variant that reads so many of 40 photos right, those of the first class first."""
    labels = np.repeat([0, 1], PHOTOS // 2)
    correct = np.arange(PHOTOS) < right
    probabilities = np.where((labels == 0) == correct, 0.8, 0.2)
    shares = np.stack([probabilities, 1 - probabilities], axis=1)
    curves = tuple(
        EpochResult(loss=1.0, accuracy=a, validation_loss=1.0, validation_accuracy=a / 2)
        for a in (0.5, 0.7, 0.6)
    )
    result = measure([f"{i}.jpg" for i in range(PHOTOS)], labels, shares, CLASSES)
    return result.model_copy(update={"curves": curves, "best_epoch": 1})


def metrics_of(backbone: str, **right: int) -> Metrics:
    """Metrics of a backbone whose variants read so many photos right."""
    variants: dict[Variant, VariantResult] = {v: variant_result(right[v]) for v in VARIANTS}
    return Metrics(
        backbone=backbone,
        classes=CLASSES,
        data=DataSource(name="generated", fingerprint="f", part="test", photos=PHOTOS),
        variants=variants,
        latency_ms=12.5,
        machine="a machine",
    )


@pytest.fixture(scope="module")
def metrics() -> dict[str, Metrics]:
    return {
        "vgg16": metrics_of("vgg16", transfer=20, finetuned=38),
        "mobilenetv2": metrics_of("mobilenetv2", transfer=36, finetuned=37),
    }


def points_of(fig: go.Figure, name: str) -> list[float]:
    """The horizontal values of the trace with this name."""
    (trace,) = [t for t in fig.data if t.name == name]
    return list(trace.x)


def heat(fig: go.Figure) -> list[list[str]]:
    """The texts in the cells of a heat map."""
    return [list(row) for row in fig.data[0].text]


def test_measured_accuracy_has_its_wilson_interval(metrics: dict[str, Metrics]) -> None:
    points = measured_points(metrics)
    accuracy, low, high = points["vgg16", "transfer"]
    assert accuracy == 0.5
    assert low == pytest.approx(0.352, abs=1e-3)
    assert high == pytest.approx(0.648, abs=1e-3)
    fig = accuracy_chart(points)
    (trace,) = [t for t in fig.data if t.name == "transfer"]
    assert list(trace.x) == [90.0, 50.0]  # MobileNetV2 below VGG16, whose best is better.
    assert trace.error_x.arrayminus[1] == pytest.approx(100 * (accuracy - low))
    assert trace.error_x.array[1] == pytest.approx(100 * (high - accuracy))
    assert list(fig.layout.yaxis.ticktext) == ["MobileNetV2", "VGG16"]


def test_cost_charts_place_every_variant(metrics: dict[str, Metrics]) -> None:
    fig = cost_chart(metrics, {"vgg16": 30.0, "mobilenetv2": 4.0}, "MB", "MB")
    assert points_of(fig, "finetuned") == pytest.approx([log10(30), log10(4)])
    # 1 is too far left, so the marks are at 5, 10 and 20 and show those numbers.
    assert list(fig.layout.xaxis.ticktext) == ["5", "10", "20"]
    assert list(fig.layout.xaxis.tickvals) == pytest.approx([log10(5), 1, log10(20)])
    (trace,) = [t for t in fig.data if t.name == "transfer"]
    assert list(trace.y) == [50.0, 90.0]
    assert points_of(fig, "Pareto front") == pytest.approx([log10(4), log10(30)])


def test_confusion_shows_counts(metrics: dict[str, Metrics]) -> None:
    fig = confusion_chart(metrics["vgg16"].variants["finetuned"].confusion, CLASSES)
    assert heat(fig) == [["20", ""], ["2", "18"]]
    assert fig.data[0].z[1] == pytest.approx((0.1, 0.9))


def test_differences_are_signed_and_coloured_only_when_real(metrics: dict[str, Metrics]) -> None:
    results = {(k, v): r for k, m in metrics.items() for v, r in m.variants.items()}
    verdict = standings({model: result.predictions for model, result in results.items()})
    fig = difference_chart(verdict)
    # They read 38, 37, 36 and 20 of 40 photos right.
    assert list(fig.data[0].y) == [
        "VGG16 finetuned  1",
        "MobileNetV2 finetuned  2",
        "MobileNetV2 transfer  3",
        "VGG16 transfer  4",
    ]
    assert list(fig.data[0].x) == ["1", "2", "3"]
    assert heat(fig) == [["", "", ""], ["+1", "", ""], ["+2", "+1", ""], ["+18", "+17", "+16"]]
    assert [list(row) for row in fig.data[0].z] == [
        [None, None, None],
        [0, None, None],  # One or two photos of forty are chance.
        [0, 0, None],
        [1, 1, 1],
    ]


def test_class_f1_learning_and_calibration(metrics: dict[str, Metrics]) -> None:
    f1 = class_f1_chart(metrics)
    assert list(f1.data[0].x) == CLASSES
    perfect = metrics["vgg16"].variants["finetuned"].per_class["daisy"].f1
    assert f1.data[0].z[0][0] == pytest.approx(perfect)
    results = {("vgg16", v): r for v, r in metrics["vgg16"].variants.items()}
    learning = learning_chart(results)
    (curve,) = [t for t in learning.data if t.name == "transfer, validation"]
    assert list(curve.y) == [25.0, 35.0, 30.0]
    assert curve.marker.size[1] > curve.marker.size[0]  # The kept epoch.
    calibration = calibration_chart(results)
    (line,) = [t for t in calibration.data if (t.name or "").startswith("transfer")]
    assert list(line.x) == pytest.approx([0.8])
    assert list(line.y) == pytest.approx([0.5])


def test_a_row_of_the_leaderboard_has_what_was_measured_beside_what_was_published(
    metrics: dict[str, Metrics],
) -> None:
    published = read_published(ROOT / "weights")
    entries = {key: Entry(key, "usable", metrics=m) for key, m in metrics.items()}
    rows = leaderboard(entries, published, {"mobilenetv2": metrics["mobilenetv2"]})
    by_model = {row.model: row for row in rows}
    assert len(rows) == len(by_model) == 12
    assert [row.model for row in rows[:5]] == [
        ("vgg16", "finetuned"),  # 95.0 % measured.
        ("mobilenetv2", "finetuned"),  # 92.5
        ("mobilenetv2", "transfer"),  # 90.0
        ("vgg16", "transfer"),  # 50.0
        ("densenet121", "finetuned"),  # Not measured; 99.48 % published.
    ]
    row = by_model["vgg16", "transfer"]
    assert row.elsewhere  # Measured on other photos than those that are compared.
    assert row.figures["measured"]["accuracy %"] == 50.0
    assert row.figures["measured"]["ms"] == 12.5
    assert row.figures["published"]["accuracy %"] == 93.77
    assert by_model["densenet121", "finetuned"].figures["measured"] == {}
    found = list(csv.DictReader(io.StringIO(to_csv(rows))))
    assert float(found[3]["measured from %"]) == pytest.approx(35.2, abs=0.01)
    assert found[4]["measured accuracy %"] == ""


def test_the_leaderboard_says_how_many_photos_of_none_of_the_classes_are_refused(
    metrics: dict[str, Metrics],
) -> None:
    m = metrics["vgg16"]
    refuses = m.variants["finetuned"].model_copy(update={"unknown_rejected": 0.723})
    both = m.model_copy(update={"variants": {**m.variants, "finetuned": refuses}})
    entries = {"vgg16": Entry("vgg16", "usable", metrics=both)}
    rows = leaderboard(entries, None, {"vgg16": both})
    found = {row["variant"]: row for row in csv.DictReader(io.StringIO(to_csv(rows)))}
    assert found["finetuned"]["measured others refused %"] == "72.3"
    assert found["transfer"]["measured others refused %"] == ""
    assert "72 %" in to_html(rows, {})


def test_the_leaderboard_says_how_long_each_base_was_trained(
    metrics: dict[str, Metrics], tmp_path: Path
) -> None:
    config = read_config(make_folder(tmp_path, "vgg16") / "vgg16")
    stages = tuple(PretrainingStage(image_size=s, epochs=e) for s, e in ((128, 40), (176, 10)))
    base = BaseSource(kind="file", name="some.h5", stages=stages)
    entries = {key: Entry(key, "usable", config, m) for key, m in metrics.items()}
    assert ">epochs<" not in to_html(leaderboard(entries, None, metrics), {})
    entries["vgg16"] = replace(entries["vgg16"], config=config.model_copy(update={"base": base}))
    rows = leaderboard(entries, None, metrics)
    found = {row["backbone"]: row for row in csv.DictReader(io.StringIO(to_csv(rows)))}
    assert found["VGG16"]["measured epochs of base"] == "50"
    assert found["MobileNetV2"]["measured epochs of base"] == ""
    assert ">epochs<" in to_html(rows, {})


def test_several_seeds_stand_in_the_leaderboard_where_there_are_any(
    metrics: dict[str, Metrics],
) -> None:
    def html(metrics: dict[str, Metrics]) -> str:
        entries = {key: Entry(key, "usable", metrics=m) for key, m in metrics.items()}
        return to_html(leaderboard(entries, None, metrics), {})

    assert "mean of seeds" not in html(metrics)
    m = metrics["vgg16"]
    seeds = tuple(SeedResult(seed=i, accuracy=a) for i, a in enumerate((0.9, 0.85, 0.95)))
    result = m.variants["finetuned"].model_copy(update={"seeds": seeds})
    m = m.model_copy(update={"variants": {**m.variants, "finetuned": result}})
    assert "90.0 (85.0 to 95.0)" in html({**metrics, "vgg16": m})


def test_mistakes_are_the_most_confused_pairs_and_the_worst_photos(
    metrics: dict[str, Metrics],
) -> None:
    m = metrics["vgg16"]
    result = m.variants["finetuned"].model_copy(update={"hardest": ()})
    text = mistakes_html(m.model_copy(update={"variants": {"finetuned": result}}), "finetuned")
    assert "rose predicted as daisy: 2" in text
    assert "Wrong with the highest probability" in text
    hard = HardPhoto(photo="rose/7.jpg", label="rose", predicted="daisy", probability=0.02)
    result = m.variants["finetuned"].model_copy(update={"hardest": (hard,)})
    m = m.model_copy(update={"variants": {"finetuned": result}})
    assert "rose/7.jpg: rose gets 2.0" in mistakes_html(m, "finetuned")


def test_the_caption_tells_different_data_apart(metrics: dict[str, Metrics]) -> None:
    assert measured_on(metrics) == "On 40 test photos of generated."
    other = DataSource(name="garden", fingerprint="g", part="all", photos=PHOTOS)
    mixed = {**metrics, "vgg16": metrics["vgg16"].model_copy(update={"data": other})}
    assert measured_on(mixed).startswith("On different data")
    assert "40 photos of garden" in measured_on(mixed)


def test_figures_survive_the_way_to_the_browser(metrics: dict[str, Metrics]) -> None:
    fig = accuracy_chart(measured_points(metrics))
    sent = json.loads(fig.to_json())
    assert [len(trace["x"]) for trace in sent["data"]] == [2, 2]
    assert sent["layout"]["height"] > 100
    assert "title" not in sent["layout"]  # Gradio would add a hundred pixels for it.


def test_backbones_are_grouped_by_what_they_were_measured_on() -> None:
    here = {"vgg16": metrics_of("vgg16", transfer=30, finetuned=35)}
    there = metrics_of("resnet101", transfer=30, finetuned=35)
    data = there.data.model_copy(update={"fingerprint": "other"})
    there = there.model_copy(update={"data": data})
    again = metrics_of("mobilenetv2", transfer=20, finetuned=25)
    groups = same_photos({"resnet101": there, **here, "mobilenetv2": again})
    assert [list(group) for group in groups] == [["vgg16", "mobilenetv2"], ["resnet101"]]
    assert again.variants["transfer"].correct == 20
    assert measured_on({**here, "resnet101": there}).startswith("On different data")


@pytest.mark.parametrize("backbones", [2, 3])
def test_matrices_and_costs_are_drawn_from_three_backbones_on(
    tmp_path: Path, backbones: int
) -> None:
    keys = ("mobilenetv2", "densenet121", "vgg16")[:backbones]
    zoo = Zoo(Source(make_folder(tmp_path, *keys)))
    with gr.Blocks() as page:
        comparison_tab(zoo)
    places = {block.elem_id for block in page.blocks.values()}
    assert {"leader", "figures", "measured-accuracy", "confusion", "mistakes"} <= places
    many = {"differences", "class-f1", "accuracy-cost"}
    assert places & many == (many if backbones == 3 else set())
