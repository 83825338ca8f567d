"""The serving benchmark: a small run of the command, and its tables. No times are asserted."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.report import Table, with_range, write_docs, write_results
from benchmarks.serving.rows import Measured
from benchmarks.serving.tables import Costs, Findings
from tests.support import ROOT

MEASURED = Measured(
    first=20.0,
    all=60.0,
    warm=[6.0, 5.0, 7.0],
    memory=4_000_000_000,
    each={"mobilenetv2": [1.0]},
    batch=32.0,
    memory_batch=5_000_000_000,
    answers={"mobilenetv2/transfer": [0.25, 0.75]},
)
SERVED = replace(
    MEASURED,
    all=5.0,
    warm=[0.4, 0.5, 0.3],
    memory=1_000_000_000,
    answers={"mobilenetv2/transfer": [0.5, 0.5]},
)


def findings(**changes) -> Findings:
    plain = Costs(download=1_000_000_000, disk=3_000_000_000, multiply_adds=60_000_000_000)
    served = Costs(download=200_000_000, disk=250_000_000, multiply_adds=40_000_000_000)
    found = Findings(
        measured={"keras": [MEASURED], "int8": [SERVED]},
        costs={"keras": plain, "int8": served},
        limits=[100e9],
        batch=64,
        trained=[],
        image_size=224,
        load_before=0.0,
    )
    return replace(found, **changes)


@pytest.mark.slow
def test_a_small_run_measures_both_rows_and_saves_them(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.serving", "--quick", "--rows", "keras,int8"]
    command += ["--cache", str(tmp_path / "cache"), "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "serving.json").read_text())
    assert result["machine"]["cores"] >= 1
    for row in ("keras", "int8"):
        (measured,) = result["measured"][row]
        assert 0 < measured["first"] <= measured["all"]
        assert set(measured["answers"]) == {"mobilenetv2/transfer", "mobilenetv2/finetuned"}
        assert len(measured["warm"]) == 1
        assert measured["batch"] > 0
        assert measured["memory"] > 10_000_000
    plain, fused = (result["costs"][row]["multiply_adds"] for row in ("keras", "int8"))
    assert fused < plain  # The trunk is run once.
    # Both rows run the same networks; eight bits are not exact.
    assert result["gaps"]["int8"] < 0.2
    assert "This app, int8 " in done.stdout


def test_targets_are_ratios_to_plain_keras() -> None:
    reached = {text: values["reached"] for text, values in findings().reached().items()}
    assert reached == pytest.approx(
        {
            "one photo, warm: times faster": 15.0,
            "cold start to all models: times faster": 12.0,
            "download: times smaller": 5.0,
            "peak memory: times less": 4.0,
        }
    )
    assert findings(measured={"int8": [SERVED]}).reached() == {}


def test_tables_give_medians_ranges_and_what_is_missing() -> None:
    second = replace(SERVED, warm=[0.5], all=6.0)
    found = findings(measured={"keras": [MEASURED, MEASURED], "int8": [SERVED, second]})
    text = found.text()
    assert "450 (400 to 500)" in text
    assert "13.3 x" in text
    # 2 operations x 40 billion in 0.45 s, of 100 billion a second.
    assert "178%" in text
    assert found.gaps() == {"int8": 0.25}


def test_an_unknown_row_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks.serving.__main__ import main

    with pytest.raises(SystemExit):
        main(["--rows", "keras,caffe"])
    assert "Received: 'caffe'" in capsys.readouterr().err


def test_a_table_goes_between_its_markers_and_nowhere_else(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text("a\n<!-- benchmark:x -->\nold\n<!-- /benchmark:x -->\nb\n")
    write_docs("x", "new \\1", page)
    expected = "a\n<!-- benchmark:x -->\nnew \\1\n<!-- /benchmark:x -->\nb\n"
    assert page.read_text() == expected
    with pytest.raises(ValueError, match="benchmark:y"):
        write_docs("y", "new", page)
    page.write_text("<!-- /benchmark:x --> <!-- benchmark:x -->")
    with pytest.raises(ValueError, match="in this order"):
        write_docs("x", "new", page)


@pytest.mark.parametrize("name", ["serving", "training", "accuracy"])
def test_the_docs_have_a_place_for_every_table(name: str) -> None:
    text = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert text.count(f"<!-- benchmark:{name} -->") == 1
    assert text.index(f"<!-- benchmark:{name} -->") < text.index(f"<!-- /benchmark:{name} -->")


def test_tables_line_up_and_are_saved(tmp_path: Path) -> None:
    table = Table(["", "ms"], [["one", "1"], ["twelve", "12"]])
    lines = table.markdown().splitlines()
    assert lines[1] == "| ------ | --: |"
    assert len({len(line) for line in lines}) == 1
    with pytest.raises(ValueError, match="one cell for each"):
        Table(["", "ms"], [["one"]])
    write_results("x", table.markdown(), {"ms": [1.5]}, ["numpy"], tmp_path)
    saved = json.loads((tmp_path / "x.json").read_text())
    assert saved["ms"] == [1.5]
    assert saved["machine"]["versions"] == {"numpy": np.__version__}
    assert with_range([1.0, 3.0, 2.0], 1) == "2.0 (1.0 to 3.0)"
