"""What a model says of a photo, made up; and what a small training is measured by."""

import numpy as np

from flowers.backbones import Variant
from flowers.models.classifier import Prediction
from flowers.weights.results import VariantResult

CLASSES = ("daisy", "rose", "tulip")


def says(
    *shares: float, backbone: str = "vgg16", variant: Variant = "transfer", known: bool = True
) -> Prediction:
    """A model that gives daisy, rose and tulip these probabilities."""
    return Prediction(backbone, variant, CLASSES, np.array(shares), np.zeros((1, 1, 3)), known, 5.0)


def learned(result: VariantResult) -> bool:
    """Whether the kept epoch answers better than one that gives three classes the same share.

    Validation loss decides: of some twenty generated photos it differs less between processors
    than the share that is right.
    """
    assert result.best_epoch is not None
    return result.curves[result.best_epoch].validation_loss < 0.92 * np.log(3)
