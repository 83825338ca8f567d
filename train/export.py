"""From the Keras graph to the serving artifact. The one place that needs TensorFlow."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np

from flowers.files import whole_file
from flowers.weights import Precision
from train.quiet import quiet

FLOAT_OPERATIONS = ["FULLY_CONNECTED", "SOFTMAX"]
"""Left in float in an int8 artifact: the heads. Eight bits would round probabilities to 1/256, and
the heads are under 1 % of the work."""


def export_artifact(
    graph: keras.Model, path: Path, precision: Precision, calibration: np.ndarray
) -> None:
    """Convert the graph to LiteRT at `path`, whole or not at all.

    `calibration` is uint8[n, size, size, 3]: photos from which int8 conversion learns the range
    of every activation; a hundred or more from all classes.
    """
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder, quiet():
        archive = keras.export.ExportArchive()
        archive.track(graph)
        archive.add_endpoint(
            "serve",
            lambda photo: graph(photo, training=False),
            input_signature=[
                tf.TensorSpec((1, *graph.inputs[0].shape[1:]), tf.uint8, name="photo")
            ],
        )
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if precision != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if precision == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if precision == "int8":
            data = _representative(calibration)
            converter.representative_dataset = data
            options = tf.lite.experimental.QuantizationDebugOptions(denylisted_ops=FLOAT_OPERATIONS)
            debugger = tf.lite.experimental.QuantizationDebugger(
                converter=converter, debug_dataset=data, debug_options=options
            )
            artifact = debugger.get_nondebug_quantized_model()
        else:
            artifact = converter.convert()
    with whole_file(path) as partial:
        partial.write_bytes(artifact)


def _representative(calibration: np.ndarray):
    def photos() -> Iterator[list[np.ndarray]]:
        for photo in calibration:
            yield [photo[np.newaxis]]

    return photos
