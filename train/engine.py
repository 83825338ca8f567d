"""Runs a frozen Keras model over many photos, by the fastest engine that agrees with Keras.

On a CPU, LiteRT runs the same float32 graph several times faster than `predict`; converting takes
a while, which a few hundred photos repay. Elsewhere Keras itself is used.
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from train.mixed import has_gpu

Engine = Callable[[np.ndarray], list[np.ndarray]]
"""uint8[n, size, size, 3] to one float array for every output."""

WORTH_CONVERTING = 400
"""Photos from which on converting is quicker, measured with MobileNetV2 and DenseNet121."""
TOLERANCE = 0.01
"""Largest relative difference to Keras that is accepted, as ||a - b|| / ||b||."""


def frozen_engine(model: keras.Model, size: int, photos: int) -> Engine:
    """Choose the engine for so many photos of `size`."""
    slow = _keras_engine(model)
    if keras.backend.backend() != "tensorflow" or photos < WORTH_CONVERTING or has_gpu():
        return slow
    fast = _litert_engine(model)
    probe = np.random.default_rng(0).integers(0, 256, (2, size, size, 3), dtype=np.uint8)
    for got, expected in zip(fast(probe), slow(probe), strict=True):
        if np.linalg.norm(got - expected) > TOLERANCE * np.linalg.norm(expected):
            tqdm.write("LiteRT does not agree with Keras on this network; Keras is used.")
            return slow
    return fast


def _keras_engine(model: keras.Model) -> Engine:
    def run(photos: np.ndarray) -> list[np.ndarray]:
        outputs = model.predict(photos, batch_size=32, verbose=0)
        return outputs if isinstance(outputs, list) else [outputs]

    return run


def _litert_engine(model: keras.Model) -> Engine:
    from ai_edge_litert.interpreter import Interpreter

    from train.export import export_artifact

    names = [f"output_{i}" for i in range(len(model.outputs))]
    named = keras.Model(model.inputs[0], dict(zip(names, model.outputs, strict=True)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frozen.tflite"
        export_artifact(named, path, "float32", np.empty(0))
        interpreter = Interpreter(model_content=path.read_bytes(), num_threads=os.cpu_count())
    runner = interpreter.get_signature_runner()

    def run(photos: np.ndarray) -> list[np.ndarray]:
        rows = [runner(photo=photo[np.newaxis]) for photo in photos]
        return [np.concatenate([row[name] for row in rows]) for name in names]

    return run
