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
    assert trained.unknown == ("ab" * 32,)
    assert trained.refusal is None  # Its graph has no output for it.


def test_names_in_the_work_folder_stay() -> None:
    """A fit that began with other names would start anew."""
    assert (WORK, TRAINED, FINISHED) == (".work", "trained.json", "finished.json")


def test_a_fit_that_began_before_has_the_same_stamp() -> None:
    """Then it goes on: what it has trained is not thrown away. The stamp is of commit 2093d78."""
    from flowers.backbones import BACKBONES
    from flowers.weights.folder import BaseSource
    from train.data.background import Background
    from train.data.dataset import Dataset, Photo
    from train.fit import FitJob, _describe

    photos = [
        Photo(f"{label}/{i}.jpg", label, part, i, f"{i:064x}")
        for i, (label, part) in enumerate(
            (label, part) for label in ("daisy", "rose") for part in ("train", "validation", "test")
        )
    ]
    dataset = Dataset(Path("photos"), ["daisy", "rose"], photos, seed=0)
    job = FitJob(data="photos", out=Path("out"), backbones=(BACKBONES["mobilenetv2"],))
    source = BaseSource(kind="none", name="random weights")
    found = _describe(job, BACKBONES["mobilenetv2"], dataset, source, Background())
    assert found.stamp == ("04b96ecb1d3e92ab994be8f40f66cd4e48074caf647c16325d8c25cffc8a7ccb")
