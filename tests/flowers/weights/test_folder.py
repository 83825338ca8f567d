"""The schema of `config.json`: what is read, and what is refused with a reason."""

import json
from pathlib import Path
from typing import Any

import pytest

from flowers.errors import WeightsError
from flowers.weights.folder import parse_config
from tests.support.folders import make_folder

REFUSAL = {"method": "background", "threshold": 0.5, "background": ["iris", "other"]}
NEIGHBOURS = {"method": "neighbours", "threshold": 0.05, "reference": [0.1, 0.1, 0.8]}


@pytest.fixture
def raw(tmp_path: Path) -> dict[str, Any]:
    """A valid `config.json` of version 2, parsed."""
    folder = make_folder(tmp_path, "mobilenetv2", size=10) / "mobilenetv2"
    found: dict[str, Any] = json.loads((folder / "config.json").read_text())
    assert found["schema_version"] == 2
    return found


def parse(raw: object) -> Any:
    return parse_config(json.dumps(raw), "mobilenetv2")


def test_both_versions_are_read(raw: dict[str, Any]) -> None:
    raw["variants"] = {"transfer": {"refusal": REFUSAL}, "finetuned": {"refusal": NEIGHBOURS}}
    found = parse(raw)
    assert found.variants["transfer"].refusal.background == ("iris", "other")
    assert found.variants["finetuned"].refusal.reference == (0.1, 0.1, 0.8)
    raw["schema_version"] = 1
    raw["variants"] = {"transfer": {"temperature": 1.5, "unknown_threshold": 0.4}}
    found = parse(raw)
    assert found.variants["transfer"].unknown_threshold == 0.4
    assert found.variants["transfer"].refusal is None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"refusal": {**REFUSAL, "threshold": 1.5}}, "refusal.threshold"),
        ({"refusal": {**REFUSAL, "method": "luck"}}, "refusal.method"),
        ({"refusal": {**NEIGHBOURS, "reference": []}}, "has the reference scores"),
        ({"refusal": {**NEIGHBOURS, "reference": [0.5, 0.1]}}, "reference scores are sorted"),
        ({"refusal": {**NEIGHBOURS, "reference": [0.5] * 201}}, "at most 200"),
        ({"refusal": REFUSAL, "unknown_threshold": 0.3}, "either refusal or unknown_threshold"),
        ({"temperature": 0}, "temperature"),
    ],
)
def test_a_refusal_that_cannot_be_meant_is_malformed(
    raw: dict[str, Any], settings: dict[str, Any], words: str
) -> None:
    raw["variants"]["transfer"] = settings
    with pytest.raises(WeightsError, match=f"malformed at .*{words}"):
        parse(raw)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_none_are_malformed(raw: dict[str, Any], number: str) -> None:
    raw["variants"]["transfer"] = {"refusal": {**NEIGHBOURS, "reference": ["X"]}}
    with pytest.raises(WeightsError, match="malformed at"):
        parse_config(json.dumps(raw).replace('"X"', number), "mobilenetv2")


def test_refusal_needs_the_version_that_has_it(raw: dict[str, Any]) -> None:
    raw["schema_version"] = 1
    raw["variants"]["transfer"] = {"refusal": REFUSAL}
    with pytest.raises(WeightsError, match="refusal stands in schema_version 2"):
        parse(raw)


def test_a_later_version_is_told_and_one_elsewhere_in_the_file_is_not_it(
    raw: dict[str, Any],
) -> None:
    raw = {"recipe": {"schema_version": 9}, **{k: v for k, v in raw.items() if k != "recipe"}}
    assert parse(raw).schema_version == 2
    raw["schema_version"] = 3
    with pytest.raises(WeightsError, match=r"has schema version 3 and this program reads 1 and 2"):
        parse(raw)
