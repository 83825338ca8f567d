"""What the published study reported: `published.json`.

Of another type than what was measured here, so that no chart mixes them unnoticed.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from flowers.backbones import BACKBONES, Variant
from flowers.weights.folder import PUBLISHED, Schema, Share
from flowers.weights.results import Count, Photos, read_result


class PublishedResult(Schema):
    """One row of the published study: percent and two-digit shares, as printed there."""

    accuracy_percent: Annotated[float, Field(ge=0, le=100)]
    precision: Share
    recall: Share
    f1: Share


class Published(Schema):
    """`published.json`."""

    schema_version: Literal[1] = 1
    title: str
    test_photos: Photos
    train_photos: Count
    validation_photos: Count
    note: str
    results: Annotated[
        dict[str, Annotated[dict[Variant, PublishedResult], Field(min_length=1)]],
        Field(min_length=1),
    ]

    @model_validator(mode="after")
    def _check(self) -> "Published":
        if not set(self.results) <= set(BACKBONES):
            raise ValueError(f"results are of {', '.join(BACKBONES)}")
        return self


def read_published(root: Path) -> Published:
    """Read `published.json` of a weights folder. Raises `WeightsError`."""
    return read_result(root, PUBLISHED, Published)
