"""What a base learns from, and that its statistics are those of whole photos in the end."""

import keras
import numpy as np
import pytest

from train.data.pretraining import LabelledRows
from train.data.views import SHARE, draw_views, whole_views
from train.network.student import TEACHER_SIZE, Student, forget_statistics_within
from train.network.views import as_photos, make_views
from train.pretrain import ViewBatches
from train.recipe import PretrainRecipe

SIDE = 16


def small_base() -> keras.Model:
    photo = keras.Input((8, 8, 3), dtype="uint8")
    x = keras.layers.Rescaling(1.0)(photo)
    return keras.Model(photo, keras.layers.BatchNormalization()(x))


class Teacher(keras.Model):
    """Says of a view how bright it is."""

    def __init__(self, variants: list[str]):
        super().__init__()
        self.variants = variants

    def call(self, views, training=None):
        assert views.shape[1] == TEACHER_SIZE
        bright = keras.ops.mean(keras.ops.cast(views, "float32"), axis=(1, 2, 3)) / 255
        said = keras.ops.stack([bright, 1 - bright], axis=1)
        return {f"{variant}_probabilities": said for variant in self.variants}


@pytest.fixture
def data() -> LabelledRows:
    photos = np.random.default_rng(0).integers(0, 256, (9, SIDE, SIDE, 3), dtype=np.uint8)
    return LabelledRows(photos, np.arange(8), np.arange(8) % 2, 2)


def test_without_a_teacher_labels_are_smoothed_and_mixed_and_in_validation_plain() -> None:
    student = Student(small_base(), 2, smoothing=0.1)
    drawn = whole_views(2)
    drawn[0, SHARE] = 0.75
    labels = np.eye(2, dtype=np.float32)
    smoothed = np.array([[0.95, 0.05], [0.05, 0.95]])
    logits = np.log(np.stack([0.75 * smoothed[0] + 0.25 * smoothed[1], smoothed[1]]))
    said = {"logits": logits.astype(np.float32)}
    loss = float(student.compute_loss((None, drawn), labels, said, training=True))
    assert loss == pytest.approx(0, abs=1e-5)
    plain = float(student.compute_loss((None, drawn), labels, said, training=False))
    assert plain == pytest.approx(-np.diag(logits).mean(), rel=1e-4)


@pytest.mark.parametrize("variants", [["transfer", "finetuned"], ["transfer"]])
def test_the_teacher_is_asked_about_the_very_views_that_the_base_sees(
    data: LabelledRows, variants: list[str]
) -> None:
    student = Student(small_base(), 2, teacher=Teacher(variants))
    drawn = draw_views(8, np.random.default_rng(0))
    said = student((data.photos[:8], drawn), training=True)
    views = np.asarray(as_photos(make_views(data.photos[:8], drawn, TEACHER_SIZE)))
    np.testing.assert_allclose(
        np.asarray(said["taught"])[:, 0], views.mean(axis=(1, 2, 3)) / 255, rtol=1e-4
    )
    assert "taught" not in student((data.photos[:8], drawn), training=False)


def test_the_epoch_alone_decides_on_order_and_views(data: LabelledRows) -> None:
    recipe = PretrainRecipe(batch_size=4, epochs=2)
    one, other = ViewBatches(data, recipe), ViewBatches(data, recipe)
    one.start(1)
    (first, drawn), labels = one[0]
    other.start(0)
    other.start(1)
    for a, b in zip((first, drawn, labels), (*other[0][0], other[0][1]), strict=True):
        np.testing.assert_array_equal(a, b)
    other.start(0)
    assert (other[0][0][1] != drawn).any()


def test_the_last_epoch_learns_nothing_and_measures_statistics_on_whole_photos(
    data: LabelledRows,
) -> None:
    recipe = PretrainRecipe(batch_size=4, epochs=2, warmup_epochs=1)
    assert [recipe.rate(epoch) > 0 for epoch in range(3)] == [True, True, False]
    batches = ViewBatches(data, recipe)
    batches.start(2)
    np.testing.assert_array_equal(batches.drawn, whole_views(8))
    base = small_base()
    forget_statistics_within(base, 500)
    student = Student(base, 2)
    student.compile(keras.optimizers.AdamW(0.0))
    student(batches[0][0])
    before = [np.asarray(weight) for weight in student.trainable_variables]
    forget_statistics_within(base, 1)
    student.fit(batches, epochs=2, shuffle=False, verbose=0)
    for weight, was in zip(student.trainable_variables, before, strict=True):
        np.testing.assert_array_equal(np.asarray(weight), was)
    expected = data.photos[:8].mean(axis=(0, 1, 2))
    (normalization,) = (layer for layer in base.layers if hasattr(layer, "moving_mean"))
    np.testing.assert_allclose(np.asarray(normalization.moving_mean), expected, rtol=0.1)
