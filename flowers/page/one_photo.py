"""What the models say of one photo, as HTML: the verdict, the models side by side, focus maps."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from markupsafe import Markup
from PIL import Image

from flowers.backbones import Model, model_name
from flowers.errors import ChoiceError, PhotoError
from flowers.models.classifier import Prediction
from flowers.models.consensus import class_order
from flowers.models.sentences import SENTENCES, knows_only, percent
from flowers.models.verdicts import PhotoVerdict, verdict_of
from flowers.models.zoo import Loading, Zoo, in_order
from flowers.page.answers import as_json, classification
from flowers.page.html import data_link, message, render
from flowers.page.limits import REFRESH
from flowers.page.pictures import data_uri, overlay, small_photo
from flowers.page.words import WORDS
from flowers.photos import PhotoSource, load_photo

TOP = 2
"""Classes that a bar shows."""


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
    focus: str | None = None
    """The class whose focus maps are shown; None for what each model answered."""
    _overlays: dict[tuple[Model, str | None], str | None] = field(default_factory=dict)

    @cached_property
    def shown(self) -> str:
        """The photo as a data URI, encoded once."""
        return small_photo(self.photo) if self.photo else ""

    def html(self) -> Markup:
        """All of the answer so far."""
        if self.problem is not None:
            return self.problem
        common = {"pending": self.pending, "failed": self.failed, "status": self.status}
        if not self.predictions:
            if self.pending:
                return render("waiting.html", **common)
            nobody = message(WORDS["no_model"])
            return render("failures.html", failed=self.failed) + nobody
        verdict = verdict_of(self.predictions)
        classes = class_order(p.classes for p in self.predictions)
        focus = self.focus if self.focus in classes else None
        photo = self.photo
        return render(
            "answer.html",
            **common,
            verdict=verdict,
            models=len(self.predictions),
            dissent=_dissent(self.predictions, verdict),
            only=knows_only(classes),
            classes=classes,
            rows=[_row(p, classes, verdict) for p in self.predictions],
            photo=self.shown,
            shape=f"{photo.width} / {photo.height}" if photo else "1",
            focus=focus,
            overlays=[self.overlay_of(p, focus) for p in self.predictions],
            download=None if self.pending else _download(self.predictions, self.failed),
        )

    def overlay_of(self, p: Prediction, name: str | None = None) -> str | None:
        """A focus map as a data URI, encoded once: of a class, or of what the model answered."""
        key = (p.model, name)
        if key not in self._overlays:
            image = overlay(p, name)
            self._overlays[key] = data_uri(image, "PNG") if image else None
        return self._overlays[key]


def photo_answers(
    zoo: Zoo,
    source: PhotoSource,
    backbones: Sequence[str],
    variants: Sequence[str],
    focus: str = "",
) -> Iterator[PhotoAnswer]:
    """Yield the answer to a photo again and again, growing with every backbone that has read it."""
    answer = PhotoAnswer(focus=focus or None)
    try:
        choice = zoo.choose(backbones, variants, leave_out=True)
        answer.photo = load_photo(source, at_least=zoo.detail())
    except (PhotoError, ChoiceError) as error:
        answer.problem = message(str(error))
        yield answer
        return
    answer.pending, answer.failed = choice.models, choice.left_out
    yield answer
    for found in zoo.watch(answer.photo, choice.models, REFRESH):
        if isinstance(found, Loading):
            answer.status = found.doing
            yield answer
            continue
        if found.reason is not None:
            answer.failed[found.backbone] = found.reason
        answer.predictions = in_order([*answer.predictions, *found.predictions], choice.models)
        answer.pending = [model for model in answer.pending if model[0] != found.backbone]
        yield answer


def _dissent(predictions: Sequence[Prediction], verdict: PhotoVerdict) -> dict[str, str]:
    """Who answered otherwise than most, by what they say; a split names all sides itself."""
    if verdict.look == "split":
        return {}
    agreed = verdict.names[0] if verdict.names else None
    others: dict[str | None, list[Prediction]] = {}
    for p in sorted(predictions, key=lambda p: -p.probability):
        if _vote(p) != agreed:
            others.setdefault(_vote(p), []).append(p)
    return {label or SENTENCES["none_short"]: _names(found) for label, found in others.items()}


def _vote(p: Prediction) -> str | None:
    return p.label if p.known else None


def _names(found: Sequence[Prediction]) -> str:
    names = [model_name(p.model) for p in found[:3]]
    if found[0].known:
        shares = [percent(p.probability) for p in found[:3]]
        names = [f"{name} ({share})" for name, share in zip(names, shares, strict=True)]
    return ", ".join(names) + (
        WORDS["more_models"].format(models=len(found) - 3) if len(found) > 3 else ""
    )


def _row(p: Prediction, classes: Sequence[str], verdict: PhotoVerdict) -> dict[str, Any]:
    """What the templates show of one model."""
    shares = dict(zip(p.classes, map(float, p.probabilities), strict=True))
    names = verdict.names or (None,)
    return {
        "backbone": p.backbone,
        "variant": p.variant,
        "name": model_name(p.model),
        "label": p.label,
        "known": p.known,
        "p_known": p.p_known,
        "probability": p.probability,
        "differs": verdict.look != "split" and _vote(p) not in names,
        "shares": [shares.get(name) for name in classes],
        "top": sorted(shares.items(), key=lambda item: -item[1])[:TOP],
    }


def _download(predictions: Sequence[Prediction], failed: Mapping[str, str]) -> str:
    answer = as_json(classification(predictions, failed))
    return data_link("application/json", json.dumps(answer, ensure_ascii=False, indent=1))
