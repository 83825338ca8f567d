"""Lists photos that probably lie in the wrong class folder: `python -m train audit --data DIR`.

Every photo is judged by classifiers that have not seen it, nor a near-duplicate of it, on features
of a frozen base. Which of their doubts are wrong labels is decided by confident learning (Northcutt
et al. 2021), by cleanlab.
"""

import base64
import csv
import io
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from jinja2 import Environment
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

from flowers.backbones import BACKBONES, IMAGE_SIZE
from flowers.errors import DatasetError
from flowers.files import whole_file, write_text
from train.data.cache import PhotoCache
from train.data.dataset import Dataset, Photo, scan_dataset
from train.data.sources import open_source
from train.data.split import PARTS
from train.network.base import build_network_on, find_base, hash_weights
from train.network.features import compute_features
from train.work import WORK, only_run

CSV = "audit.csv"
SHEET = "audit.html"
FOLDS = 5
MOST_SHOWN = 500
"""Photos on the sheet; the CSV file has all."""
SHEET_THUMBNAIL = 160
"""Pixels of a side."""


@dataclass(frozen=True)
class Judged:
    """A photo and what classifiers that have not seen it make of its label."""

    file: str
    """Path below the data folder."""
    label: str
    suggested: str
    """The most probable class."""
    quality: float
    """Probability of the label, 0 to 1."""
    suspected: bool
    """Whether the label is probably wrong."""


def audit(data: str, out: Path, base: str = "imagenet", backbone: str = "mobilenetv2") -> None:
    """Write `audit.csv`, worst labels first, and a sheet of suspected photos, `audit.html`.

    Raises `DatasetError`, `WeightsError` and OSError.
    """
    photos = open_source(data, out / WORK / "data", leave=[out])
    with only_run(out / WORK):
        cache = PhotoCache(out / WORK / "photos", IMAGE_SIZE)
        dataset = scan_dataset(photos, cache)
        print(dataset.table())
        members = [photo for part in PARTS for photo in dataset.part(part)]
        check_folds(members, dataset)
        path, _ = find_base(BACKBONES[backbone], base)
        network = build_network_on(BACKBONES[backbone], dataset.classes, path, IMAGE_SIZE)
        features = compute_features(
            network,
            hash_weights(network),
            dataset,
            cache,
            out / WORK / "audit",
            views=1,
            seed=dataset.seed,
            crossing=False,
        )
        judged = judge_labels(features.pooled, members, dataset)
        write_csv(out / CSV, judged)
        write_sheet(out / SHEET, judged, {photo.file: photo.sha256 for photo in members}, cache)
    suspected = sum(photo.suspected for photo in judged)
    print(f"{suspected} of {len(judged)} labels are suspected to be wrong.")
    print(f"All photos, worst labels first: {out / CSV}\nThe suspected ones: {out / SHEET}")


def check_folds(photos: list[Photo], dataset: Dataset) -> None:
    """Raise `DatasetError` where a class has too few photos to be judged by others."""
    for label in dataset.classes:
        different = len({photo.group for photo in photos if photo.label == label})
        if different < FOLDS:
            raise DatasetError(
                f"An audit needs {FOLDS} different photos of every class; add photos or remove "
                f"the folder. Received: {different} of {label}"
            )


def judge_labels(features: np.ndarray, photos: list[Photo], dataset: Dataset) -> list[Judged]:
    """Rank photos, worst labels first, by features float32[n, k] of them; see `check_folds`."""
    labels = dataset.labels(photos)
    groups = np.array([photo.group for photo in photos])
    classifier = make_pipeline(Normalizer(), LogisticRegression(C=10, tol=1e-3, max_iter=300))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=dataset.seed)
    probabilities = cross_val_predict(
        classifier, features, labels, groups=groups, cv=folds, method="predict_proba"
    )
    quality = get_label_quality_scores(labels, probabilities)
    suspected = find_label_issues(labels, probabilities)
    return [
        Judged(
            file=photos[i].file,
            label=photos[i].label,
            suggested=dataset.classes[int(probabilities[i].argmax())],
            quality=float(quality[i]),
            suspected=bool(suspected[i]),
        )
        for i in np.argsort(quality, kind="stable")
    ]


def write_csv(path: Path, judged: list[Judged]) -> None:
    """Write one row per photo, whole or not at all. Raises OSError."""
    columns = [field.name for field in fields(Judged)]
    with whole_file(path) as partial, partial.open("w", newline="", encoding="utf-8") as text:
        writer = csv.writer(text)
        writer.writerow(columns)
        for photo in judged:
            writer.writerow(
                [photo.file, photo.label, photo.suggested, f"{photo.quality:.4f}", photo.suspected]
            )


def write_sheet(
    path: Path, judged: list[Judged], sha256_of: dict[str, str], cache: PhotoCache
) -> None:
    """Write thumbnails of the suspected photos into one HTML file. Raises OSError."""
    suspected = [photo for photo in judged if photo.suspected]
    shown = [(photo, _thumbnail(cache, sha256_of[photo.file])) for photo in suspected[:MOST_SHOWN]]
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        AUDIT_SHEET
    )
    write_text(path, template.render(shown=shown, suspected=len(suspected), photos=len(judged)))


def _thumbnail(cache: PhotoCache, sha256: str) -> str:
    image = cache.image(sha256)
    image.thumbnail((SHEET_THUMBNAIL, SHEET_THUMBNAIL))
    content = io.BytesIO()
    image.save(content, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode()}"


AUDIT_SHEET = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Suspected labels</title>
<style>
body { font-family: system-ui, sans-serif; margin: 2rem; color-scheme: light dark }
ol { display: flex; flex-wrap: wrap; gap: 1rem; padding: 0; list-style: none }
li { width: 160px; overflow-wrap: anywhere; font-size: .85rem }
img { width: 160px; height: 160px; display: block }
</style>
</head>
<body>
<h1>Suspected labels</h1>
<p>{{ suspected }} of {{ photos }} photos probably lie in the wrong class folder. The worst come
first{% if shown | length < suspected %}; {{ shown | length }} are shown{% endif %}.</p>
<ol>
{% for photo, thumbnail in shown %}
<li><img src="{{ thumbnail }}" alt="{{ photo.file }}"><b>{{ photo.label }}</b>, rather
{{ photo.suggested }}? ({{ "%.0f" | format(100 * photo.quality) }} % {{ photo.label }})<br>
{{ photo.file }}</li>
{% endfor %}
</ol>
</body>
</html>
"""
