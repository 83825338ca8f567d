"""Photos of random patterns, no two of which look alike, and folders of them."""

from pathlib import Path

import numpy as np
from PIL import Image


def pattern(seed: int, size: tuple[int, int] = (80, 60)) -> Image.Image:
    """Soft blots of colour, the same for the same seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def write_patterns(root: Path, counts: dict[str, int], first_seed: int = 0) -> Path:
    """Class folders with so many photos each, all different."""
    seed = first_seed
    for name, count in counts.items():
        folder = root / name
        folder.mkdir(parents=True, exist_ok=True)
        for i in range(count):
            pattern(seed).save(folder / f"{i:03}.jpg", quality=90)
            seed += 1
    return root
