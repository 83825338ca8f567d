"""Views of training photos: the same for every student, whether made anew or read from disk."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from train.data.views import FreshViews, KeptViews, LabelledRows

SIDE = 48


@pytest.fixture
def data() -> LabelledRows:
    photos = np.random.default_rng(0).integers(0, 256, (6, SIDE, SIDE, 3), dtype=np.uint8)
    return LabelledRows(photos, rows=np.array([4, 1, 3]), labels=np.array([0, 1, 2]), classes=3)


def test_a_view_depends_on_the_epoch_and_the_photo_and_on_nothing_else(data: LabelledRows) -> None:
    views = FreshViews(data)
    x, y = views.batch(2, np.array([0, 1, 2]), 32)
    alone, target = views.batch(2, np.array([1]), 32)
    np.testing.assert_array_equal(alone[0], x[1])
    np.testing.assert_array_equal(target[0], y[1])
    later, _ = views.batch(3, np.array([1]), 32)
    assert (later != alone).any()


def test_labels_are_smoothed_and_mixed_like_their_photos(data: LabelledRows) -> None:
    _, unmixed = FreshViews(data, mixup=0).batch(0, np.array([2]), 32)
    # 0.1 spread over three classes, 0.9 on the label.
    np.testing.assert_allclose(unmixed[0], [0.1 / 3, 0.1 / 3, 0.9 + 0.1 / 3], atol=1e-6)
    for epoch in range(5):
        _, mixed = FreshViews(data, mixup=1).batch(epoch, np.arange(3), 32)
        np.testing.assert_allclose(mixed.sum(axis=1), 1, atol=1e-6)
        # The photo's own share is the larger one, so its label stays on top.
        np.testing.assert_array_equal(mixed.argmax(axis=1), [0, 1, 2])


def test_the_teacher_sees_the_view_that_the_student_gets(data: LabelledRows) -> None:
    shown = []

    def teacher(view: np.ndarray) -> np.ndarray:
        shown.append(view)
        return np.array([0.2, 0.5, 0.3], np.float32)

    views = FreshViews(data, teacher=teacher, teacher_size=32)
    x, y = views.batch(0, np.array([0]), 32)
    np.testing.assert_array_equal(shown[0], x[0])
    np.testing.assert_allclose(y[0], [0.2, 0.5, 0.3])
    small, _ = views.batch(0, np.array([0]), 16)
    assert shown[1].shape == (32, 32, 3)
    assert small.shape == (1, 16, 16, 3)


def test_kept_views_are_made_once_and_come_again(data: LabelledRows, tmp_path: Path) -> None:
    asked = []

    def teacher(view: np.ndarray) -> np.ndarray:
        asked.append(view)
        return np.full(3, 1 / 3, np.float32)

    fresh = FreshViews(data, teacher=teacher, teacher_size=40, taught_by="a")
    kept = KeptViews(fresh, tmp_path, epochs=2, size=32)
    first = kept.batch(1, np.array([2, 0]), 32)
    assert len(asked) == 3
    again = KeptViews(fresh, tmp_path, epochs=2, size=32).batch(3, np.array([2, 0]), 32)
    assert len(asked) == 3
    for got, expected in zip(again, first, strict=True):
        np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(first[0], fresh.batch(1, np.array([2, 0]), 32)[0])


def test_views_kept_of_another_teacher_are_not_taken(data: LabelledRows, tmp_path: Path) -> None:
    def teacher(view: np.ndarray) -> np.ndarray:
        return np.array([1, 0, 0], np.float32)

    fresh = FreshViews(data, teacher=teacher, teacher_size=32, taught_by="a")
    KeptViews(fresh, tmp_path, size=32).batch(0, np.array([0]), 32)
    other = replace(fresh, teacher=lambda view: np.array([0, 1, 0], np.float32), taught_by="b")
    _, y = KeptViews(other, tmp_path, size=32).batch(0, np.array([0]), 32)
    np.testing.assert_array_equal(y[0], [0, 1, 0])


def test_half_made_views_are_made_anew(data: LabelledRows, tmp_path: Path) -> None:
    class StoppedError(Exception):
        pass

    def teacher(view: np.ndarray) -> np.ndarray:
        if stopping:
            raise StoppedError
        return np.array([1, 0, 0], np.float32)

    fresh = FreshViews(data, teacher=teacher, teacher_size=32)
    stopping = True
    with pytest.raises(StoppedError):
        KeptViews(fresh, tmp_path, size=32).batch(0, np.array([0]), 32)
    stopping = False
    _, y = KeptViews(fresh, tmp_path, size=32).batch(0, np.array([1]), 32)
    np.testing.assert_array_equal(y[0], [1, 0, 0])
