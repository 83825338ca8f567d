"""The page of costs follows the figures that were measured."""

import json

from benchmarks.costs import COSTS_PAGE, costs_text
from benchmarks.report import RESULTS


def test_the_page_says_what_follows_from_the_measured_figures() -> None:
    measured = json.loads((RESULTS / "serving.json").read_text(encoding="utf-8"))
    assert costs_text(measured) in COSTS_PAGE.read_text(encoding="utf-8")


def test_costs_are_worked_out_from_batches_and_single_photos() -> None:
    run = {"batch": 8.0, "warm": [0.0625], "memory_batch": 500e6, "all": 1.0}
    said = costs_text(
        {
            "measured": {"int8": [run]},
            "batch": 64,  # In 8 s on 2 cores: 4 photos/s per core.
            "machine": {"cores": 2, "processor": "X", "date": "2026-01-01"},
            "costs": {"int8": {"download": 200e6}},
            "image_size": 224,
        }
    )
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in said.splitlines()]
    by_name = {row[0]: row[1:] for row in rows}
    # 1,000,000 / 4 / 3600 = 69.4 core hours; 3 * 224 * 224 bytes each.
    assert by_name["1,000,000"] == ["69.4", "34.7 h", "4.2 min", "150.5", "0.45"]
    # A process that works 70 % of the time answers 0.7 / 0.0625 s = 11.2 requests/s.
    assert by_name["1"] == ["1", "2", "0.5", "0.2"]
    assert by_name["10"] == ["1", "2", "0.5", "0.2"]
    assert by_name["1,000"] == ["90", "180", "45.0", "18.0"]
