"""Every sentence of the verdicts, and how names, shares and counts are written in them.

In sentences, `**` stands around what is to stand out.
"""

from collections.abc import Mapping, Sequence

from flowers.backbones import DEFAULT_CLASSES
from flowers.models.consensus import NONE_OF_THESE

SENTENCES: Mapping[str, str] = {
    # One photo.
    "split": "Models are split: {names}",
    "none": "none of the {count} {noun}",
    "none_short": NONE_OF_THESE,
    "agree": "**{votes} of {models}** models say {name}",
    "alone": "**1 model** was asked",
    "mean": "**{probability}** mean calibrated probability",
    "vote": "**{votes} of {models}** models say **{name}**",
    "refuse": "**{votes} of {models}** models take it for none of these",
    "nearest": "nearest is **{name}** at **{probability}**",
    "p_known": "P(known) **{p_known}**, the mean of {models} models",
    "p_known_alone": "P(known) **{p_known}**",
    "rule": (
        "A photo is none of these when more than half of the models refuse it, each below its own "
        "threshold on P(known)."
    ),
    "only": "These models know only {names}.",
    # Labelled photos.
    "winner": "{name} reads best",
    "winner_backbone": "{name} reads best; its two variants cannot be told apart",
    "open": "No clear winner yet",
    "single": "{name} reads {accuracy} right",
    "right": "**{name}**: **{accuracy}** right, {correct} of {photos}",
    "interval": "95 % interval **{low}** to **{high}**",
    "beats_all": "really better than **all {others}** others",
    "beats_other": "**really better** than the other",
    "beats_some": "really better than **{beaten} of {others}** others",
    "tie": "as many right as **{names}**",
    "chance": "its lead over **{names}** may be chance",
    "more": (
        "about **{more} more** labelled photos would decide between {first} and {second}, if the "
        "difference stays as it is"
    ),
    "far": (
        "it would take **more than {many} more** labelled photos to decide between {first} and "
        "{second}, if the difference stays as it is"
    ),
    "no_more": "these photos do not say how many more would decide between {first} and {second}",
    "refusals": (
        "A photo with a class for a label counts as right when that class is nearest, even where "
        "the model refuses it. One labelled none of these is right only when it is refused, and "
        "counts neither in accuracies nor in tests."
    ),
    "two_real": "{name} reads better than {other}",
    "two_open": "No clear winner of these two",
    "two_only": "only **{name}** right: **{photos}**",
    "two_wrong": "both wrong: **{photos}**",
    "two_test": (
        "McNemar's exact test **p = {p}**, **{adjusted}** after Holm's correction for {pairs}"
    ),
    # The published study.
    "published": (
        "The study's best, {first}, is {photos} of {all} test photos ahead of {second}. What each "
        "model said of each photo was not published, so no test can tell whether that is chance."
    ),
}
"""Every sentence of the verdicts, with what is filled in between braces."""

NUMBERS = (
    *("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve"),
)

MOST_NAMES = 3
"""Names in one sentence; of more, the rest are counted."""


def percent(share: float, digits: int = 0) -> str:
    """A share for people: 0.934 becomes "93 %". Only a full 1 becomes "100 %"."""
    limit = 1 - 0.5 * 10 ** -(digits + 2)
    if limit <= share < 1:
        return f"> {100 - 10**-digits:.{digits}f}\u202f%"
    return f"{100 * share:.{digits}f}\u202f%"


def counted(number: int, noun: str) -> str:
    """1 photo, 1,234 photos."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def listed(names: Sequence[str], last: str) -> str:
    """Names in a row, `last` ("and", "or") before the last; the rest of many are counted."""
    shown = list(names)
    if len(shown) > MOST_NAMES:
        shown = [*names[: MOST_NAMES - 1], f"{len(names) - MOST_NAMES + 1} more"]
    return f" {last} ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def none_of(classes: Sequence[str]) -> str:
    """The plain words for a photo that is none of the classes."""
    count = NUMBERS[len(classes)] if len(classes) < len(NUMBERS) else str(len(classes))
    noun = "flowers" if set(classes) <= set(DEFAULT_CLASSES) else "classes"
    return SENTENCES["none"].format(count=count, noun=noun)


def knows_only(classes: Sequence[str]) -> str:
    """The sentence that says what the models can tell apart at all."""
    names = f" and {classes[-1]}".join([", ".join(classes[:-1]), ""]) if len(classes) > 1 else ""
    return SENTENCES["only"].format(names=names or classes[0])
