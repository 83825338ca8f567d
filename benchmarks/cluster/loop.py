"""The plain loop that `predict` is measured against: one photo after another, all models each."""

import sys
from pathlib import Path

from flowers.models.classifier import Classifier
from flowers.photos import read_photo
from flowers.weights.folder import backbone_folders, check_artifact


def main(photos: str, weights: str) -> None:
    """Ask the models of a weights folder about a folder of photos, on all cores."""
    models = [Classifier(check_artifact(folder)) for folder in backbone_folders(Path(weights))]
    for path in sorted(Path(photos).rglob("*.jpg")):
        for model in models:
            model.predict(read_photo(path, model.config.image_size))


if __name__ == "__main__":
    main(*sys.argv[1:])
