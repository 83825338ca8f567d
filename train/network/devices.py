"""One training on several devices: each takes its share of every batch, and all step as one.

By `tf.distribute.MirroredStrategy`, what Keras has for TensorFlow. Batches, views and their order
are made before the split, batch normalization does not learn, and loss and dropout are those of the
whole batch. So the same weights come out as on one device, but for rounding. The losses that are
shown count the shares of a batch alike, so they are off a little where its last batch is uneven.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from flowers.errors import UserError


def replicate(model: Any, inputs: Any, devices: int) -> tuple[Any, Any]:
    """A strategy on `devices`, and a copy on them of a classifier of `tails`.

    `inputs` are any that the classifier takes.

    The copy has the layout of the model, so that either can read weights that the other wrote.
    Raises `UserError` when there are fewer devices.
    """
    import tensorflow as tf

    chosen = devices_for_training(devices)
    # Between CPUs, what TensorFlow takes by itself packs the gradients of each in another order.
    on_cpu = tf.distribute.ReductionToOneDevice() if "CPU" in chosen[0] else None
    strategy = tf.distribute.MirroredStrategy(chosen, cross_device_ops=on_cpu)
    with strategy.scope():
        copy = model.copy()
        copy.head.dropout = SharedDropout(model.head.dropout.rate, name="dropout")
        copy(inputs)  # Builds it.
    copy.set_weights(model.get_weights())
    return strategy, copy


class WithoutEmptyShares(keras.utils.PyDataset):
    """Fills a batch that has fewer photos than there are devices; what is added has no label.

    Without a label a photo counts neither in the loss nor in the accuracy. Dropout of such a batch,
    which only the last one can be, is not that of one device.
    """

    def __init__(self, batches: keras.utils.PyDataset, devices: int):
        super().__init__(workers=batches.workers, max_queue_size=batches.max_queue_size)
        self.batches, self.devices = batches, devices

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int):
        inputs, labels = self.batches[index]
        missing = max(0, self.devices - len(labels))

        def fill(array: np.ndarray) -> np.ndarray:
            return np.concatenate([array, np.repeat(array[:1], missing, axis=0)])

        labels = np.pad(labels, [(0, missing), (0, 0)])
        return keras.tree.map_structure(fill, inputs), labels


def devices_for_training(devices: int) -> list[str]:
    """Names of so many devices, of all with 0. Raises `UserError` when there are fewer."""
    if keras.backend.backend() != "tensorflow":
        raise UserError("One training on several devices needs TensorFlow; leave out --devices.")
    import tensorflow as tf

    kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    there = [device.name for device in tf.config.list_logical_devices(kind)]
    if devices > len(there):
        raise UserError(
            f"TensorFlow has {len(there)} {kind} here; give --devices all or fewer. "
            f"Received: {devices}"
        )
    return there[: devices or None]


def _whole_batch(share: Any) -> tuple[Any, Any]:
    """Size of the batch of which each device has a share, and where this device's share begins."""
    import tensorflow as tf

    replica = tf.distribute.get_replica_context()
    if replica is None or replica.num_replicas_in_sync == 1:
        return share, 0
    # As a float, which every device can add.
    whole = tf.cast(replica.all_reduce("SUM", tf.cast(share, "float32")), "int32")
    devices = replica.num_replicas_in_sync
    return whole, replica.replica_id_in_sync_group * ((whole + devices - 1) // devices)


class SharedDropout(keras.layers.Dropout):
    """Drops what one device would drop of the whole batch: each takes its rows of one mask."""

    def call(self, inputs, training=False):
        if not training:
            return inputs
        share = ops.shape(inputs)[0]
        whole, begin = _whole_batch(share)
        mask = super().call(ops.ones((whole, inputs.shape[-1]), inputs.dtype), training=True)
        return inputs * mask[begin : begin + share]


class SharedLoss(keras.losses.CategoricalCrossentropy):
    """A device's share in the mean over the whole batch, so that the losses of all add up."""

    def __init__(self, label_smoothing: float):
        super().__init__(from_logits=True, label_smoothing=label_smoothing, reduction="sum")

    def call(self, y_true, y_pred):
        labelled = ops.sum(y_true, axis=-1)
        whole, _ = _whole_batch(ops.sum(labelled))
        return super().call(y_true, y_pred) * labelled / ops.cast(whole, y_pred.dtype)
