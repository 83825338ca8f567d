"""Who reads labelled photos best, in words, and how sure that is.

A pure rule without HTML; its words stand in `sentences.py`. The edition without a server has it
once more in its own language; `tests/support/verdicts.json` holds examples that both must satisfy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from flowers.backbones import BACKBONES, Model, model_name
from flowers.models.compare import Score, Standings
from flowers.models.sentences import SENTENCES, counted, listed, percent
from flowers.stats import SIGNIFICANT, photos_to_decide

MANY = 100_000
"""Beyond that many photos the number says nothing but "very many"."""


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


def leader_of(standings: Standings) -> Leader:
    """Crown a winner only where tests say so: McNemar's, corrected by Holm for all pairs."""
    best = standings.best
    first = model_name(best.model)
    right = SENTENCES["right"].format(
        name=first,
        accuracy=percent(best.accuracy, 1),
        correct=f"{best.correct:,}",
        photos=counted(best.photos, "photo"),
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
    facts.append(photos_more(standings, best, rivals[0]))
    key = best.model[0]
    if all(s.model[0] == key for s in rivals) and len(others) > len(rivals):
        title = SENTENCES["winner_backbone"].format(name=BACKBONES[key].name)
        return Leader("backbone", title, tuple(facts))
    return Leader("open", SENTENCES["open"], tuple(facts))


def photos_more(standings: Standings, best: Score, rival: Score) -> str:
    """The sentence that says about how many photos more would decide between two.

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
        return SENTENCES["no_more"].format(**names)
    more = round_up(max(1, needed - photos))
    if more > MANY:
        return SENTENCES["far"].format(many=f"{MANY:,}", **names)
    return SENTENCES["more"].format(more=f"{more:,}", **names)


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
