"""A fit that is killed goes on where it was, and what lies in place is whole all the time."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flowers.backbones import BACKBONES, VARIANTS
from flowers.weights.folder import (
    CARD,
    MANIFEST,
    PUBLISHED,
    backbone_folders,
    check_file,
    read_config,
)
from flowers.weights.results import read_metrics
from tests.support.photos import SIZE, write_photos
from train.data.dataset import Dataset
from train.work import WORK

EPOCHS = 8
BACKBONE = BACKBONES["mobilenetv2"]


def fit_command(photos: Path, out: Path) -> list[str]:
    arguments = ["fit", "--data", str(photos), "--out", str(out), "--base", "none"]
    arguments += ["--image-size", str(SIZE), "--epochs", str(EPOCHS), "--batch-size", "8"]
    return [*arguments, "--views", "2", "--precision", "float32"]


def assert_whole(out: Path) -> None:
    """What lies in place is whole: the rest may only be below `.work`."""
    allowed = {CARD, MANIFEST, PUBLISHED, BACKBONE.key, WORK}
    found = {path.name for path in out.iterdir()} if out.exists() else set()
    # A file on its way has a name of its own, which nothing reads.
    assert {name for name in found if not name.endswith((CARD, MANIFEST, PUBLISHED))} <= allowed
    if MANIFEST in found:
        assert Dataset.load_manifest(out / MANIFEST).photos
    for folder in backbone_folders(out):
        config = read_config(folder)
        for name in config.files:
            check_file(folder, config, name)
    if BACKBONE.key in found:
        assert backbone_folders(out)


@pytest.mark.long
def test_a_killed_fit_goes_on_where_it_was(tmp_path):
    photos, out = write_photos(tmp_path / "photos", 20), tmp_path / "weights"
    command = [sys.executable, "-m", "train", *fit_command(photos, out)]
    log = tmp_path / "log"
    progress = out / WORK / BACKBONE.key / "finetuned" / "progress.json"
    with log.open("w") as text:
        process = subprocess.Popen(command, stdout=text, stderr=text)
        try:
            while not progress.exists():
                assert process.poll() is None, log.read_text()
                assert_whole(out)
                time.sleep(0.02)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert_whole(out)
    assert not backbone_folders(out)
    manifest = (out / MANIFEST).read_bytes()
    before = json.loads(progress.read_text())["curves"]
    assert 1 <= len(before) < EPOCHS
    features = {path: path.stat().st_mtime_ns for path in out.glob(f"{WORK}/features/*/*.npy")}
    assert len(features) > 1

    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    said = result.stdout + result.stderr
    assert f"MobileNetV2 finetuned: going on after {len(before)} of {EPOCHS} epochs." in said
    assert "MobileNetV2 transfer: going on" not in said  # That was over.
    assert_whole(out)
    assert (out / MANIFEST).read_bytes() == manifest
    assert {path: path.stat().st_mtime_ns for path in features} == features
    metrics = read_metrics(out / BACKBONE.key)
    assert set(metrics.variants) == set(VARIANTS)
    for variant in VARIANTS:
        assert len(metrics.variants[variant].curves) == EPOCHS
    after = [epoch.model_dump() for epoch in metrics.variants["finetuned"].curves]
    assert after[: len(before)] == before
