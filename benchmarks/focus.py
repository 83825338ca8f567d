"""Do models look where their focus maps say? `python -m benchmarks.focus --data DIR`.

The brightest tenth of a photo's map is blanked, and the same shape at a random place. If the map
tells what the model looked at, the first lowers the probability of the class more.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from benchmarks.report import Table
from flowers.backbones import Model, model_name
from flowers.errors import PhotoError, UserError
from flowers.folders.layout import read_folder
from flowers.models.classifier import Classifier
from flowers.photos import read_photo
from flowers.weights.folder import DEFAULT_FOLDER, MANIFEST, backbone_folders, check_artifact
from train.data.dataset import Dataset

SHARE = 0.1
"""Of a photo, blanked."""


@dataclass(frozen=True)
class Drops:
    """By how much the probability of the class falls, one float[n] each."""

    brightest: np.ndarray
    random: np.ndarray

    @property
    def deeper(self) -> float:
        """Share of photos that lose more by their brightest tenth."""
        return float((self.brightest > self.random).mean())


def brightest(focus: np.ndarray, size: int, share: float = SHARE) -> np.ndarray:
    """Where a map float[h, w], enlarged to `size`, is brightest: bool[size, size]."""
    enlarged = Image.fromarray(focus.astype(np.float32)).resize(
        (size, size), Image.Resampling.BICUBIC
    )
    values = np.asarray(enlarged).ravel()
    mask = np.zeros(size * size, dtype=bool)
    mask[np.argsort(-values, kind="stable")[: round(share * size * size)]] = True
    return mask.reshape(size, size)


def elsewhere(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same shape, bool[size, size], at a random place; it wraps around the sides."""
    down, right = rng.integers(0, mask.shape[0]), rng.integers(0, mask.shape[1])
    return np.roll(mask, (down, right), axis=(0, 1))


def blanked(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The photo, uint8[size, size, 3], with its mean colour where `mask` is set."""
    copy = photo.copy()
    copy[mask] = photo.mean(axis=(0, 1)).round().astype(np.uint8)
    return copy


def measure_drops(classifier: Classifier, photos: list[np.ndarray]) -> dict[Model, Drops]:
    """Blank parts of photos, uint8[size, size, 3], for each variant by its own map."""
    rng = np.random.default_rng(0)
    found: dict[Model, list[tuple[float, float]]] = {}
    for photo in tqdm(photos, desc=classifier.backbone.name, unit="photo"):
        for variant, before in classifier.predict(photo).items():
            top = int(before.probabilities.argmax())
            mask = brightest(before.focus[..., top], photo.shape[0])
            drops = [
                float(
                    before.probabilities[top]
                    - classifier.predict(blanked(photo, where))[variant].probabilities[top]
                )
                for where in (mask, elsewhere(mask, rng))
            ]
            found.setdefault((classifier.backbone.key, variant), []).append((drops[0], drops[1]))
    return {model: Drops(*np.array(rows).T) for model, rows in found.items()}


def table(drops: dict[Model, Drops]) -> Table:
    """The figures of every model, in points of probability."""
    head = ("model", "photos", "brightest tenth", "random tenth", "loses more by the brightest")
    rows = [
        (
            model_name(model),
            str(len(found.brightest)),
            f"{100 * found.brightest.mean():.1f}",
            f"{100 * found.random.mean():.1f}",
            f"{found.deeper:.0%}",
        )
        for model, found in drops.items()
    ]
    return Table(head, rows)


def main() -> int:
    """Run from the command line and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.focus", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--weights", type=Path, default=DEFAULT_FOLDER, metavar="DIR")
    parser.add_argument("--photos", type=int, default=100, metavar="N")
    options = parser.parse_args()
    try:
        test = {p.file for p in Dataset.load_manifest(options.weights / MANIFEST).part("test")}
        files = [p.file for p in read_folder(options.data).photos if p.file.name in test]
        if not files:
            raise UserError(
                f"No photo of {options.data} is among the test photos of {options.weights}; give "
                f"--data the class folders that the weights were trained on."
            )
        chosen = files[:: max(1, len(files) // options.photos)][: options.photos]
        drops: dict[Model, Drops] = {}
        for folder in backbone_folders(options.weights):
            classifier = Classifier(check_artifact(folder))
            photos = [read_photo(file.path, classifier.config.image_size) for file in chosen]
            drops |= measure_drops(classifier, photos)
    except (UserError, PhotoError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("By how many points blanking lowers the probability of the class:")
    print(table(drops).markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main())
