"""A base that learns from labels or from a teacher's answers, views and all in one graph."""

import keras
from keras import ops

from train.network.graph import probabilities_in
from train.network.layers import DROPOUT
from train.network.views import as_photos, make_views, mixed, resized

TEACHER_SIZE = 176
"""Side of what the teacher sees, in pixels. Random crops enlarge by a fifth on average, so things
are as large in them as in the whole photos of 224 px that it was trained on (Touvron et al. 2019).
"""
STATISTICS_LEFT = 0.01
"""Share of batch normalization's statistics that is left of before, after an epoch."""


class SoftenedDivergence(keras.losses.Loss):
    """Kullback-Leibler divergence of softened probabilities (Hinton et al. 2015).

    Targets are probabilities, predictions logits, both float32[n, c]. At temperature 1 its gradient
    is that of the cross-entropy.
    """

    def __init__(self, temperature: float = 1.0, name: str = "divergence"):
        super().__init__(name=name)
        self.temperature = temperature

    def call(self, y_true, y_pred):
        logits = ops.log(ops.maximum(y_true, 1e-12)) / self.temperature
        expected, said = ops.log_softmax(logits), ops.log_softmax(y_pred / self.temperature)
        return self.temperature**2 * ops.sum(ops.exp(expected) * (expected - said), axis=-1)


class Student(keras.Model):
    """Photos uint8[b, n, n, 3] and their views float32[b, 9] to logits float32[b, classes].

    What is to be learned is one-hot, float32[b, classes]: smoothed and mixed as the views are, or
    left aside for what `teacher`, a graph of this project, says of the very same views (Beyer et
    al. 2022), the teacher at its size and the base at its own.
    """

    def __init__(
        self,
        base: keras.Model,
        classes: int,
        temperature: float = 1.0,
        smoothing: float = 0.1,
        teacher: keras.Model | None = None,
    ):
        super().__init__(dtype="float32")  # Under any policy: bfloat16 cannot tell places apart.
        self.base, self.teacher = base, teacher
        if teacher is not None:
            teacher.trainable = False
        self.pooling = keras.layers.GlobalAveragePooling2D(dtype="float32")
        self.dropout = keras.layers.Dropout(DROPOUT, dtype="float32")
        self.logits = keras.layers.Dense(classes, dtype="float32", name="logits")
        self.divergence = SoftenedDivergence(temperature)
        self.accuracy = keras.metrics.CategoricalAccuracy("accuracy")
        self.smoothing = smoothing

    def call(self, inputs, training=None):
        photos, drawn = inputs
        size = self.base.input_shape[1]
        teacher = self.teacher if training else None
        views = make_views(photos, drawn, size if teacher is None else TEACHER_SIZE)
        features = self.base(as_photos(resized(views, size)), training=training)
        logits = self.logits(self.dropout(self.pooling(features), training=training))
        if teacher is None:
            return {"logits": logits}
        answers = probabilities_in(teacher(as_photos(views), training=False)).values()
        return {"logits": logits, "taught": ops.stop_gradient(sum(answers) / len(answers))}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The divergence from what is to be learned; in validation, the log-loss of the labels."""
        if "taught" in y_pred:
            target = y_pred["taught"]
        elif training:
            target = mixed(y * (1.0 - self.smoothing) + self.smoothing / y.shape[-1], x[1])
        else:
            return ops.mean(ops.categorical_crossentropy(y, y_pred["logits"], from_logits=True))
        return self.divergence(target, y_pred["logits"])

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Whether the larger of two mixed photos is on top."""
        self.accuracy.update_state(y, y_pred["logits"])
        return self.get_metrics_result()


def forget_statistics_within(base: keras.Model, steps: int) -> None:
    """Make batch normalization's moving averages those of the last epoch, of `steps` steps."""
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = STATISTICS_LEFT ** (1 / steps)
