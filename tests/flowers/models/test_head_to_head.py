"""Two models on the same labelled photos, on predictions that are written out."""

from flowers.models.compare import Reading, judge
from flowers.models.consensus import NONE_OF_THESE
from flowers.models.head_to_head import HeadToHead, head_to_head
from tests.support.predictions import says

A, B = ("vgg16", "transfer"), ("vgg16", "finetuned")


def photos(right: list[tuple[bool, bool]]) -> list[Reading]:
    """Roses that the two models read right or not."""
    return [
        Reading(str(i), "rose", (says(1 - a, a, 0), says(1 - b, b, 0, variant="finetuned")))
        for i, (a, b) in enumerate(right)
    ]


def compared(right: list[tuple[bool, bool]], *more: Reading) -> HeadToHead:
    readings = [*more, *photos(right)]
    verdict = judge(readings)
    assert verdict is not None
    return head_to_head(readings, verdict, A, B)


def test_six_photos_to_none_are_more_than_chance() -> None:
    found = compared([(True, False)] * 6 + [(True, True), (False, False)])
    assert (found.only_first, found.only_second) == ([0, 1, 2, 3, 4, 5], [])
    assert found.title == "VGG16 transfer reads better than VGG16 finetuned"
    assert found.facts == (
        "only **VGG16 transfer** right: **6 photos**",
        "only **VGG16 finetuned** right: **0 photos**",
        "both wrong: **1 photo**",
        # 2 / 2⁶.
        "McNemar's exact test **p = 0.031**, **0.031** after Holm's correction for 1 pair",
    )


def test_without_a_real_difference_it_says_how_many_more_photos_would_decide() -> None:
    stranger = Reading("stranger", NONE_OF_THESE, (says(1, 0, 0), says(0, 1, 0)))
    found = compared([(False, True), (True, False), (False, True)], stranger)
    # Places in the batch, whose first photo counts for neither.
    assert (found.only_first, found.only_second) == ([2], [1, 3])
    assert found.title == "No clear winner of these two"
    assert "would decide between VGG16 transfer and VGG16 finetuned" in found.facts[-1]
