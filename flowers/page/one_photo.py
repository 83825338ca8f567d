"""What the models say of one photo, as HTML: the verdict, the models side by side, focus maps."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from markupsafe import Markup
from PIL import Image

from flowers.backbones import Model, model_name
from flowers.models.classifier import Prediction
from flowers.models.compare import Consensus, class_order, consensus, dissent
from flowers.page.answers import as_json, classification
from flowers.page.html import data_link, message, percent, render, unknown_name
from flowers.page.pictures import data_uri, overlay, small_photo


@dataclass
class PhotoAnswer:
    """The answer to one photo, which grows with every backbone that has read it."""

    photo: Image.Image | None = None
    predictions: list[Prediction] = field(default_factory=list)
    pending: list[Model] = field(default_factory=list)
    """Models that have still to read the photo."""
    failed: dict[str, str] = field(default_factory=dict)
    """Backbones that could not be asked, with the reasons."""
    status: Mapping[str, str] = field(default_factory=dict)
    """What is being done for a pending backbone, where that is not reading."""
    problem: Markup | None = None
    """Stands in place of an answer."""
    _overlays: dict[Model, str] = field(default_factory=dict)

    @cached_property
    def shown(self) -> str:
        """The photo as a data URI, encoded once."""
        return small_photo(self.photo) if self.photo else ""

    def html(self) -> Markup:
        """All of the answer so far."""
        if self.problem is not None:
            return self.problem
        if not self.predictions:
            if not self.pending:
                return self._failures() + message(
                    "None of the chosen models can be used; choose others."
                )
            return render("waiting.html", **self._common())
        summary = consensus(self.predictions)
        classes = class_order(p.classes for p in self.predictions)
        photo = self.photo
        return render(
            "answer.html",
            **self._common(),
            **verdict_facts(self.predictions, summary),
            classes=classes,
            rows=[_row(p, classes, summary) for p in self.predictions],
            photo=self.shown,
            shape=f"{photo.width} / {photo.height}" if photo else "1",
            overlays=[self._overlay(p) for p in self.predictions],
            download=None if self.pending else _download(self.predictions),
        )

    def _common(self) -> dict[str, Any]:
        return {"pending": self.pending, "failed": self.failed, "status": self.status}

    def _failures(self) -> Markup:
        return render("failures.html", failed=self.failed)

    def _overlay(self, p: Prediction) -> str:
        model = (p.backbone, p.variant)
        if model not in self._overlays:
            self._overlays[model] = data_uri(overlay(p), "PNG")
        return self._overlays[model]


def verdict_facts(predictions: Sequence[Prediction], summary: Consensus) -> dict[str, Any]:
    """What the verdict says: the values of `verdict.html`."""
    classes = class_order(p.classes for p in predictions)
    return {
        "summary": summary,
        "title": summary.label if summary.known else unknown_name(classes),
        "unsure": sum(not p.known for p in predictions),
        "dissent": {
            label: _names(found) for label, found in dissent(predictions, summary.label).items()
        },
    }


def _names(found: Sequence[Prediction]) -> str:
    names = ", ".join(
        f"{model_name((p.backbone, p.variant))} ({percent(p.probability)})" for p in found[:3]
    )
    return names + (f" and {len(found) - 3} more" if len(found) > 3 else "")


def _row(p: Prediction, classes: Sequence[str], summary: Consensus) -> dict[str, Any]:
    """What the templates show of one model."""
    shares = dict(zip(p.classes, map(float, p.probabilities), strict=True))
    return {
        "backbone": p.backbone,
        "variant": p.variant,
        "name": model_name((p.backbone, p.variant)),
        "label": p.label,
        "known": p.known,
        "probability": p.probability,
        "milliseconds": _ms(p.milliseconds),
        "differs": p.label != summary.label,
        "shares": [shares.get(name) for name in classes],
    }


def _download(predictions: Sequence[Prediction]) -> str:
    answer = as_json(classification(predictions))
    return data_link("application/json", json.dumps(answer, ensure_ascii=False, indent=1))


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.0f}" if milliseconds >= 9.5 else f"{milliseconds:.1f}"
