"""What lies in `.work` since before is understood, and goes on."""

import json
from pathlib import Path

from train.work import FINISHED, TRAINED, WORK, Trained

BEFORE = {
    "stamp": "0f" * 32,
    "backbone": "mobilenetv2",
    "classes": ["daisy", "rose"],
    "image_size": 224,
    "variants": ["transfer", "finetuned"],
    "precision": "auto",
    "recipe": {
        "epochs": 10,
        "batch_size": 32,
        "seed": 0,
        "views": 4,
        "head_learning_rate": 0.001,
        "tail_learning_rate": 0.0003,
        "label_smoothing": 0.1,
        "bfloat16": False,
    },
    "base": {"kind": "imagenet", "name": "ImageNet weights of keras.applications", "sha256": None},
    "versions": {"keras": "3.15.1", "tensorflow": "2.21.0", "numpy": "2.4.6"},
    "data_name": "flowers",
    "notice": None,
    "unknown": ["ab" * 32],
}
"""`trained.json` as it was written before a folder was a stage of the walk."""


def test_what_was_trained_before_can_be_exported(tmp_path: Path) -> None:
    (tmp_path / TRAINED).write_text(json.dumps(BEFORE))
    trained = Trained.load(tmp_path)
    assert (trained.stamp, trained.backbone) == (BEFORE["stamp"], "mobilenetv2")
    assert trained.unknown == BEFORE["unknown"]


def test_names_in_the_work_folder_stay() -> None:
    """A fit that began with other names would start anew."""
    assert (WORK, TRAINED, FINISHED) == (".work", "trained.json", "finished.json")
