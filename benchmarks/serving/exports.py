"""The fused graph for other engines: ONNX Runtime and OpenVINO, float32 and int8.

OpenVINO reads the ONNX file, so both run the very same graph. The heads stay in float here too, as
in this project's int8 artifact. Tools of others are imported where they are used, since each may be
missing.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np

from benchmarks.serving.files import Made
from flowers.files import whole_file

QUANTIZED = ["Add", "AveragePool", "Clip", "Concat", "Conv", "GlobalAveragePool", "MaxPool", "Relu"]
"""ONNX operations in eight bits: all but the heads' matrix products and the softmax."""
FLOAT_IN_OPENVINO = ["MatMul", "Softmax"]


def export(kind: str, made: Made, graph: keras.Model, sample: np.ndarray) -> None:
    """Write the files of a kind, whole or not at all. Raises whatever the tools raise.

    `sample` is uint8[n, size, size, 3], for the ranges of activations in int8.
    """
    if kind != "onnx-float32" and not made.has("onnx-float32"):
        export("onnx-float32", made, graph, sample)
    EXPORTS[kind](made, graph, sample)


def _onnx(made: Made, graph: keras.Model, sample: np.ndarray) -> None:
    photo = keras.InputSpec("uint8", (1, *sample.shape[1:]), name="photo")
    with whole_file(made.onnx("float32")) as partial:
        graph.export(str(partial), format="onnx", verbose=False, input_signature=[photo])


def _onnx_int8(made: Made, graph: keras.Model, sample: np.ndarray) -> None:
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Photos(CalibrationDataReader):
        def __init__(self) -> None:
            self.rest: Iterator[np.ndarray] = iter(sample)

        def get_next(self) -> dict[str, np.ndarray] | None:
            photo = next(self.rest, None)
            return None if photo is None else {"photo": photo[np.newaxis]}

    with tempfile.TemporaryDirectory() as folder, whole_file(made.onnx("int8")) as partial:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(made.onnx("float32")), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared),
            str(partial),
            Photos(),
            op_types_to_quantize=QUANTIZED,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )


def _openvino(made: Made, graph: keras.Model, sample: np.ndarray) -> None:
    import openvino

    model = openvino.convert_model(made.onnx("float32"))
    _save_openvino(model, made.openvino("float32"))


def _openvino_int8(made: Made, graph: keras.Model, sample: np.ndarray) -> None:
    import nncf
    import openvino

    model = openvino.convert_model(made.onnx("float32"))
    quantized = nncf.quantize(
        model,
        nncf.Dataset([photo[np.newaxis] for photo in sample]),
        subset_size=len(sample),
        ignored_scope=nncf.IgnoredScope(types=FLOAT_IN_OPENVINO),
    )
    _save_openvino(quantized, made.openvino("int8"))


def _save_openvino(model, path: Path) -> None:
    import openvino

    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        partial = Path(folder) / path.name
        openvino.save_model(model, partial, compress_to_fp16=False)
        partial.with_suffix(".bin").replace(path.with_suffix(".bin"))
        partial.replace(path)


EXPORTS = {
    "onnx-float32": _onnx,
    "onnx-int8": _onnx_int8,
    "openvino-float32": _openvino,
    "openvino-int8": _openvino_int8,
}
