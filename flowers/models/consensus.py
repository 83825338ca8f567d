"""What several models say together of one photo: a vote, and one probability."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, log

from flowers.models.classifier import Prediction

NONE_OF_THESE = "none of these"
"""The label of a photo that shows none of the classes."""
LEAST = 1e-4
"""Probability that every class has at least in a pool, so that no model alone rules one out."""


def class_order(class_lists: Iterable[Sequence[str]]) -> list[str]:
    """One order for all: the classes of the first list, then what other lists add."""
    return list(dict.fromkeys(name for names in class_lists for name in names))


@dataclass(frozen=True)
class Consensus:
    """What the chosen models say together of one photo."""

    label: str
    """The class that most models have on top; of equal ones the more probable."""
    probability: float
    """Its mean calibrated probability; see `pooled`."""
    agreement: int
    """How many models have `label` on top."""
    models: int
    known: bool
    """False when more than half of the models refuse the photo: none of these."""
    p_known: float | None = None
    """Mean P(known) of the models that have one; None where none has."""


def pooled(predictions: Sequence[Prediction]) -> dict[str, float]:
    """What the models give to each class together: geometric means, which add up to 1.

    A logarithmic pool (Genest & Zidek 1986). The arithmetic mean of calibrated models is too
    modest: with four models on 433 test photos its calibration error was 0.056, that of this pool
    0.041 (`benchmarks/consensus.py`), and perfect calibration would make 0.037 of so few photos. A
    class that a model does not have, or rules out, keeps `LEAST` there.
    """
    logs = dict.fromkeys(class_order(p.classes for p in predictions), 0.0)
    for prediction in predictions:
        shares = dict(zip(prediction.classes, map(float, prediction.probabilities), strict=True))
        for name in logs:
            logs[name] += log(max(LEAST, shares.get(name, 0.0)))
    powers = {name: exp(total / len(predictions)) for name, total in logs.items()}
    return {name: power / sum(powers.values()) for name, power in powers.items()}


def consensus(predictions: Sequence[Prediction]) -> Consensus:
    """Sum up the predictions of one photo. Raises ValueError for none.

    Each model votes on whether the photo is known, at a threshold that its own validation photos
    set: a count of votes holds for any mixture of methods, where a threshold on the mean P(known)
    would not.
    """
    if not predictions:
        raise ValueError("A consensus needs at least one prediction. Received: none")
    shares = pooled(predictions)
    votes = Counter(p.label for p in predictions)
    known = [p.p_known for p in predictions if p.p_known is not None]
    label = max(shares, key=lambda name: (votes[name], shares[name]))
    return Consensus(
        label=label,
        probability=shares[label],
        agreement=votes[label],
        models=len(predictions),
        known=2 * sum(p.known for p in predictions) >= len(predictions),
        p_known=sum(known) / len(known) if known else None,
    )
