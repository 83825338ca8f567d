"""Runs a frozen Keras model over many photos, by the fastest engine that agrees with Keras.

On a CPU, LiteRT runs the same float32 graph several times faster than `predict`; converting takes
a while, which a few hundred photos repay. Elsewhere Keras itself is used.
"""

import os
from collections.abc import Callable

import keras
import numpy as np
from tqdm import tqdm

from train.network.bfloat16 import has_gpu
from train.quiet import quiet

Engine = Callable[[np.ndarray], list[np.ndarray]]
"""uint8[n, size, size, 3] to one float array for every output."""

WORTH_CONVERTING = 200
"""Photos from which on converting is quicker, measured with MobileNetV2 and DenseNet121."""
TOLERANCE = 0.01
"""Largest relative difference to Keras that is accepted, as ||a - b|| / ||b||."""


def frozen_engine(model: keras.Model, size: int, photos: int) -> Engine:
    """Choose the engine for so many photos of `size`."""
    if keras.backend.backend() != "tensorflow" or photos < WORTH_CONVERTING or has_gpu():
        return _keras_engine(model)
    fast = _litert_engine(model, size)
    probe = np.random.default_rng(0).integers(0, 256, (2, size, size, 3), dtype=np.uint8)
    # Called, not `predict`: two photos do not repay the compilation of a graph.
    expected = [np.asarray(output) for output in keras.tree.flatten(model(probe, training=False))]
    if not all(map(_agree, fast(probe), expected)):
        tqdm.write("LiteRT does not agree with Keras on this network; Keras is used.")
        return _keras_engine(model)
    return fast


def _agree(got: np.ndarray, expected: np.ndarray) -> bool:
    if got.shape != expected.shape:
        return False
    return bool(np.linalg.norm(got - expected) <= TOLERANCE * np.linalg.norm(expected))


def _keras_engine(model: keras.Model) -> Engine:
    def run(photos: np.ndarray) -> list[np.ndarray]:
        outputs = model.predict(photos, batch_size=32, verbose=0)
        return outputs if isinstance(outputs, list) else [outputs]

    return run


def _litert_engine(model: keras.Model, size: int) -> Engine:
    import tensorflow as tf
    from ai_edge_litert.interpreter import Interpreter
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    photo = tf.TensorSpec((1, size, size, 3), tf.uint8)
    with quiet():
        traced = tf.function(lambda photo: model(photo, training=False), input_signature=[photo])
        # With variables made constants here, converting takes a quarter of the time that it takes
        # by way of a SavedModel, which the serving artifact needs for its named outputs.
        constant = convert_variables_to_constants_v2(traced.get_concrete_function())
        converted = tf.lite.TFLiteConverter.from_concrete_functions([constant]).convert()
        interpreter = Interpreter(model_content=converted, num_threads=os.cpu_count())
        interpreter.allocate_tensors()
    (taken,) = [detail["index"] for detail in interpreter.get_input_details()]
    given = [detail["index"] for detail in interpreter.get_output_details()]

    def run(photos: np.ndarray) -> list[np.ndarray]:
        rows: list[list[np.ndarray]] = [[] for _ in given]
        for photo in photos:
            interpreter.set_tensor(taken, photo[np.newaxis])
            interpreter.invoke()
            for row, index in zip(rows, given, strict=True):
                row.append(interpreter.get_tensor(index))
        return [np.concatenate(row) for row in rows]

    return run
