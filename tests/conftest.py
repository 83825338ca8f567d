"""Generated photos and a weights folder trained on them, made once for all tests."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

COLOURS = {"daisy": (250, 250, 240), "rose": (190, 20, 40), "sunflower": (245, 190, 20)}
SIZE = 96
"""Small photos keep the tests quick; the networks are the real ones."""


def draw_flower(colour: tuple[int, int, int], rng: np.random.Generator) -> Image.Image:
    """A flower of eight petals on a noisy green ground, 160 x 120."""
    ground = rng.integers(0, 60, (120, 160, 3)) + np.array([20, 70, 20])
    image = Image.fromarray(ground.astype(np.uint8))
    draw = ImageDraw.Draw(image)
    x, y = rng.uniform(60, 100), rng.uniform(45, 75)
    for angle in np.arange(8) * np.pi / 4 + rng.uniform(0, 1):
        cx, cy = x + 24 * np.cos(angle), y + 24 * np.sin(angle)
        draw.ellipse((cx - 14, cy - 14, cx + 14, cy + 14), fill=colour)
    draw.ellipse((x - 10, y - 10, x + 10, y + 10), fill=(110, 70, 20))
    return image


def write_photos(root: Path, photos: int, seed: int = 0) -> Path:
    """A folder of three class folders with so many generated photos each."""
    rng = np.random.default_rng(seed)
    for name, colour in COLOURS.items():
        (root / name).mkdir(parents=True)
        for i in range(photos):
            draw_flower(colour, rng).save(root / name / f"{i}.jpg", quality=90)
    return root


@pytest.fixture(scope="session")
def generated_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three class folders of 20 photos."""
    return write_photos(tmp_path_factory.mktemp("photos") / "flowers", 20)


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory: pytest.TempPathFactory, generated_photos: Path) -> Path:
    """What `python -m train pretrain` makes of the generated photos: a MobileNetV2 base."""
    from train.__main__ import main

    out = tmp_path_factory.mktemp("pretrain") / "base"
    arguments = ["pretrain", "--data", str(generated_photos), "--out", str(out)]
    arguments += ["--backbone", "mobilenetv2", "--image-size", str(SIZE)]
    assert main([*arguments, "--epochs", "3", "--batch-size", "8"]) == 0
    return out


@pytest.fixture(scope="session")
def fit_arguments(generated_photos: Path, base_folder: Path) -> list[str]:
    """The arguments of `fit` that `weights_folder` was made with, less `--out`."""
    arguments = ["--data", str(generated_photos), "--base", str(base_folder), "--epochs", "3"]
    arguments += ["--batch-size", "8", "--views", "2", "--image-size", str(SIZE)]
    return [*arguments, "--examples", "3", "--examples-license", "CC0, generated"]


@pytest.fixture(scope="session")
def weights_folder(tmp_path_factory: pytest.TempPathFactory, fit_arguments: list[str]) -> Path:
    """What `python -m train fit` makes of the generated photos: MobileNetV2, both variants."""
    from train.__main__ import main

    out = tmp_path_factory.mktemp("fit") / "weights"
    assert main(["fit", *fit_arguments, "--out", str(out)]) == 0
    return out
