"""Weights folders: made up, or made of one that was trained."""

import random
import shutil
from pathlib import Path

from flowers.backbones import BACKBONES
from flowers.files import write_text
from flowers.weights.folder import (
    ARTIFACT,
    KERAS_WEIGHTS,
    METRICS,
    PUBLISHED,
    BaseSource,
    Config,
    VariantSettings,
    read_config,
    record_of,
    write_config,
)
from flowers.weights.results import (
    ClassResult,
    DataSource,
    Metrics,
    Outcome,
    VariantResult,
    read_metrics,
)
from tests.support import ROOT

CLASSES = ["daisy", "rose"]
RESULTS = {"transfer": [[8, 2], [1, 9]], "finetuned": [[9, 1], [1, 9]]}


def make_folder(
    root: Path, *backbones: str, seed: int = 0, keras: bool = False, size: int = 300_000
) -> Path:
    """A weights folder that is valid in all but its artifacts, for what never loads them."""
    root.mkdir(parents=True, exist_ok=True)
    write_text(root / PUBLISHED, (ROOT / "weights" / PUBLISHED).read_text())
    for backbone in backbones:
        folder = root / backbone
        folder.mkdir(exist_ok=True)
        noise = random.Random(f"{backbone} {seed}")
        (folder / ARTIFACT).write_bytes(noise.randbytes(size))
        if keras:
            (folder / KERAS_WEIGHTS).write_bytes(noise.randbytes(50_000))
        write_text(folder / METRICS, make_metrics(backbone).model_dump_json() + "\n")
        names = [ARTIFACT, METRICS, *([KERAS_WEIGHTS] if keras else [])]
        config = Config(
            backbone=backbone,
            classes=CLASSES,
            image_size=224,
            preprocessing=BACKBONES[backbone].preprocessing,
            precision="int8",
            variants={"transfer": VariantSettings(), "finetuned": VariantSettings()},
            recipe={"epochs": 10, "seed": seed},
            versions={"keras": "3.15.1"},
            data_fingerprint="0123456789abcdef",
            base=BaseSource(kind="imagenet", name="ImageNet weights of keras.applications"),
            files={name: record_of(folder / name) for name in names},
        )
        write_config(folder, config)
    return root


def make_metrics(backbone: str) -> Metrics:
    variants = {}
    for variant, confusion in RESULTS.items():
        right = sum(row[i] for i, row in enumerate(confusion))
        predictions = [
            Outcome(
                photo=f"{CLASSES[i]}/{j}-{n}.jpg",
                label=CLASSES[i],
                predicted=CLASSES[j],
                probability=0.75,
            )
            for i, row in enumerate(confusion)
            for j, count in enumerate(row)
            for n in range(count)
        ]
        per_class = {
            name: ClassResult(photos=10, precision=0.9, recall=confusion[i][i] / 10, f1=0.9)
            for i, name in enumerate(CLASSES)
        }
        variants[variant] = VariantResult(
            accuracy=right / 20,
            macro_precision=0.9,
            macro_recall=right / 20,
            macro_f1=0.88,
            log_loss=0.3,
            expected_calibration_error=0.05,
            per_class=per_class,
            confusion=confusion,
            calibration=[],
            predictions=predictions,
        )
    data = DataSource(name="two flowers", fingerprint="0123456789abcdef", part="test", photos=20)
    return Metrics(backbone=backbone, classes=CLASSES, data=data, variants=variants)


def files_of(root: Path) -> dict[str, bytes]:
    """Every file below `root`, by its path there."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def twice(weights: Path, root: Path) -> Path:
    """Copy a weights folder to `root`, with MobileNetV2 a second time, under the name of VGG16."""
    shutil.copytree(weights, root)
    folder = shutil.copytree(root / "mobilenetv2", root / "vgg16")
    metrics = read_metrics(folder).model_copy(update={"backbone": "vgg16"})
    write_text(folder / METRICS, metrics.model_dump_json())
    config = read_config(root / "mobilenetv2")
    files = {**config.files, METRICS: record_of(folder / METRICS)}
    write_config(folder, config.model_copy(update={"backbone": "vgg16", "files": files}))
    return root
