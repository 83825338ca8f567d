"""Which artifact is taken: the first that is near enough to the float32 graph, or the last."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowers.weights.folder import ARTIFACT, FileRecord, Precision, read_config
from tests.support.artifact import SIZE, write_artifact, write_backbone
from tests.support.photos import COLOURS
from train.artifact import precision
from train.artifact.precision import choose_artifact

LABELS = np.arange(len(COLOURS)).repeat(40)


@pytest.fixture
def choose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Choose among artifacts that are wrong by so many classes, where the graph is right."""
    config = read_config(write_backbone(tmp_path / "weights", "vgg16"))
    photos = np.stack([np.full((SIZE, SIZE, 3), c, np.uint8) for c in COLOURS.values()])[LABELS]
    said = np.eye(len(COLOURS), dtype=np.float32)[LABELS]
    monkeypatch.setattr(
        precision, "keras_probabilities", lambda *_: dict.fromkeys(config.variants, said)
    )

    def made(shift: int) -> bytes:
        write_artifact(tmp_path / str(shift), shift=shift)
        return (tmp_path / str(shift)).read_bytes()

    def describe(chosen: Precision, artifact: FileRecord) -> Any:
        return config.model_copy(update={"precision": chosen, "files": {ARTIFACT: artifact}})

    def choose(shifts: dict[Precision, list[int]]) -> Any:
        monkeypatch.setattr(
            precision, "artifacts", lambda graph, chosen, sample: map(made, shifts[chosen])
        )
        graph: Any = None
        return choose_artifact(graph, tmp_path, describe, "auto", photos, photos, LABELS)

    return choose


def test_the_first_that_agrees_with_the_graph_is_taken(choose: Any, capsys: Any) -> None:
    chosen = choose({"int8": [1, 0], "float16": [0]})
    assert chosen.config.precision == "int8"
    said = chosen.answers.probabilities["transfer"].argmax(axis=1)
    np.testing.assert_array_equal(said, LABELS)
    assert "agrees with float32 on 0.0%" in (err := capsys.readouterr().out)
    assert "agrees with float32 on 100.0%" in err
    assert "kept" not in err


def test_a_larger_precision_is_tried_where_no_small_one_agrees(choose: Any) -> None:
    assert choose({"int8": [1, 2], "float16": [0]}).config.precision == "float16"


def test_where_none_agrees_the_last_is_kept_and_said(choose: Any, capsys: Any) -> None:
    chosen = choose({"int8": [1], "float16": [2]})
    assert chosen.config.precision == "float16"
    assert "the last one, float16, is kept" in capsys.readouterr().out
