"""Where one model fails: the classes it confuses most, and the photos it is most wrong about."""

from markupsafe import Markup

from flowers.backbones import Variant
from flowers.models.sentences import percent
from flowers.page.html import render
from flowers.weights.results import Metrics

MOST_MISTAKES = 5
"""Pairs and photos that are listed."""


def mistakes_html(metrics: Metrics, variant: Variant) -> Markup:
    """Both lists. Weights without `hardest` have the most probable wrong answers instead."""
    result = metrics.variants[variant]
    pairs = sorted(
        (
            (-photos, label, predicted)
            for label, row in zip(metrics.classes, result.confusion, strict=True)
            for predicted, photos in zip(metrics.classes, row, strict=True)
            if label != predicted and photos
        ),
    )[:MOST_MISTAKES]
    if result.hardest:
        title = "Test photos with the highest loss"
        photos = [
            f"{photo.photo}: {photo.label} gets {percent(photo.probability, 1)}"
            for photo in result.hardest[:MOST_MISTAKES]
        ]
    else:
        title = "Wrong with the highest probability"
        wrong = (o for o in result.predictions if o.label != o.predicted)
        photos = [
            f"{o.photo}: {o.predicted} gets {percent(o.probability, 1)}"
            for o in sorted(wrong, key=lambda o: (-o.probability, o.photo))[:MOST_MISTAKES]
        ]
    return render(
        "mistakes.html",
        pairs=[f"{true} predicted as {found}: {-photos}" for photos, true, found in pairs],
        title=title,
        photos=photos,
    )
