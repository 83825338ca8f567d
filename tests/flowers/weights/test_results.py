"""Schemas refuse what is not a result; intervals and tests have the values of the literature."""

import json
from pathlib import Path

import pytest

from flowers.backbones import BACKBONES, VARIANTS
from flowers.errors import WeightsError
from flowers.weights.folder import DEFAULT_FOLDER, METRICS, PUBLISHED
from flowers.weights.published import read_published
from flowers.weights.results import read_metrics
from tests.support.folders import make_metrics
from tests.support.sentences import assert_one_sentence


def write(folder: Path, name: str, content: object) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.fixture
def metrics() -> dict:
    return json.loads(make_metrics("mobilenetv2").model_dump_json())


def test_metrics_read_back(tmp_path, metrics):
    folder = write(tmp_path / "mobilenetv2", METRICS, metrics)
    assert read_metrics(folder) == make_metrics("mobilenetv2")


def change(metrics: dict, path: str, value: object) -> dict:
    *keys, last = path.split(".")
    place = metrics
    for key in keys:
        place = place[int(key)] if isinstance(place, list) else place[key]
    place[last] = value
    return metrics


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("schema_version", 3, "schema_version"),
        ("variants.transfer.accuracy", 98.5, "variants.transfer.accuracy"),
        ("variants.transfer.accuracy", float("nan"), "variants.transfer.accuracy"),
        ("variants.transfer.log_loss", -1, "variants.transfer.log_loss"),
        ("variants.transfer.confusion", [[8, 2], [-1, 11]], "variants.transfer.confusion.1.0"),
        ("variants.transfer.confusion", [[10, 10]], "the file"),
        ("variants.transfer.confusion", [[8, 2], [1, 9, 0]], "the file"),
        ("variants.transfer.confusion", [[8, 2], [1, 90]], "the file"),
        ("variants.transfer.acuracy", 0.5, "variants.transfer.acuracy"),
        ("variants.transfer.predictions.0.probability", "high", "variants.transfer.predictions.0"),
        ("variants.retrained", {}, "variants.retrained"),
        ("variants", {}, "variants"),
        ("data.part", "train", "data.part"),
        ("data.photos", 19, "the file"),
        ("classes", None, "classes"),
    ],
)
def test_what_is_no_result_is_refused(tmp_path, metrics, path, value, place):
    folder = write(tmp_path / "mobilenetv2", METRICS, change(metrics, path, value))
    with pytest.raises(WeightsError) as caught:
        read_metrics(folder)
    message = str(caught.value)
    assert f"{METRICS} is malformed at {place}" in message
    assert_one_sentence(message)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe"])
def test_damaged_files_are_refused(tmp_path, content):
    (tmp_path / METRICS).write_bytes(content)
    with pytest.raises(WeightsError, match=r"metrics\.json (is malformed|cannot be read)"):
        read_metrics(tmp_path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(WeightsError, match=r"metrics\.json cannot be read; restore it"):
        read_metrics(tmp_path)


def test_the_published_table_is_that_of_the_study():
    published = read_published(DEFAULT_FOLDER)
    parts = (published.train_photos, published.validation_photos, published.test_photos)
    assert parts == (8_069, 2_306, 1_156)
    assert list(published.results) == list(BACKBONES)
    table = {
        key: [(r[v].accuracy_percent, r[v].precision, r[v].recall, r[v].f1) for v in VARIANTS]
        for key, r in published.results.items()
    }
    assert table == {
        "vgg16": [(93.77, 0.94, 0.94, 0.94), (98.70, 0.99, 0.99, 0.99)],
        "inceptionv3": [(96.80, 0.97, 0.97, 0.97), (98.36, 0.98, 0.98, 0.98)],
        "inceptionresnetv2": [(97.58, 0.98, 0.98, 0.98), (98.10, 0.98, 0.98, 0.98)],
        "densenet121": [(98.62, 0.99, 0.99, 0.99), (99.48, 0.99, 0.99, 0.99)],
        "mobilenetv2": [(97.75, 0.98, 0.98, 0.98), (98.18, 0.98, 0.98, 0.98)],
        "resnet101": [(98.88, 0.99, 0.99, 0.99), (98.79, 0.99, 0.99, 0.99)],
    }


def test_a_published_percentage_is_no_share(tmp_path):
    published = json.loads((DEFAULT_FOLDER / PUBLISHED).read_text(encoding="utf-8"))
    published["results"]["vgg16"]["transfer"]["precision"] = 94
    folder = write(tmp_path / "root", PUBLISHED, published)
    with pytest.raises(WeightsError, match=r"malformed at results\.vgg16\.transfer\.precision"):
        read_published(folder)
