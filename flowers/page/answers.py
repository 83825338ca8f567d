"""What the endpoints return: typed, so that the API page and MCP clients can document it."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter
from typing_extensions import TypedDict  # pydantic wants it on Python 3.11.

from flowers.backbones import BACKBONES, VARIANTS, Variant
from flowers.folders.labels import DroppedLabel
from flowers.models.classifier import Prediction
from flowers.models.compare import Difference, Reading, Standings
from flowers.models.consensus import Consensus, consensus
from flowers.models.refusals import refusals
from flowers.models.zoo import Zoo
from flowers.page.words import WORDS
from flowers.stats import accuracy_interval
from flowers.weights.folder import ARTIFACT

ANSWER_DIGITS = {"milliseconds": 2, "accuracy": 4, "interval": 4, "p_value": None, "adjusted": None}
"""Behind the point, by the name of a field; all of them for None. Other numbers have `OTHER`."""
OTHER = 5


class ModelRow(TypedDict):
    """One row of `/models`."""

    backbone: str
    variant: str
    name: str
    available: bool
    reason: str | None
    classes: list[str]
    accuracy: float | None
    interval: tuple[float, float] | None
    test_photos: int | None
    latency_ms: float | None
    bytes: int | None
    precision: str | None


class PredictionRow(TypedDict):
    """What one model says; `p_known` is null for a model that cannot refuse a photo."""

    backbone: str
    variant: str
    label: str
    probability: float
    probabilities: dict[str, float]
    known: bool
    p_known: float | None
    milliseconds: float


class Classification(TypedDict):
    """Answer of `/classify`."""

    consensus: Consensus
    predictions: list[PredictionRow]
    left_out: dict[str, str]
    """Chosen backbones that could not read the photo, with the reasons."""


class PhotoRow(TypedDict):
    """One photo of `/compare`; `reason` says why a photo was left out."""

    photo: str
    label: str | None
    reason: str | None
    consensus: Consensus | None
    predictions: list[PredictionRow]


class ScoreRow(TypedDict):
    """One model's accuracy on the labelled photos, with its 95 % interval."""

    backbone: str
    variant: str
    correct: int
    photos: int
    accuracy: float
    interval: tuple[float, float]


class RefusalRow(TypedDict):
    """What one model refused: of photos with a class for a label, and of those of none."""

    backbone: str
    variant: str
    refused: int
    photos: int
    strangers_refused: int
    strangers: int


class Comparison(TypedDict):
    """Answer of `/compare`."""

    photos: list[PhotoRow]
    scores: list[ScoreRow]
    refusals: list[RefusalRow]
    differences: list[Difference]
    dropped: list[DroppedLabel]
    """Folder names that are not classes, with the class that each may mean."""
    notes: list[str]
    """Which backbones were left out, what was left aside, and what was taken for what."""


def schema_of(answer: Any) -> dict[str, Any]:
    """The JSON schema of a type."""
    return TypeAdapter(answer).json_schema()


def as_json(answer: Any) -> Any:
    """An answer as it is sent: dictionaries, lists and rounded numbers."""
    return _rounded(TypeAdapter(Any).dump_python(answer, mode="json"))


def _rounded(value: Any, digits: int | None = OTHER) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(found, ANSWER_DIGITS.get(key, OTHER)) for key, found in value.items()}
    if isinstance(value, list):
        return [_rounded(found, digits) for found in value]
    return round(value, digits) if isinstance(value, float) and digits is not None else value


def model_rows(zoo: Zoo) -> list[ModelRow]:
    """All twelve models, usable or not."""
    return [_model_row(zoo, key, variant) for key in BACKBONES for variant in VARIANTS]


def _model_row(zoo: Zoo, key: str, variant: Variant) -> ModelRow:
    entry = zoo.entries()[key]
    config, metrics = entry.config, entry.metrics
    result = metrics.variants.get(variant) if metrics else None
    photos = metrics.data.photos if result and metrics else None
    untrained = config is not None and variant not in config.variants
    return ModelRow(
        backbone=key,
        variant=variant,
        name=BACKBONES[key].name,
        available=entry.available and not untrained,
        reason="This variant was not trained." if untrained else entry.reason,
        classes=list(config.classes) if config else [],
        accuracy=result.accuracy if result else None,
        interval=accuracy_interval(result.correct, photos) if result and photos else None,
        test_photos=photos,
        latency_ms=metrics.latency_ms if metrics else None,
        bytes=config.files[ARTIFACT].bytes if config else None,
        precision=config.precision if config else None,
    )


def classification(
    predictions: Sequence[Prediction], left_out: Mapping[str, str] = {}
) -> Classification:
    """Predictions of one photo, of one model or more; `left_out` has backbones with reasons."""
    return Classification(
        consensus=consensus(predictions),
        predictions=list(map(_prediction_row, predictions)),
        left_out=dict(left_out),
    )


def left_out_sentences(left_out: Mapping[str, str]) -> list[str]:
    """Which backbones were left out, and why."""
    return [
        WORDS["left_out"].format(backbone=BACKBONES[key].name, reason=reason)
        for key, reason in left_out.items()
    ]


def comparison(
    readings: Sequence[Reading],
    standings: Standings | None,
    dropped: Sequence[DroppedLabel] = (),
    notes: Sequence[str] = (),
) -> Comparison:
    """A batch of photos, with scores and tests where photos have labels."""
    return Comparison(
        photos=[
            PhotoRow(
                photo=r.photo,
                label=r.label,
                reason=r.reason,
                consensus=r.consensus,
                predictions=list(map(_prediction_row, r.predictions)),
            )
            for r in readings
        ],
        scores=[
            ScoreRow(
                backbone=s.model[0],
                variant=s.model[1],
                correct=s.correct,
                photos=s.photos,
                accuracy=s.accuracy,
                interval=s.interval,
            )
            for s in (standings.scores if standings else [])
        ],
        refusals=[
            RefusalRow(
                backbone=r.model[0],
                variant=r.model[1],
                refused=r.refused,
                photos=r.photos,
                strangers_refused=r.strangers_refused,
                strangers=r.strangers,
            )
            for r in refusals(readings)
        ],
        differences=standings.differences if standings else [],
        dropped=list(dropped),
        notes=list(notes),
    )


def _prediction_row(p: Prediction) -> PredictionRow:
    return PredictionRow(
        backbone=p.backbone,
        variant=p.variant,
        label=p.label,
        probability=p.probability,
        probabilities=dict(zip(p.classes, map(float, p.probabilities), strict=True)),
        known=p.known,
        p_known=p.p_known,
        milliseconds=p.milliseconds,
    )
