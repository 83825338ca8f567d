"""The answer with which the page without a server opens: an example that was read at its build."""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from flowers.backbones import BACKBONES, VARIANTS
from flowers.models.classifier import Prediction
from flowers.models.zoo import Zoo
from flowers.page.examples import Example
from flowers.page.one_photo import photo_answers

LEVELS = 255
"""Of a focus map: each is shown on its own scale, from nothing to its strongest place."""


def answered(zoo: Zoo, examples: Sequence[Example]) -> dict[str, Any] | None:
    """What the models say of the first example; None where there is none, or no model reads it."""
    for example in examples[:1]:
        *_, answer = photo_answers(zoo, example.path, list(BACKBONES), list(VARIANTS))
        if answer.predictions:
            return {"example": example.name, "looks": list(map(_look, answer.predictions))}
    return None


def _look(p: Prediction) -> dict[str, Any]:
    """A prediction as `static/src/answered.ts` reads it; how long it takes is another machine's."""
    strongest = np.maximum(p.focus.max(axis=(0, 1)), 1e-12)
    levels = np.round(LEVELS * p.focus / strongest).astype(np.uint8)
    height, width, _ = levels.shape
    return {
        "backbone": p.backbone,
        "variant": p.variant,
        "classes": p.classes,
        "probabilities": list(map(float, p.probabilities)),
        "known": p.known,
        "pKnown": p.p_known,
        "focus": {
            "height": height,
            "width": width,
            "levels": base64.b64encode(levels.tobytes()).decode(),
        },
    }
