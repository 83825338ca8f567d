"""Examples that the verdicts of both editions must satisfy."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from flowers.backbones import Model
from flowers.weights.results import Outcome
from tests.support import ROOT

EXAMPLES: dict[str, Any] = json.loads(
    (ROOT / "tests" / "support" / "verdicts.json").read_text(encoding="utf-8")
)


def named(kind: str) -> Any:
    """Run a test with every example of a kind."""
    assert EXAMPLES[kind]
    return pytest.mark.parametrize("example", EXAMPLES[kind], ids=lambda e: e["case"])


def outcomes_of(example: Mapping[str, Any]) -> dict[Model, list[Outcome]]:
    """What the models of an example say of its photos, all of them of roses."""
    patterns = [pattern for pattern, n in example["photos"].items() for _ in range(n)]
    return {
        (backbone, variant): [
            Outcome(
                photo=str(number),
                label="rose",
                predicted="rose" if pattern[i] == "1" else "daisy",
                probability=0.9,
            )
            for number, pattern in enumerate(patterns)
        ]
        for i, (backbone, variant) in enumerate(example["models"])
    }
