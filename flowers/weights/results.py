"""What was measured here: `metrics.json`, its schemas and reading."""

from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Annotated, Literal, NamedTuple, TypeVar

from pydantic import Field, model_validator

from flowers.backbones import BACKBONES, Variant
from flowers.errors import WeightsError, said
from flowers.weights.folder import (
    METRICS,
    ClassName,
    Schema,
    Share,
    read_json,
    validate,
)

Count = Annotated[int, Field(ge=0, le=10**12)]
Photos = Annotated[int, Field(ge=1, le=10**9)]
"""Of something that was measured: on at least one."""
NonNegative = Annotated[float, Field(ge=0)]


class ClassResult(Schema):
    """One class of one variant."""

    photos: Count
    precision: Share
    recall: Share
    f1: Share


class CalibrationBin(Schema):
    """Photos whose top probability fell into one of 15 equal bins."""

    photos: Count
    confidence: Share
    accuracy: Share


class Outcome(Schema):
    """One test photo: enough for paired tests between models."""

    photo: str
    """Path below the data folder."""
    label: str
    predicted: str
    probability: Share
    """Calibrated, of the predicted class."""


class UnknownResult(Schema):
    """How photos of none of the classes fare that have something in common."""

    photos: Count
    accepted: Share
    accepted_at_95: Share
    """By a threshold that 95 % of the test photos of the classes reach."""
    auroc: Share


class RefusalResult(Schema):
    """How well a variant tells photos of the classes from others, through `Refusal`."""

    known_photos: Count
    """Test photos of the classes."""
    known_accepted: Share
    unknown_photos: Count = 0
    """Photos of none of the classes that no fit saw."""
    unknown_accepted: Share | None = None
    auroc: Share | None = None
    """Chance that P(known) is higher for a photo of the classes than for one of none, ties
    counted half."""
    groups: dict[str, UnknownResult] = Field(default_factory=dict)
    """The photos of none of the classes by what they have in common."""


class EpochResult(Schema):
    """One epoch of training, on the training and validation parts."""

    loss: NonNegative
    accuracy: Share
    validation_loss: NonNegative
    validation_accuracy: Share


class ConfusedPair(Schema):
    """Photos of one class that are taken for another."""

    label: str
    predicted: str
    photos: Count


class HardPhoto(Schema):
    """A test photo of high loss: the model is wrong, or the label is."""

    photo: str
    label: str
    predicted: str
    probability: Share
    """Calibrated, of the label."""


class SeedResult(Schema):
    """A training that differs from the others in its seed alone."""

    seed: Count
    accuracy: Share
    """Of the float32 graph on the test part."""


class SeedRange(NamedTuple):
    """Accuracies of trainings that differ in their seed alone, as shares."""

    seeds: int
    mean: float
    low: float
    high: float


class VariantResult(Schema):
    """What was measured of one variant on the test part, with the serving artifact."""

    accuracy: Share
    macro_precision: Share
    macro_recall: Share
    macro_f1: Share
    log_loss: NonNegative
    expected_calibration_error: Share
    """Over 15 equal bins of the top probability (Guo et al. 2017)."""
    per_class: dict[str, ClassResult]
    confusion: list[list[Count]]
    """Rows: true class, columns: predicted class, in the order of `classes`."""
    calibration: list[CalibrationBin]
    predictions: list[Outcome]
    confused: tuple[ConfusedPair, ...] = ()
    """The pairs of classes that are most often confused, most photos first."""
    hardest: tuple[HardPhoto, ...] = ()
    """The photos with the highest loss, highest first."""
    keras_accuracy: Share | None = None
    """Of the float32 Keras graph on the same photos."""
    unknown_rejected: Share | None = None
    """Share of photos of other subjects that fell below the unknown-threshold."""
    known_accepted: Share | None = None
    """Share of test photos at or above it."""
    refusal: RefusalResult | None = None
    curves: tuple[EpochResult, ...] = ()
    best_epoch: Count | None = None
    """Counted from 0; the weights are of this epoch."""
    training_seconds: NonNegative | None = None
    seeds: tuple[SeedResult, ...] = ()
    """Of `fit --seeds`, the first being that of the weights: how much is chance in training."""

    @property
    def correct(self) -> int:
        """Photos that were read right."""
        return sum(row[i] for i, row in enumerate(self.confusion))

    @property
    def seed_range(self) -> SeedRange | None:
        """What trainings with several seeds came to; None where there was one training."""
        found = [seed.accuracy for seed in self.seeds]
        return SeedRange(len(found), fmean(found), min(found), max(found)) if found else None


