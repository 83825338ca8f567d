"""From the Keras graph to the serving artifact. The one place that needs TensorFlow."""

import csv
import io
import tempfile
from collections.abc import Iterator

import keras
import numpy as np

from flowers.weights.folder import Precision
from train.artifact.half import halve_constants
from train.quiet import quiet

FLOAT_OPERATIONS = [
    "FULLY_CONNECTED",
    "SOFTMAX",
    "STRIDED_SLICE",
    "SUM",
    "REDUCE_MAX",
    "MAXIMUM",
    "SQUARE",
    "SQRT",
    "DIV",
]
"""Left in float in an int8 artifact: the heads, and what they say of a photo of none of the
classes. Eight bits would round probabilities to 1/256, and the heads are under 1 % of the work."""
ROUGH = 0.4
"""Error of a layer, in steps of its output, from which on eight bits do not fit it. Rounding alone
makes 0.29; the convolutions that fine-tuning changed most reach 0.5 to 1.4."""
PROBE_PHOTOS = 20


def artifacts(graph: keras.Model, precision: Precision, calibration: np.ndarray) -> Iterator[bytes]:
    """Yield LiteRT artifacts of one precision, each nearer to the graph than the one before.

    Of int8 there are up to three: only the heads in float; layers that eight bits do not fit, too;
    weights alone in eight bits, with all activations in float. InceptionResNetV2 loses 20 points
    with either of the first two and nothing with the last. What the first two have in float is
    stored in sixteen bits and computed in 32. Of the other precisions there is one.

    `calibration` is uint8[n, size, size, 3]: photos from which int8 conversion learns the range
    of every activation; a hundred or more from all classes.
    """
    with tempfile.TemporaryDirectory() as folder:
        with quiet():
            _save_model(graph, folder)
        if precision == "int8":
            yield from map(halve_constants, _int8_artifacts(folder, calibration))
        with quiet():  # Without photos to learn ranges from, eight bits are for weights alone.
            artifact = _converter(folder, precision).convert()
        yield artifact


def _converter(folder: str, precision: Precision):
    """What turns the SavedModel in `folder` into artifacts."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(folder)
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    return converter


def _save_model(graph: keras.Model, folder: str) -> None:
    """Write a SavedModel as the converter reads it.

    It is half the work of `keras.export.ExportArchive`, which looks for resources through every
    layer.
    """
    import tensorflow as tf

    photo = tf.TensorSpec((1, *graph.inputs[0].shape[1:]), tf.uint8, name="photo")
    module = tf.Module()
    module.kept = [variable.value for variable in graph.variables]
    serve = tf.function(
        lambda photo: graph(photo, training=False), input_signature=[photo], autograph=False
    )
    tf.saved_model.save(module, folder, signatures=serve)


def _int8_artifacts(folder: str, calibration: np.ndarray) -> Iterator[bytes]:
    """Artifacts that compute in eight bits, but for the heads and layers that these do not fit."""
    import tensorflow as tf

    experimental = tf.lite.experimental  # Which cannot be imported from.
    with quiet():
        converter = _converter(folder, "int8")
        converter.representative_dataset = _representative(calibration)
        debugger = experimental.QuantizationDebugger(
            converter=converter,
            debug_dataset=_representative(calibration[:: -(-len(calibration) // PROBE_PHOTOS)]),
            debug_options=experimental.QuantizationDebugOptions(denylisted_ops=FLOAT_OPERATIONS),
        )
        artifact = debugger.get_nondebug_quantized_model()
    yield artifact
    with quiet():
        debugger.run()
        table = io.StringIO()
        debugger.layer_statistics_dump(table)
    layers = list(csv.DictReader(io.StringIO(table.getvalue())))
    rough = {layer["tensor_name"] for layer in layers if _steps_off(layer) > ROUGH}
    if not rough:
        return
    with quiet():
        debugger.options = experimental.QuantizationDebugOptions(
            denylisted_ops=FLOAT_OPERATIONS, denylisted_nodes=sorted(rough)
        )
        artifact = debugger.get_nondebug_quantized_model()
    yield artifact


def _steps_off(layer: dict[str, str]) -> float:
    """Root mean square error of a layer's output, in steps of its quantization."""
    return float(layer["mean_squared_error"]) ** 0.5 / float(layer["scale"])


def _representative(calibration: np.ndarray):
    def photos() -> Iterator[list[np.ndarray]]:
        for photo in calibration:
            yield [photo[np.newaxis]]

    return photos
