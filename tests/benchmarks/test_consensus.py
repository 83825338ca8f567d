"""The table of calibration, on answers worked out by hand."""

import numpy as np
import pytest

from benchmarks.consensus import calibration, chance_error, report
from tests.support.predictions import says


def test_the_error_is_the_gap_between_saying_and_being_right() -> None:
    sure = [("rose", "rose", 0.95), ("rose", "daisy", 0.95)]
    assert calibration(sure) == pytest.approx((0.5, 0.45))
    assert calibration([("rose", "rose", 1.0)]) == pytest.approx((1.0, 0.0))


def test_chance_has_no_error_where_all_is_sure_and_less_with_more_photos() -> None:
    assert chance_error(np.ones(50)).max() == 0
    few, many = (chance_error(np.full(n, 0.8), draws=200).mean() for n in (20, 2000))
    # The mean distance of a share of n from 0.8 is near sqrt(2 / pi * 0.8 * 0.2 / n).
    assert few == pytest.approx(0.071, abs=0.015)
    assert many == pytest.approx(0.0071, abs=0.0015)


def test_the_table_has_every_model_and_what_they_say_together() -> None:
    both = [says(0.1, 0.8, 0.1), says(0.1, 0.8, 0.1, variant="finetuned")]
    split = [says(0.1, 0.8, 0.1), says(0.8, 0.1, 0.1, variant="finetuned")]
    lines = report([("rose", both), ("rose", split)]).splitlines()
    assert lines[0].startswith("2 test photos")
    rows = {line[:28].strip(): line[28:].split() for line in lines[1:-1]}
    assert rows["VGG16 transfer"] == ["100.0%", "0.200"]
    assert rows["VGG16 finetuned"] == ["50.0%", "0.300"]
    assert set(rows) >= {"consensus", "with the arithmetic mean"}
    assert lines[-1] == "split: 1, none of these: 0"
