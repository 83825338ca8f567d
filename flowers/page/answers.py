"""What the endpoints return: typed, so that the API page and MCP clients can document it."""

from collections.abc import Sequence
from typing import Any, TypedDict

from gradio_client.utils import python_type_to_json_schema  # type: ignore[import-untyped]

from flowers.backbones import BACKBONES, VARIANTS
from flowers.models.classifier import Prediction
from flowers.models.compare import Consensus, Reading, Verdict, consensus
from flowers.models.zoo import Zoo
from flowers.stats import accuracy_interval
from flowers.weights.folder import ARTIFACT


class ModelRow(TypedDict):
    """One row of `/models`."""

    backbone: str
    variant: str
    name: str
    available: bool
    reason: str | None
    classes: list[str]
    accuracy: float | None
    interval: list[float] | None
    test_photos: int | None
    latency_ms: float | None
    bytes: int | None
    precision: str | None


class ConsensusRow(TypedDict):
    """What the chosen models say together."""

    label: str
    probability: float
    agreement: int
    known: bool
    p_known: float | None


class PredictionRow(TypedDict):
    """What one model says."""

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

    consensus: ConsensusRow
    predictions: list[PredictionRow]


class PhotoRow(TypedDict):
    """One photo of `/compare`; `reason` says why a photo was left out."""

    photo: str
    label: str | None
    reason: str | None
    consensus: ConsensusRow | None
    predictions: list[PredictionRow]


class ScoreRow(TypedDict):
    """One model's accuracy on the labelled photos, with its 95 % interval."""

    backbone: str
    variant: str
    correct: int
    photos: int
    accuracy: float
    interval: list[float]


class DifferenceRow(TypedDict):
    """McNemar's exact test between two models; `adjusted` is Holm's correction."""

    first: list[str]
    second: list[str]
    only_first: int
    only_second: int
    p_value: float
    adjusted: float


class Comparison(TypedDict):
    """Answer of `/compare`."""

    photos: list[PhotoRow]
    scores: list[ScoreRow]
    differences: list[DifferenceRow]


def schema_of(answer: Any) -> dict[str, Any]:
    """The JSON schema of an answer's type."""
    return python_type_to_json_schema(answer)


def model_rows(zoo: Zoo) -> list[ModelRow]:
    """All twelve models, usable or not."""
    rows: list[ModelRow] = []
    for key, entry in zoo.entries().items():
        config, metrics = entry.config, entry.metrics
        for variant in VARIANTS:
            result = metrics.variants.get(variant) if metrics else None
            missing = config is not None and variant not in config.variants
            interval = None
            if result and metrics:
                ends = accuracy_interval(result.correct, metrics.data.photos)
                interval = [round(x, 4) for x in ends]
            rows.append(
                ModelRow(
                    backbone=key,
                    variant=variant,
                    name=BACKBONES[key].name,
                    available=entry.available and not missing,
                    reason="This variant was not trained." if missing else entry.reason,
                    classes=list(config.classes) if config else [],
                    accuracy=round(result.accuracy, 4) if result else None,
                    interval=interval,
                    test_photos=metrics.data.photos if result and metrics else None,
                    latency_ms=metrics.latency_ms if metrics else None,
                    bytes=config.files[ARTIFACT].bytes if config else None,
                    precision=config.precision if config else None,
                )
            )
    return rows


def classification(predictions: Sequence[Prediction]) -> Classification:
    """Predictions of one photo, of one model or more."""
    return Classification(
        consensus=_consensus_row(consensus(predictions)),
        predictions=[_prediction_row(p) for p in predictions],
    )


def comparison(readings: Sequence[Reading], verdict: Verdict | None) -> Comparison:
    """A batch of photos, with scores and tests where photos have labels."""
    return Comparison(
        photos=[
            PhotoRow(
                photo=r.photo,
                label=r.label,
                reason=r.reason,
                consensus=_consensus_row(r.consensus) if r.consensus else None,
                predictions=[_prediction_row(p) for p in r.predictions],
            )
            for r in readings
        ],
        scores=[
            ScoreRow(
                backbone=s.model[0],
                variant=s.model[1],
                correct=s.correct,
                photos=s.photos,
                accuracy=round(s.accuracy, 4),
                interval=[round(x, 4) for x in s.interval],
            )
            for s in (verdict.scores if verdict else [])
        ],
        differences=[
            DifferenceRow(
                first=list(d.first),
                second=list(d.second),
                only_first=d.only_first,
                only_second=d.only_second,
                p_value=d.p_value,
                adjusted=d.adjusted,
            )
            for d in (verdict.differences if verdict else [])
        ],
    )


def _consensus_row(summary: Consensus) -> ConsensusRow:
    return ConsensusRow(
        label=summary.label,
        probability=round(summary.probability, 5),
        agreement=summary.agreement,
        known=summary.known,
        p_known=_rounded(summary.p_known),
    )


def _prediction_row(p: Prediction) -> PredictionRow:
    return PredictionRow(
        backbone=p.backbone,
        variant=p.variant,
        label=p.label,
        probability=round(p.probability, 5),
        probabilities={
            name: round(float(x), 5) for name, x in zip(p.classes, p.probabilities, strict=True)
        },
        known=p.known,
        p_known=_rounded(p.p_known),
        milliseconds=round(p.milliseconds, 2),
    )


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 5)
