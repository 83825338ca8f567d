"""The CSV file of `evaluate`, for models that know different classes."""

import csv
from pathlib import Path

from train.evaluate import _write_csv


def test_every_row_stands_under_the_classes_of_its_own_model(tmp_path: Path) -> None:
    out = tmp_path / "predictions.csv"
    _write_csv(
        out,
        [
            (["a.jpg", "rose", "vgg16", "transfer", "rose"], {"daisy": 0.25, "rose": 0.75}),
            (["a.jpg", "rose", "resnet101", "transfer", "tulip"], {"tulip": 0.625, "rose": 0.375}),
        ],
    )
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["predicted"] for row in rows] == ["rose", "tulip"]
    assert [(row["daisy"], row["rose"], row["tulip"]) for row in rows] == [
        ("0.25000", "0.75000", ""),
        ("", "0.37500", "0.62500"),
    ]
