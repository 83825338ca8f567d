"""Photos and labels of one part of the split, as arrays."""

from dataclasses import dataclass

import numpy as np

from train.data.dataset import Dataset, Part
from train.data.decoded import DecodedPhotos


@dataclass(frozen=True)
class LabelledPhotos:
    """One part of the split."""

    files: list[str]
    photos: np.ndarray
    """uint8[n, size, size, 3]."""
    labels: np.ndarray
    """int64[n]."""

    @classmethod
    def load(cls, dataset: Dataset, cache: DecodedPhotos, part: Part) -> "LabelledPhotos":
        """Read a part from the photo cache."""
        members = dataset.part(part)
        photos, rows = cache.rows([photo.sha256 for photo in members])
        return cls([photo.file for photo in members], photos[rows], dataset.labels(members))
