"""The verdict in words: what the models say of one photo, and who is best on labelled ones.

Pure rules without HTML; their words stand in `sentences.py`. The edition without a server takes
`exported()` when it is built, and has the rules of `verdict_of` and `leader_of` once more in its
own language; `tests/support/verdicts.json` holds examples that both must satisfy.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal

from flowers.backbones import BACKBONES, DEFAULT_CLASSES, VARIANTS, Model, model_name
from flowers.models.classifier import Prediction
from flowers.models.compare import (
    LEAST,
    Score,
    Standings,
    class_order,
    consensus,
    pooled,
)
from flowers.models.sentences import (
    MOST_NAMES,
    NUMBERS,
    SENTENCES,
    capital,
    listed,
    none_of,
    percent,
)
from flowers.stats import POWER, SIGNIFICANT, photos_to_decide

MANY = 100_000
"""Beyond that many photos the number says nothing but "very many"."""

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
    return PhotoVerdict(look, names, brief, first, title, tuple(facts))


def _contenders(
    predictions: Sequence[Prediction], votes: Mapping[str | None, int]
) -> tuple[str | None, ...]:
    """The classes that a split is between: all with the most votes, and with the second most where
    only one has the most. The more probable stands first among equals, none of the classes last."""
    shares = pooled(predictions)
    order = sorted(votes, key=lambda name: (-votes[name], -shares[name] if name else 1.0))
    least = votes[order[1]] if len(order) > 1 else votes[order[0]]
    return tuple(name for name in order if votes[name] >= least)


@dataclass(frozen=True)
class Leader:
    """Who reads labelled photos best, and how sure that is.

    `winner`: one model beats every other by more than chance. `backbone`: the models of one
    backbone beat all others and not one another. `open`: neither, so no winner is crowned.
    `single`: only one model was asked.
    """

    look: Literal["winner", "backbone", "open", "single"]
    title: str
    facts: tuple[str, ...]
    more_photos: int | None = None
    """About how many more labelled photos would decide between the first and who follows."""


def leader_of(standings: Standings) -> Leader:
    """Crown a winner only where tests say so: McNemar's, corrected by Holm for all pairs."""
    best = standings.best
    first = model_name(best.model)
    right = SENTENCES["right"].format(
        name=first,
        accuracy=percent(best.accuracy, 1),
        correct=f"{best.correct:,}",
        photos=f"{best.photos:,}",
    )
    low, high = best.interval
    facts = [right, SENTENCES["interval"].format(low=percent(low, 1), high=percent(high, 1))]
    others = [score for score in standings.scores if score.model != best.model]
    if not others:
        title = SENTENCES["single"].format(name=first, accuracy=percent(best.accuracy, 1))
        return Leader("single", title, tuple(facts))
    beaten = set(standings.beaten())
    rivals = sorted((s for s in others if s.model not in beaten), key=lambda s: -s.accuracy)
    if len(others) == 1 and beaten:
        facts.append(SENTENCES["beats_other"])
    elif not rivals:
        facts.append(SENTENCES["beats_all"].format(others=len(others)))
    elif beaten:
        facts.append(SENTENCES["beats_some"].format(beaten=len(beaten), others=len(others)))
    if not rivals:
        return Leader("winner", SENTENCES["winner"].format(name=first), tuple(facts))
    equal = [model_name(s.model) for s in rivals if s.accuracy == best.accuracy]
    behind = [model_name(s.model) for s in rivals if s.accuracy != best.accuracy]
    if equal:
        facts.append(SENTENCES["tie"].format(names=listed(equal, "and")))
    if behind:
        facts.append(SENTENCES["chance"].format(names=listed(behind, "and")))
    more, sentence = photos_more(standings, best, rivals[0])
    facts.append(sentence)
    key = best.model[0]
    if all(s.model[0] == key for s in rivals) and len(others) > len(rivals):
        title = SENTENCES["winner_backbone"].format(name=BACKBONES[key].name)
        return Leader("backbone", title, tuple(facts), more)
    return Leader("open", SENTENCES["open"], tuple(facts), more)


def photos_more(standings: Standings, best: Score, rival: Score) -> tuple[int | None, str]:
    """About how many photos more would decide between two, and the sentence that says so.

    At the level that Holm's correction asks of the smallest of all p-values, with a power of 80 %:
    see `photos_to_decide`. Rounded up to two digits.
    """
    pair = {best.model, rival.model}
    test = next(d for d in standings.differences if {d.first, d.second} == pair)
    names = {"first": model_name(best.model), "second": model_name(rival.model)}
    photos = min(best.photos, rival.photos)
    alpha = SIGNIFICANT / len(standings.differences)
    needed = photos_to_decide(test.only_first, test.only_second, photos, alpha)
    if needed is None:
        return None, SENTENCES["no_more"].format(**names)
    more = round_up(max(1, needed - photos))
    text = f"more than {MANY:,}" if more > MANY else f"{more:,}"
    return more, SENTENCES["more"].format(more=text, **names)


def round_up(number: int) -> int:
    """Round up to two digits: 1,234 becomes 1,300."""
    unit = 10 ** max(0, len(str(number)) - 2)
    return -(-number // unit) * unit


def published_lead(points: Mapping[Model, tuple[float, float, float]], photos: int) -> str:
    """What can be said of the lead in the published table, of which only accuracies are known.

    `points` are those of `published_points`, two at least.
    """
    first, second = sorted(points, key=lambda model: -points[model][0])[:2]
    ahead = round((points[first][0] - points[second][0]) * photos)
    return SENTENCES["published"].format(
        first=model_name(first), second=model_name(second), photos=ahead, all=f"{photos:,}"
    )


def exported() -> dict[str, Any]:
    """All words and numbers of the rules, for an edition that has the rules in another language."""
    return {
        "sentences": dict(SENTENCES),
        "numbers": list(NUMBERS),
        "most_names": MOST_NAMES,
        "many": MANY,
        "significant": SIGNIFICANT,
        # For `photos_to_decide`: for one pair of models, for two, … and for all pairs of twelve.
        "z_of_pairs": [-NormalDist().inv_cdf(SIGNIFICANT / pairs / 2) for pairs in range(1, 67)],
        "z_of_power": NormalDist().inv_cdf(POWER),
        "least": LEAST,
        "default_classes": list(DEFAULT_CLASSES),
        "backbones": {key: backbone.name for key, backbone in BACKBONES.items()},
        "variants": list(VARIANTS),
    }
