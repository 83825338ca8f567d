"""Weights from outside: whatever their files hold, at most a backbone or a chart is lost."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from flowers.backbones import VARIANTS
from flowers.errors import WeightsError
from flowers.models.classifier import Classifier
from flowers.models.verdicts import verdict_of
from flowers.models.zoo import Zoo
from flowers.page.answers import as_json, classification, model_rows
from flowers.page.comparison import CHARTED, comparison_tab, one_model
from flowers.weights.folder import ARTIFACT, CONFIG, METRICS, PUBLISHED, check_artifact, record_of
from flowers.weights.source import Source
from tests.support.artifact import write_backbone
from tests.support.folders import CLASSES, make_folder
from tests.support.photos import COLOURS

CHARTED_BACKBONES = ("mobilenetv2", "vgg16", "densenet121")
"""As many as the tab Comparison draws all its charts for."""
assert len(CHARTED_BACKBONES) >= CHARTED

BOUNDED = settings(
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
ODD = (
    *("null", "true", "-1", "0", "1e-300", "1e400", "9" * 400, "9" * 5000, "NaN", "-Infinity"),
    *(
        '""',
        '"\\ud800"',
        '"x/../../etc"',
        '"' + "long" * 500 + '"',
        "[]",
        "{}",
        "[[[[]]]]",
        '{"a": 1}',
    ),
    *('"vgg16"', '["rose", "rose"]', "0.5", "1", "2"),
)
"""As they stand in JSON, or in what takes itself for it."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights folder of three backbones that can be served, with figures."""
    root = make_folder(tmp_path_factory.mktemp("weights") / "whole")
    for key in CHARTED_BACKBONES:
        write_backbone(root, key, CLASSES)
    return root


def places(value: Any, path: tuple = ()) -> Iterator[tuple]:
    """Where something stands in parsed JSON; of lists the first two show what they are like."""
    yield path
    items = value.items() if isinstance(value, dict) else ()
    for key, inner in enumerate(value[:2]) if isinstance(value, list) else items:
        yield from places(inner, (*path, key))


def mutated(text: str, place: int, odd: str) -> str:
    """The JSON with an odd value in one place."""
    found = json.loads(text)
    paths = list(places(found))[1:]
    *parents, last = paths[place % len(paths)]
    inner = found
    for key in parents:
        inner = inner[key]
    inner[last] = "HERE"
    return json.dumps(found).replace('"HERE"', odd)


def vouch(root: Path) -> None:
    """Let the config of MobileNetV2 name its metrics as they are now, as an attacker would."""
    config = json.loads((root / "mobilenetv2" / CONFIG).read_text())
    config["files"][METRICS] = record_of(root / "mobilenetv2" / METRICS).model_dump()
    (root / "mobilenetv2" / CONFIG).write_text(json.dumps(config))


def compare(zoo: Zoo) -> None:
    """Build the tab of figures, and what it shows of one model at a time."""
    entries = zoo.entries()
    shown = repr([zoo.source.published(), *((e.config, e.metrics) for e in entries.values())])
    if shown in _COMPARED:
        return
    _COMPARED.add(shown)
    with gr.Blocks():
        comparison_tab(zoo)
    metrics = {key: entry.metrics for key, entry in entries.items() if entry.metrics}
    changed = metrics.get("mobilenetv2")
    for variant in changed.variants if changed else ():
        one_model(metrics, ("mobilenetv2", variant))


_COMPARED: set[str] = set()
"""What the tab was built of: most odd values cost their backbone, and the others come again."""


def serve(root: Path) -> dict[str, Any]:
    """All that a page asks of a weights folder; returns the answers, which have to be JSON."""
    zoo = Zoo(Source(root))
    rows = model_rows(zoo)
    for entry in zoo.entries().values():
        assert entry.available or entry.reason
        assert str(root.parent) not in (entry.reason or "")
    compare(zoo)
    photo = Image.new("RGB", (64, 48), COLOURS["rose"])
    predictions = [p for a in zoo.predict(photo, zoo.models()) for p in a.predictions]
    # VGG16 was not touched, and answers whatever MobileNetV2 is.
    assert [p.label for p in predictions if p.backbone == "vgg16"] == ["rose", "rose"]
    verdict_of(predictions)
    answer = {"models": as_json(rows), "classify": as_json(classification(predictions))}
    return json.loads(json.dumps(answer, allow_nan=False).encode("utf-8"))


@BOUNDED
@given(st.sampled_from([CONFIG, METRICS]), st.integers(0, 10_000), st.sampled_from(ODD))
def test_any_value_in_any_place_costs_no_more_than_its_backbone(
    whole: Path, name: str, place: int, odd: str
) -> None:
    path = whole / "mobilenetv2" / name
    config = (whole / "mobilenetv2" / CONFIG).read_bytes()
    text = path.read_text()
    try:
        path.write_text(mutated(text, place, odd))
        if name == METRICS:
            vouch(whole)
        serve(whole)
    finally:
        path.write_text(text)
        (whole / "mobilenetv2" / CONFIG).write_bytes(config)


