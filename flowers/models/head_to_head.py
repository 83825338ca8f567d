"""Two models on the same labelled photos: what only one of them reads right, and their test."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from flowers.backbones import Model, model_name
from flowers.models.compare import Difference, Reading, Standings
from flowers.models.leader import photos_more
from flowers.models.sentences import SENTENCES, counted
from flowers.stats import SIGNIFICANT


@dataclass(frozen=True)
class HeadToHead:
    """Two models side by side; photos are places in the batch."""

    first: Model
    second: Model
    only_first: list[int]
    only_second: list[int]
    look: Literal["winner", "open"]
    title: str
    facts: tuple[str, ...]


def head_to_head(
    readings: Sequence[Reading], standings: Standings, first: Model, second: Model
) -> HeadToHead:
    """Compare two of the models that were judged on the photos with a class for a label.

    The test and its correction are those among all models of the batch, so that a pair picked by
    its looks is not tested anew.
    """
    only: tuple[list[int], list[int]] = ([], [])
    wrong = 0
    for number, reading in enumerate(readings):
        said = reading.by_model
        if not reading.shows_class or not {first, second} <= said.keys():
            continue
        right = [said[model].label == reading.label for model in (first, second)]
        if right[0] != right[1]:
            only[right[1]].append(number)
        wrong += not any(right)
    test = next(d for d in standings.differences if {d.first, d.second} == {first, second})
    names = model_name(first), model_name(second)
    facts = [
        SENTENCES["two_only"].format(name=name, photos=counted(len(photos), "photo"))
        for name, photos in zip(names, only, strict=True)
    ]
    facts.append(SENTENCES["two_wrong"].format(photos=counted(wrong, "photo")))
    facts.append(tested(test, len(standings.differences)))
    look: Literal["winner", "open"] = "winner" if test.adjusted < SIGNIFICANT else "open"
    if look == "winner":
        better, other = names if len(only[0]) > len(only[1]) else names[::-1]
        title = SENTENCES["two_real"].format(name=better, other=other)
    else:
        title = SENTENCES["two_open"]
        scores = {score.model: score for score in standings.scores}
        facts.append(photos_more(standings, scores[first], scores[second]))
    return HeadToHead(first, second, *only, look, title, tuple(facts))


def tested(test: Difference, pairs: int) -> str:
    """What the test between two models came to, among that many pairs."""
    p, adjusted = (f"{value:.2g}" for value in (test.p_value, test.adjusted))
    return SENTENCES["two_test"].format(p=p, adjusted=adjusted, pairs=counted(pairs, "pair"))
