"""The verdict on one photo in words: agreed, split, or none of these.

A pure rule without HTML; its words stand in `sentences.py`. The edition without a server has it
once more in its own language; `tests/support/verdicts.json` holds examples that both must satisfy.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from flowers.models.classifier import Prediction
from flowers.models.consensus import Consensus, class_order, consensus, pooled
from flowers.models.sentences import SENTENCES, capital, listed, none_of, percent

Look = Literal["agreed", "split", "none"]


@dataclass(frozen=True)
class PhotoVerdict:
    """What the models say together of one photo, as one of three looks.

    `none`: more than half of the models refuse the photo. `agreed`: more than half name one class
    and do not refuse. `split`: neither.
    """

    look: Look
    names: tuple[str | None, ...]
    """What is shown, equally large. One class, none for `none`; for `split` those with the most
    votes, where None stands for none of the classes."""
    brief: str
    """The names alone, for a cell of a table."""
    votes: int
    """How many models say so; for a split, the first of the names."""
    title: str
    facts: tuple[str, ...]
    consensus: Consensus

    @property
    def in_one_word(self) -> str:
        """The class, `NONE_OF_THESE`, or "split"."""
        return "split" if self.look == "split" else self.brief


def verdict_of(predictions: Sequence[Prediction]) -> PhotoVerdict:
    """The verdict on one photo. Raises ValueError for no predictions.

    A model that refuses the photo votes for none of the classes, whichever class it finds nearest.
    """
    summary = consensus(predictions)
    models = len(predictions)
    votes: Counter[str | None] = Counter(p.label if p.known else None for p in predictions)
    facts = []
    if not summary.known:
        title = capital(none_of(class_order(p.classes for p in predictions)))
        facts.append(SENTENCES["refuse"].format(votes=votes[None], models=models))
        nearest = SENTENCES["nearest"]
        facts.append(nearest.format(name=summary.label, probability=percent(summary.probability)))
        look: Look = "none"
        names: tuple[str | None, ...] = ()
        brief = SENTENCES["none_short"]
    elif 2 * votes[summary.label] > models:
        title = capital(summary.label)
        agree = SENTENCES["alone" if models == 1 else "agree"]
        facts.append(agree.format(votes=votes[summary.label], models=models, name=summary.label))
        facts.append(SENTENCES["mean"].format(probability=percent(summary.probability)))
        look, names, brief = "agreed", (summary.label,), summary.label
    else:
        look, names = "split", _contenders(predictions, votes)
        shown = [name or SENTENCES["none_short"] for name in names]
        brief = listed(shown, "or")
        title = SENTENCES["split"].format(names=brief)
        for name, text in zip(names, shown, strict=True):
            facts.append(SENTENCES["vote"].format(votes=votes[name], models=models, name=text))
    if summary.p_known is not None:
        count = sum(p.p_known is not None for p in predictions)
        sentence = SENTENCES["p_known_alone" if count == 1 else "p_known"]
        facts.append(sentence.format(p_known=percent(summary.p_known), models=count))
    first = votes[names[0] if names else None]
    return PhotoVerdict(look, names, brief, first, title, tuple(facts), summary)


def _contenders(
    predictions: Sequence[Prediction], votes: Mapping[str | None, int]
) -> tuple[str | None, ...]:
    """The classes that a split is between: all with the most votes, and with the second most where
    only one has the most. The more probable stands first among equals, none of the classes last."""
    shares = pooled(predictions)
    order = sorted(votes, key=lambda name: (-votes[name], -shares[name] if name else 1.0))
    least = votes[order[1]] if len(order) > 1 else votes[order[0]]
    return tuple(name for name in order if votes[name] >= least)