@BOUNDED
@given(st.integers(0, 10_000), st.sampled_from(ODD))
@example(2, "0")
def test_any_value_in_the_published_table_costs_no_more_than_the_table(
    whole: Path, place: int, odd: str
) -> None:
    text = (whole / PUBLISHED).read_text()
    try:
        (whole / PUBLISHED).write_text(mutated(text, place, odd))
        serve(whole)
    finally:
        (whole / PUBLISHED).write_text(text)


def test_damaged_bytes_cost_no_more_than_their_backbone(whole: Path) -> None:
    for name in (CONFIG, METRICS):
        path = whole / "mobilenetv2" / name
        kept = path.read_bytes()
        for seed in range(40):
            rng = random.Random(seed)
            damaged = bytearray(kept)
            for _ in range(rng.randint(1, 6)):
                damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            path.write_bytes(damaged[: rng.randrange(len(damaged))] if seed % 4 == 0 else damaged)
            serve(whole)
        path.write_bytes(kept)


def test_a_file_that_nests_too_deeply_is_malformed(whole: Path) -> None:
    path = whole / "mobilenetv2" / CONFIG
    kept = path.read_bytes()
    path.write_text('{"schema_version": ' + "[" * 100_000)
    try:
        reason = Source(whole).entries()["mobilenetv2"].reason
    finally:
        path.write_bytes(kept)
    assert reason is not None
    assert "mobilenetv2/config.json is malformed" in reason


def test_figures_of_another_model_are_not_shown_as_this_ones(whole: Path, tmp_path: Path) -> None:
    path = whole / "mobilenetv2" / METRICS
    kept, config = path.read_bytes(), (whole / "mobilenetv2" / CONFIG).read_bytes()
    path.write_bytes((whole / "vgg16" / METRICS).read_bytes())
    vouch(whole)
    try:
        entry = Source(whole).entries()["mobilenetv2"]
    finally:
        path.write_bytes(kept)
        (whole / "mobilenetv2" / CONFIG).write_bytes(config)
    assert entry.state == "broken"
    assert "metrics.json is of another model than mobilenetv2/config.json" in (entry.reason or "")


def test_figures_of_no_variant_cost_their_backbone_and_not_the_page(tmp_path: Path) -> None:
    path = write_backbone(tmp_path, "mobilenetv2", CLASSES) / METRICS
    path.write_text(json.dumps({**json.loads(path.read_text()), "variants": {}}))
    vouch(tmp_path)
    zoo = Zoo(Source(tmp_path))
    assert "metrics.json is malformed at variants" in (zoo.entries()["mobilenetv2"].reason or "")
    compare(zoo)


def vouched_artifact(root: Path, change: bytes | None) -> Path:
    """A backbone whose artifact is `change`, or lacks nothing; its config vouches for it."""
    folder = write_backbone(root, "mobilenetv2")
    if change is not None:
        (folder / ARTIFACT).write_bytes(change)
        config = json.loads((folder / CONFIG).read_text())
        config["files"][ARTIFACT] = record_of(folder / ARTIFACT).model_dump()
        (folder / CONFIG).write_text(json.dumps(config))
    return folder


def test_an_artifact_that_says_what_is_no_number_is_refused_when_it_is_loaded(
    tmp_path: Path,
) -> None:
    whole = (write_backbone(tmp_path / "whole", "mobilenetv2") / ARTIFACT).read_bytes()
    # The bias of the first class, -s |c|^2 with s = 20 for "transfer".
    bias = np.float32(-20 * ((np.array(COLOURS["daisy"], np.float32) / 255) ** 2).sum())
    assert whole.count(bias.tobytes()) == 1
    damaged = whole.replace(bias.tobytes(), np.float32("nan").tobytes())
    folder = vouched_artifact(tmp_path / "damaged", damaged)
    with pytest.raises(WeightsError, match=r"mobilenetv2/model\.tflite fails at a photo; pull or"):
        Classifier(check_artifact(folder))
    zoo = Zoo(Source(tmp_path / "damaged"))
    (answer,) = zoo.predict(Image.new("RGB", (64, 48)), zoo.models())
    assert "transfer_probabilities holds what is not a number" in (answer.reason or "")
    assert zoo.entries()["mobilenetv2"].state == "broken"


def test_an_artifact_that_is_none_says_so_without_a_folder_of_this_machine(tmp_path: Path) -> None:
    for number, content in enumerate((b"", b"no artifact", bytes(4000), b"\x1c\0\0\0TFL3" * 40)):
        root = tmp_path / f"folder {number}"
        vouched_artifact(root, content)
        zoo = Zoo(Source(root))
        (answer,) = zoo.predict(Image.new("RGB", (64, 48)), zoo.models())
        assert answer.reason is not None
        assert answer.reason.startswith("mobilenetv2/model.tflite cannot be loaded; pull or train")
        assert "/tmp" not in answer.reason
        assert tmp_path.name not in answer.reason


def test_an_artifact_of_other_classes_does_not_fit_its_config(tmp_path: Path) -> None:
    other = (write_backbone(tmp_path / "other", "mobilenetv2", CLASSES) / ARTIFACT).read_bytes()
    folder = vouched_artifact(tmp_path / "weights", other)
    with pytest.raises(WeightsError, match="does not have the inputs and outputs"):
        Classifier(check_artifact(folder))
    assert len(VARIANTS) == 2
