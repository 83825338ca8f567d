"""Large float constants of an artifact kept in half precision: half the bytes, the same work."""

import flatbuffers
import numpy as np

SMALLEST = 16_384
"""Constants of fewer bytes than this stay as they are: there is nothing to gain."""


def halve_constants(artifact: bytes) -> bytes:
    """Store large float32 constants of a LiteRT artifact as float16.

    A DEQUANTIZE in front of each makes float32 of it again, once, when the artifact is loaded. So
    nothing is computed in half precision, and a weight is off by 1/2048 of itself at most. What
    int8 left in float, heads and centroids above all, is a tenth of an artifact and more.
    """
    # Private: TensorFlow gives no other way to read and write what its converter has written.
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(artifact, 0))
    (graph,) = model.subgraphs
    operation = _dequantize(model, schema)
    unpacked = []
    for number in range(len(graph.tensors)):
        tensor = graph.tensors[number]
        data = model.buffers[tensor.buffer].data
        if tensor.type != schema.TensorType.FLOAT32 or data is None or len(data) < SMALLEST:
            continue
        half = schema.TensorT()
        half.name, half.shape = tensor.name + b"_half", tensor.shape
        half.type, half.buffer = schema.TensorType.FLOAT16, len(model.buffers)
        buffer = schema.BufferT()
        values = np.frombuffer(bytes(data), "<f4").astype("<f2")
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        model.buffers.append(buffer)
        tensor.buffer = 0  # The empty one: from now on the tensor is computed.
        unpack = schema.OperatorT()
        unpack.opcodeIndex = operation
        unpack.inputs, unpack.outputs = [len(graph.tensors)], [number]
        graph.tensors.append(half)
        unpacked.append(unpack)
    graph.operators = unpacked + graph.operators
    _drop_unused(model)
    builder = flatbuffers.Builder(len(artifact))
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _dequantize(model, schema) -> int:
    """The index of the operation in `model`, which gets it if it has none."""
    wanted = schema.BuiltinOperator.DEQUANTIZE
    for index, code in enumerate(model.operatorCodes):
        if code.builtinCode == wanted:
            code.version = max(code.version, 3)  # The first that reads float16.
            return index
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = wanted
    code.version = 3
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def _drop_unused(model) -> None:
    """Empty the buffers that no tensor holds any more; their indices stay."""
    held = {tensor.buffer for graph in model.subgraphs for tensor in graph.tensors}
    held |= {entry.buffer for entry in model.metadata or []}
    for index, buffer in enumerate(model.buffers):
        if index not in held:
            buffer.data = None
