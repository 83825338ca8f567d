"""Schemas refuse what is no result; intervals and tests have the values of the literature."""

import json
from pathlib import Path

import pytest
from scipy.stats import binomtest

from flowers.backbones import BACKBONES, VARIANTS
from flowers.errors import WeightsError
from flowers.weights.folder import METRICS, PUBLISHED
from flowers.weights.results import (
    Outcome,
    accuracy_interval,
    paired_test,
    read_metrics,
    read_published,
)
from flowers.weights.source import DEFAULT_FOLDER
from tests.support.folders import make_metrics


@pytest.mark.parametrize(
    ("correct", "photos", "low", "high"),
    [  # Newcombe 1998, table I, the score method without continuity correction.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval_of_the_literature(correct, photos, low, high):
    assert accuracy_interval(correct, photos) == pytest.approx((low, high), abs=6e-5)
    # Of the wrong ones it is the mirror image.
    mirrored = accuracy_interval(photos - correct, photos)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=6e-5)


@pytest.mark.parametrize(("correct", "photos"), [(0, 7), (7, 7), (1, 3), (1143, 1156), (344, 433)])
def test_wilson_interval_as_scipy_has_it(correct, photos):
    expected = binomtest(correct, photos).proportion_ci(0.9, method="wilson")
    assert accuracy_interval(correct, photos, 0.9) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(("only_first", "only_second"), [(0, 1), (4, 4), (5, 4), (3, 13), (40, 61)])
def test_paired_test_is_the_binomial_test_of_scipy(only_first, only_second):
    expected = binomtest(only_first, only_first + only_second).pvalue
    assert paired_test(*pair(20, only_first, only_second, 5))[2] == pytest.approx(expected)


def test_interval_of_all_none_and_nothing():
    assert accuracy_interval(0, 0) == (0.0, 1.0)
    low, high = accuracy_interval(50, 50)
    assert low == pytest.approx(50 / (50 + 1.959964**2), rel=1e-6)
    assert high == 1.0
    narrow, wide = accuracy_interval(45, 50, 0.5), accuracy_interval(45, 50, 0.99)
    assert wide[0] < narrow[0] < 0.9 < narrow[1] < wide[1]


def predictions(right: list[bool], first: int = 0) -> list[Outcome]:
    return [
        Outcome(
            photo=f"rose/{first + i}.jpg",
            label="rose",
            predicted="rose" if one else "tulip",
            probability=0.9,
        )
        for i, one in enumerate(right)
    ]


def pair(both: int, only_first: int, only_second: int, neither: int):
    first = [True] * both + [True] * only_first + [False] * only_second + [False] * neither
    second = [True] * both + [False] * only_first + [True] * only_second + [False] * neither
    return predictions(first), predictions(second)


@pytest.mark.parametrize(
    ("only_first", "only_second", "p_value"),
    [
        (0, 6, 2 / 64),
        (4, 12, 2 * (1 + 16 + 120 + 560 + 1820) / 2**16),
        (1, 2, 1.0),
        (5, 5, 1.0),
        (0, 1, 1.0),
        (10, 0, 2 / 1024),
    ],
)
def test_mcnemar_counts_coin_tosses(only_first, only_second, p_value):
    first, second = pair(30, only_first, only_second, 3)
    assert paired_test(first, second) == (only_first, only_second, pytest.approx(p_value))
    assert paired_test(second, first) == (only_second, only_first, pytest.approx(p_value))


def test_models_that_never_differ():
    assert paired_test(*pair(20, 0, 0, 5)) == (0, 0, 1.0)
    assert paired_test([], []) == (0, 0, 1.0)


def test_only_photos_that_both_saw_count():
    first, second = predictions([True] * 10), predictions([False] * 10, first=6)
    assert paired_test(first, second) == (4, 0, 2 / 16)
    assert paired_test(first, list(reversed(second))) == (4, 0, 2 / 16)


def test_three_photos_of_difference_say_nothing():
    # 98.88 % and 98.62 % of 1,156: the best case for a difference is that no others differ.
    assert paired_test(*pair(1140, 3, 0, 13))[2] == 0.25


# Files


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
    assert "\n" not in message
    assert message.endswith(".")


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
