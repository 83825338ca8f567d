"""Runs of `predict` with the weights of this clone, and what they wrote."""

import sys
from pathlib import Path

import pyarrow.parquet as pq

from flowers.backbones import find_backbone
from tests.support import ROOT
from train.predict.run import PredictJob, run_predict

WEIGHTS = ROOT / "weights"
MODELS = [("mobilenetv2", "transfer"), ("mobilenetv2", "finetuned")]
BACKBONES = [find_backbone("mobilenetv2")]


def command(*arguments: object) -> list[str]:
    """The command line, where nothing is installed but what serving needs, and pyarrow."""
    prefix = [sys.executable, "-m", "tests.support.serving_only", "+pyarrow", "train", "predict"]
    return [*prefix, "--backbones", "mobilenetv2", *map(str, arguments)]


def parts_of(out: Path) -> list[Path]:
    """Files that are there; one that a killed run was writing has a dot before its name."""
    return sorted(out.glob("[!.]*.parquet"))


def rows_of(out: Path) -> list[dict]:
    return [row for part in parts_of(out) for row in pq.read_table(part).to_pylist()]


def models_of(rows: list[dict]) -> list[tuple[str, str]]:
    return [(row["backbone"], row["variant"]) for row in rows]


def predict(photos: Path, out: Path, **options):
    settings = {"backbones": BACKBONES, "workers": 1, **options}
    return run_predict(PredictJob(str(photos), str(WEIGHTS), out, **settings))
