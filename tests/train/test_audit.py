"""Wrong labels are found by what classifiers that have not seen a photo say of it."""

import csv
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup

from flowers.errors import DatasetError
from flowers.folders.layout import read_folder
from tests.support.photos import SIZE, write_patterns
from train.audit import audit, check_folds, judge_labels, write_csv, write_sheet
from train.data.cache import PhotoCache
from train.data.dataset import Dataset, Photo, scan_dataset

CLASSES = ["daisy", "rose", "tulip"]


def photos_of(labels: list[int]) -> list[Photo]:
    return [
        Photo(f"{CLASSES[label]}/{i}.jpg", CLASSES[label], "train", i, f"{i:064x}")
        for i, label in enumerate(labels)
    ]


def test_of_labels_shuffled_at_random_most_are_among_the_first_tenth() -> None:
    """5 % of the labels are wrong; features of the classes overlap as those of real photos do."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, 1000)
    features = rng.normal(size=(3, 20))[true] * 0.7 + rng.normal(size=(1000, 20))
    wrong = rng.choice(1000, 50, replace=False)
    given = true.copy()
    given[wrong] = (true[wrong] + rng.integers(1, 3, 50)) % 3
    photos = photos_of(given.tolist())
    judged = judge_labels(features, photos, Dataset(Path(), CLASSES, photos, seed=0))
    assert len(judged) == 1000
    assert [photo.quality for photo in judged] == sorted(photo.quality for photo in judged)
    changed = {photos[i].file: CLASSES[true[i]] for i in wrong}
    first = judged[:100]
    found = [photo for photo in first if photo.file in changed]
    assert len(found) >= 0.7 * len(wrong)
    right = [changed[photo.file] == photo.suggested for photo in found]
    assert sum(right) >= 0.9 * len(found)
    assert sum(photo.suspected for photo in judged) < 200


def test_near_duplicates_do_not_vouch_for_one_another() -> None:
    """Ten copies of one photo in the wrong folder would otherwise look right to the other nine."""
    rng = np.random.default_rng(1)
    true = np.repeat([0, 1], 100)
    features = np.eye(8)[true] * 8 + rng.normal(size=(200, 8))
    features[:10] = features[0] + rng.normal(size=(10, 8)) * 0.01
    labels = true.copy()
    labels[:10] = 1
    photos = photos_of(labels.tolist())
    photos[:10] = [Photo(p.file, p.label, p.part, 0, p.sha256) for p in photos[:10]]
    judged = judge_labels(features, photos, Dataset(Path(), CLASSES[:2], photos, seed=0))
    assert {photo.file for photo in judged[:10]} == {photo.file for photo in photos[:10]}


def test_a_class_with_too_few_photos_is_one_sentence() -> None:
    photos = photos_of([0] * 20 + [1] * 4)
    with pytest.raises(DatasetError, match="needs 5 different photos of every class"):
        check_folds(photos, Dataset(Path(), CLASSES[:2], photos, seed=0))


def test_too_few_photos_are_told_before_a_base_is_asked_for(tmp_path: Path) -> None:
    """Its features may take many minutes."""
    folder = write_patterns(tmp_path / "photos", {"daisy": 8, "rose": 4})
    with pytest.raises(DatasetError, match="Received: 4 of rose"):
        audit(str(folder), tmp_path / "out", base=str(tmp_path / "missing"))


def test_the_csv_has_every_photo_and_the_sheet_the_suspected_ones(tmp_path: Path) -> None:
    folder = write_patterns(tmp_path / "photos", {"daisy": 8, "<b>rose": 8})
    cache = PhotoCache(tmp_path / "cache", SIZE)
    dataset = scan_dataset(read_folder(folder), cache)
    rng = np.random.default_rng(0)
    features = rng.normal(size=(16, 4)) + 4 * np.eye(4)[dataset.labels(dataset.photos)]
    features[0] *= -1
    judged = judge_labels(features, dataset.photos, dataset)
    write_csv(tmp_path / "audit.csv", judged)
    write_sheet(tmp_path / "audit.html", judged, {p.file: p.sha256 for p in dataset.photos}, cache)
    with (tmp_path / "audit.csv").open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    assert {row["file"] for row in rows} == {photo.file for photo in dataset.photos}
    page = BeautifulSoup((tmp_path / "audit.html").read_text(encoding="utf-8"), "html.parser")
    suspected = [row["file"] for row in rows if row["suspected"] == "True"]
    assert [image["alt"] for image in page.find_all("img")] == suspected
    assert len(suspected) >= 1
    assert all(image["src"].startswith("data:image/jpeg") for image in page.find_all("img"))
    assert page.find_all("b")
    assert all("<b>" not in tag.decode_contents() for tag in page("b"))
