"""Several models on the same photos: who is right, and whether that is more than chance."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from flowers.backbones import Model
from flowers.models.classifier import Prediction
from flowers.models.consensus import NONE_OF_THESE, Consensus, class_order
from flowers.models.verdicts import PhotoVerdict, verdict_of
from flowers.stats import SIGNIFICANT, accuracy_interval, holm, mcnemar
from flowers.weights.published import Published
from flowers.weights.results import Metrics, Outcome


@dataclass(frozen=True)
class Reading:
    """One photo of a batch with what all models say of it, or the reason why it was left out."""

    photo: str
    label: str | None = None
    """A class, or `NONE_OF_THESE`."""
    predictions: tuple[Prediction, ...] = ()
    reason: str | None = None

    @property
    def shows_class(self) -> bool:
        """Whether the label is one of the classes."""
        return self.label not in (None, NONE_OF_THESE)

    @property
    def by_model(self) -> dict[Model, Prediction]:
        """What each model says."""
        return {p.model: p for p in self.predictions}

    @cached_property
    def verdict(self) -> PhotoVerdict | None:
        """None for a photo that was left out. Worked out once."""
        return verdict_of(self.predictions) if self.predictions else None

    @property
    def consensus(self) -> Consensus | None:
        """None for a photo that was left out."""
        return self.verdict.consensus if self.verdict else None

    @property
    def rank(self) -> tuple[int, int, float]:
        """Sorts a batch: classes named, models outside the consensus, and doubt.

        The most disputed photo is the largest, one that was left out the smallest.
        """
        summary = self.consensus
        if summary is None:
            return (0, 0, 0.0)
        named = len({p.label for p in self.predictions})
        return (named, summary.models - summary.agreement, 1 - summary.probability)


@dataclass(frozen=True)
class Score:
    """One model's accuracy on the labelled photos."""

    model: Model
    correct: int
    photos: int
    interval: tuple[float, float]
    """95 %, Wilson."""

    @property
    def accuracy(self) -> float:
        """Share of photos read right."""
        return self.correct / self.photos


@dataclass(frozen=True)
class Difference:
    """McNemar's exact test between two models on the same photos."""

    first: Model
    second: Model
    only_first: int
    """Photos that only the first model read right."""
    only_second: int
    p_value: float
    adjusted: float
    """`p_value` after Holm's correction for the number of pairs."""


@dataclass(frozen=True)
class Standings:
    """Labelled photos: how good each model is, and whether they differ by more than chance."""

    scores: list[Score]
    differences: list[Difference]
    classes: list[str]
    confusion: dict[Model, list[list[int]]]
    """Rows: label, columns: prediction, in the order of `classes`."""

    @property
    def best(self) -> Score:
        """The model that is right most often."""
        return max(self.scores, key=lambda score: score.accuracy)

    def beaten(self) -> list[Model]:
        """The models that the best one beats by more than chance."""
        best = self.best.model
        gains = {
            (d.second if d.first == best else d.first): d
            for d in self.differences
            if best in (d.first, d.second) and d.adjusted < SIGNIFICANT
        }
        return [
            other
            for other, d in gains.items()
            if (d.only_first - d.only_second) * (1 if d.first == best else -1) > 0
        ]


def is_right(prediction: Prediction, label: str) -> bool:
    """Whether a model reads a labelled photo right.

    Of a class: when that is the nearest class, refused or not, as training measures accuracy.
    Of `NONE_OF_THESE`: when the model refuses the photo.
    """
    return not prediction.known if label == NONE_OF_THESE else prediction.label == label


def judge(readings: Iterable[Reading]) -> Standings | None:
    """Score the models on the photos of a batch that have a class for a label; None without any.

    Photos of none of the classes do not count here: see `refusals.py`.
    """
    labelled = [r for r in readings if r.shows_class and r.predictions]
    if not labelled:
        return None
    outcomes: dict[Model, list[Outcome]] = {}
    for number, reading in enumerate(labelled):
        for p in reading.predictions:
            outcome = Outcome(
                photo=str(number),
                label=reading.label or "",
                predicted=p.label,
                probability=min(1.0, p.probability),
            )
            outcomes.setdefault(p.model, []).append(outcome)
    return standings(outcomes, class_order(p.classes for r in labelled for p in r.predictions))


def standings(
    outcomes: Mapping[Model, Sequence[Outcome]], classes: Sequence[str] = ()
) -> Standings:
    """Score models by what they said of labelled photos, and test every two of them.

    `classes` gives the order; classes that only labels or models name follow.
    """
    said = [name for rows in outcomes.values() for o in rows for name in (o.label, o.predicted)]
    order = class_order([classes, said])
    return Standings(
        scores=[_score(model, rows) for model, rows in outcomes.items()],
        differences=paired_tests(outcomes),
        classes=order,
        confusion={model: _confusion(rows, order) for model, rows in outcomes.items()},
    )


def paired_tests(outcomes: Mapping[Model, Sequence[Outcome]]) -> list[Difference]:
    """Test every pair of models on the photos that both saw, with Holm's correction."""
    pairs = list(combinations(outcomes, 2))
    tests = [paired_test(outcomes[a], outcomes[b]) for a, b in pairs]
    adjusted = holm([p for *_, p in tests])
    return [
        Difference(a, b, only_a, only_b, p, q)
        for (a, b), (only_a, only_b, p), q in zip(pairs, tests, adjusted, strict=True)
    ]


def paired_test(first: Sequence[Outcome], second: Sequence[Outcome]) -> tuple[int, int, float]:
    """Compare two models on the photos that both saw, by McNemar's exact test.

    Returns photos that only the first got right, photos that only the second got right, and the
    two-sided p-value.
    """
    other = {p.photo: p.predicted == p.label for p in second}
    pairs = [(p.predicted == p.label, other[p.photo]) for p in first if p.photo in other]
    only_first = sum(a and not b for a, b in pairs)
    only_second = sum(b and not a for a, b in pairs)
    return only_first, only_second, mcnemar(only_first, only_second)


def measured_points(metrics: Mapping[str, Metrics]) -> dict[Model, tuple[float, float, float]]:
    """Accuracy of every measured variant, and the ends of its 95 % interval."""
    points: dict[Model, tuple[float, float, float]] = {}
    for key, m in metrics.items():
        for variant, result in m.variants.items():
            low, high = accuracy_interval(result.correct, m.data.photos)
            points[key, variant] = (result.correct / max(1, m.data.photos), low, high)
    return points


def _score(model: Model, rows: Sequence[Outcome]) -> Score:
    correct = sum(row.label == row.predicted for row in rows)
    return Score(model, correct, len(rows), accuracy_interval(correct, len(rows)))


def _confusion(rows: Sequence[Outcome], classes: Sequence[str]) -> list[list[int]]:
    index = {name: i for i, name in enumerate(classes)}
    table = [[0] * len(classes) for _ in classes]
    for row in rows:
        table[index[row.label]][index[row.predicted]] += 1
    return table


def published_points(published: Published) -> dict[Model, tuple[float, float, float]]:
    """Accuracy of every model of the study, and the ends of its 95 % interval.

    Counts of photos are worked out from percentages of two digits, which give them exactly.
    """
    photos = published.test_photos
    points: dict[Model, tuple[float, float, float]] = {}
    for key, variants in published.results.items():
        for variant, result in variants.items():
            correct = round(result.accuracy_percent / 100 * photos)
            low, high = accuracy_interval(correct, photos)
            points[key, variant] = (correct / max(1, photos), low, high)
    return points
