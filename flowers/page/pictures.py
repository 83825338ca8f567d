"""Pictures within the page, as data URIs: focus maps that the browser lays over a photo."""

import base64
import io

import numpy as np
from PIL import Image

from flowers.models.classifier import Prediction

SIDE = 56
"""Pixels of an overlay. The browser stretches it to the photo, which the model saw squeezed."""

STRONGEST = 0.72
"""Opacity where the map is at its maximum."""

FADE = 1.5
"""Power of a map's strength that its opacity grows with, so that what counted little is not seen as
a haze on white ground."""

FOCUS_STOPS = np.array([0.0, 0.35, 0.7, 1.0])
FOCUS_COLOURS = np.array(
    [[90, 0, 110], [205, 30, 90], [250, 130, 30], [255, 240, 150]], dtype=float
)
"""From nothing over orange to pale yellow: it shows on green leaves and on petals of any colour."""


def overlay(prediction: Prediction, name: str | None = None) -> Image.Image | None:
    """The focus map of a class as an RGBA image, `SIDE` x `SIDE`; by default of the predicted one.

    None where the model does not have the class.
    """
    name = name or prediction.label
    if name not in prediction.classes:
        return None
    focus = prediction.focus[..., prediction.classes.index(name)].astype(np.float32)
    strength = Image.fromarray(focus / max(float(focus.max()), 1e-12), mode=None)
    smooth = np.asarray(strength.resize((SIDE, SIDE), Image.Resampling.BICUBIC)).clip(0, 1)
    rgba = np.empty((SIDE, SIDE, 4), dtype=np.uint8)
    for channel in range(3):
        rgba[..., channel] = np.interp(smooth, FOCUS_STOPS, FOCUS_COLOURS[:, channel])
    rgba[..., 3] = (smooth**FADE * (255 * STRONGEST)).astype(np.uint8)
    return Image.fromarray(rgba)


def small_photo(photo: Image.Image, longest: int = 360) -> str:
    """A small copy of an RGB photo as a data URI."""
    small = photo.copy()
    small.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return data_uri(small, "JPEG")


def data_uri(image: Image.Image, kind: str) -> str:
    """An image as a data URI; `kind` is a format of Pillow."""
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=82, optimize=True)
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return f"data:image/{kind.lower()};base64,{encoded}"
