"""Generated photos and a weights folder trained on them, made once for all tests."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.support.served import app, browser  # noqa: F401  (Fixtures.)

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

COLOURS = {"daisy": (250, 250, 240), "rose": (190, 20, 40), "sunflower": (245, 190, 20)}
SIZE = 96
"""Small photos keep the tests quick; the networks are the real ones."""


def draw_flower(colour: tuple[int, int, int], rng: np.random.Generator) -> Image.Image:
    """A flower of eight petals somewhere on a green ground of light and shade, 160 x 120."""
    shade = rng.integers(0, 120, (4, 5, 1)) + np.array([0, 40, 0])
    image = Image.fromarray(shade.astype(np.uint8)).resize((160, 120), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    x, y, size = rng.uniform(45, 115), rng.uniform(40, 80), rng.uniform(0.7, 1.3)
    for angle in np.arange(8) * np.pi / 4 + rng.uniform(0, 1):
        cx, cy = x + 24 * size * np.cos(angle), y + 24 * size * np.sin(angle)
        draw.ellipse((cx - 14 * size, cy - 14 * size, cx + 14 * size, cy + 14 * size), fill=colour)
    draw.ellipse((x - 10 * size, y - 10 * size, x + 10 * size, y + 10 * size), fill=(110, 70, 20))
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
    """Three class folders of 30 photos."""
    return write_photos(tmp_path_factory.mktemp("photos") / "flowers", 30)


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory: pytest.TempPathFactory, generated_photos: Path) -> Path:
    """What `python -m train pretrain` makes of the generated photos: a MobileNetV2 base."""
    from train.__main__ import main

    out = tmp_path_factory.mktemp("pretrain") / "base"
    arguments = ["pretrain", "--data", str(generated_photos), "--out", str(out)]
    arguments += ["--backbone", "mobilenetv2", "--image-size", str(SIZE)]
    assert main([*arguments, "--epochs", "4", "--batch-size", "8"]) == 0
    return out


@pytest.fixture(scope="session")
def fit_arguments(generated_photos: Path, base_folder: Path) -> list[str]:
    """The arguments of `fit` that `weights_folder` was made with, less `--out`."""
    arguments = ["--data", str(generated_photos), "--base", str(base_folder), "--epochs", "6"]
    arguments += ["--batch-size", "8", "--views", "2", "--image-size", str(SIZE)]
    return [*arguments, "--examples", "3", "--examples-license", "CC0, generated"]


@pytest.fixture(scope="session")
def weights_folder(tmp_path_factory: pytest.TempPathFactory, fit_arguments: list[str]) -> Path:
    """What `python -m train fit` makes of the generated photos: MobileNetV2, both variants."""
    from train.__main__ import main

    out = tmp_path_factory.mktemp("fit") / "weights"
    assert main(["fit", *fit_arguments, "--out", str(out)]) == 0
    return out
