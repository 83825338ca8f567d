"""What a model says of a photo, made up."""

import numpy as np

from flowers.backbones import Variant
from flowers.models.classifier import Prediction

CLASSES = ("daisy", "rose", "tulip")


def says(
    *shares: float, backbone: str = "vgg16", variant: Variant = "transfer", known: bool = True
) -> Prediction:
    """A model that gives daisy, rose and tulip these probabilities."""
    return Prediction(backbone, variant, CLASSES, np.array(shares), np.zeros((1, 1, 3)), known, 5.0)