class DataSource(Schema):
    """What the figures were measured on."""

    name: str
    fingerprint: str
    part: Literal["test", "all"]
    photos: Photos


class Metrics(Schema):
    """`<backbone>/metrics.json`."""

    schema_version: Literal[1, 2] = 2
    """Version 1, without `refusal`, is still read."""
    backbone: str
    classes: list[ClassName]
    data: DataSource
    variants: Annotated[dict[Variant, VariantResult], Field(min_length=1)]
    latency_ms: NonNegative | None = None
    """Median of one photo through the artifact, both variants, on `machine`."""
    machine: str | None = None

    @property
    def timed(self) -> str:
        """What `latency_ms` is, in the same words wherever it stands; empty without one."""
        if self.latency_ms is None:
            return ""
        where = f", on {self.machine}" if self.machine else ""
        return f"median of one photo through both variants{where}"

    @model_validator(mode="after")
    def _check(self) -> "Metrics":
        if self.backbone not in BACKBONES:
            raise ValueError(f"backbone is one of {', '.join(BACKBONES)}")
        index = {name: i for i, name in enumerate(self.classes)}
        if len(index) != len(self.classes):
            raise ValueError("classes are all different")
        for variant, result in self.variants.items():
            if len(result.confusion) != len(self.classes) or any(
                len(row) != len(self.classes) for row in result.confusion
            ):
                raise ValueError(f"confusion of {variant} has one row and column per class")
            if sum(map(sum, result.confusion)) != self.data.photos:
                raise ValueError(f"confusion of {variant} counts every photo once")
            if set(result.per_class) != set(self.classes):
                raise ValueError(f"per_class of {variant} has every class")
            if len({o.photo for o in result.predictions}) != self.data.photos:
                raise ValueError(f"predictions of {variant} has every photo once")
            if any(o.label not in index or o.predicted not in index for o in result.predictions):
                raise ValueError(f"predictions of {variant} are among the classes")
            if result.confusion != self._confusion(result.predictions, index):
                raise ValueError(f"predictions of {variant} are those that confusion counts")
            if abs(result.accuracy - result.correct / self.data.photos) > 1e-3:
                raise ValueError(f"accuracy of {variant} is the one that confusion gives")
        return self

    @staticmethod
    def _confusion(outcomes: list[Outcome], index: Mapping[str, int]) -> list[list[int]]:
        table = [[0] * len(index) for _ in index]
        for outcome in outcomes:
            table[index[outcome.label]][index[outcome.predicted]] += 1
        return table


_M = TypeVar("_M", bound=Schema)


def same_photos(metrics: Mapping[str, Metrics]) -> list[dict[str, Metrics]]:
    """Group backbones by what they were measured on; the largest group first.

    Only within a group can accuracies be compared. The fingerprint covers contents and split.
    """
    groups: dict[tuple[str, str], dict[str, Metrics]] = {}
    for key, m in metrics.items():
        groups.setdefault((m.data.fingerprint, m.data.part), {})[key] = m
    return sorted(groups.values(), key=len, reverse=True)


def read_metrics(folder: Path) -> Metrics:
    """Read `metrics.json` of a backbone's folder. Raises `WeightsError`."""
    return read_result(folder, METRICS, Metrics)


def read_result(folder: Path, name: str, schema: type[_M]) -> _M:
    """Read one JSON file of a folder as a schema. Raises `WeightsError`."""
    shown = f"{folder.name}/{name}"
    try:
        text = read_json(folder / name)
    except (OSError, UnicodeDecodeError) as error:
        raise WeightsError(
            f"{shown} cannot be read; restore it. Received: {said(error)}"
        ) from error
    return validate(text, schema, shown)
