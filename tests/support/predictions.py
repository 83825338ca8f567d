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


def learned(result: VariantResult, outputs: int = 3) -> bool:
    """Whether an epoch of training answers better than the same share for each of the `outputs`.

    Validation loss decides: of some twenty generated photos it differs less between processors
    than the share that is right.
    """
    return min(epoch.validation_loss for epoch in result.curves) < 0.92 * np.log(outputs)
