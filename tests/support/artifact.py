"""Artifacts that LiteRT really runs, made in milliseconds and without TensorFlow.

A photo's mean colour decides: the class whose colour is nearest is on top. The inputs and outputs
are those of artifacts that `fit` exports, so everything that serves can be tested on them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as tfl

from flowers.backbones import BACKBONES, FOCUS, KNOWN, PROBABILITIES, VARIANTS, Variant
from flowers.files import write_text
from flowers.weights.folder import (
    ARTIFACT,
    METRICS,
    BaseSource,
    Config,
    VariantSettings,
    record_of,
    write_config,
)
from tests.support.folders import CLASSES, make_metrics
from tests.support.photos import COLOURS

SIZE = 32
CELLS = 4
"""Width and height of a focus map."""
SHARPNESS = {"transfer": 20.0, "finetuned": 40.0}
"""How sure each variant is: the softmax is of that times minus the squared distance of colours."""


class _Graph:
    """A LiteRT graph of a few operators."""

    def __init__(self) -> None:
        self.model = tfl.ModelT()
        self.model.version = 3
        self.model.buffers = [tfl.BufferT()]
        self.model.operatorCodes = []
        self.graph = tfl.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.graph.inputs, self.graph.outputs = [], []
        self.model.subgraphs = [self.graph]

    def tensor(
        self, shape: Sequence[int], kind: int = tfl.TensorType.FLOAT32, data: object = None
    ) -> int:
        made = tfl.TensorT()
        made.shape, made.type, made.buffer = list(shape), kind, 0
        made.name = f"t{len(self.graph.tensors)}".encode()
        if data is not None:
            buffer = tfl.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            made.buffer = len(self.model.buffers)
            self.model.buffers.append(buffer)
        self.graph.tensors.append(made)
        return len(self.graph.tensors) - 1

    def floats(self, values: object) -> int:
        array = np.asarray(values, np.float32)
        return self.tensor(array.shape, data=array)

    def operator(
        self,
        code: int,
        inputs: Sequence[int],
        shape: Sequence[int],
        options: object = None,
        options_type: int = 0,
    ) -> int:
        kind = tfl.OperatorCodeT()
        kind.builtinCode, kind.deprecatedBuiltinCode, kind.version = code, min(code, 127), 1
        made = tfl.OperatorT()
        made.opcodeIndex = len(self.model.operatorCodes)
        self.model.operatorCodes.append(kind)
        output = self.tensor(shape)
        made.inputs, made.outputs = list(inputs), [output]
        made.builtinOptions, made.builtinOptionsType = options, options_type
        self.graph.operators.append(made)
        return output

    def write(self, path: Path, photo: int, outputs: Mapping[str, int]) -> None:
        self.graph.inputs, self.graph.outputs = [photo], list(outputs.values())
        signature = tfl.SignatureDefT()
        signature.signatureKey = b"serving_default"
        signature.subgraphIndex = 0
        signature.inputs = [_named("photo", photo)]
        signature.outputs = [_named(name, index) for name, index in outputs.items()]
        self.model.signatureDefs = [signature]
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        path.write_bytes(bytes(builder.Output()))


def _named(name: str, index: int) -> tfl.TensorMapT:
    made = tfl.TensorMapT()
    made.name, made.tensorIndex = name.encode(), index
    return made


def write_artifact(
    path: Path,
    classes: Sequence[str] = tuple(COLOURS),
    variants: Sequence[Variant] = VARIANTS,
    known: bool = False,
    size: int = SIZE,
    shift: int = 0,
) -> None:
    """Write an artifact that tells `classes` by their `COLOURS`.

    With `shift`, each colour is given to the class so many places on: a model that is wrong. The
    score of `<variant>_known` is the mean of the three channels, 0 to 1.
    """
    names, b = tfl.BuiltinOperator, tfl.BuiltinOptions
    graph = _Graph()
    photo = graph.tensor([1, size, size, 3], tfl.TensorType.UINT8)
    cast = tfl.CastOptionsT()
    cast.inDataType, cast.outDataType = tfl.TensorType.UINT8, tfl.TensorType.FLOAT32
    pixels = graph.operator(names.CAST, [photo], [1, size, size, 3], cast, b.CastOptions)
    pool = tfl.Pool2DOptionsT()
    pool.padding = tfl.Padding.VALID
    pool.strideW = pool.strideH = pool.filterWidth = pool.filterHeight = size // CELLS
    cells = graph.operator(
        names.AVERAGE_POOL_2D, [pixels], [1, CELLS, CELLS, 3], pool, b.Pool2DOptions
    )
    axes = graph.tensor([2], tfl.TensorType.INT32, np.array([1, 2], np.int32))
    reducer = tfl.ReducerOptionsT()
    reducer.keepDims = False
    mean = graph.operator(names.MEAN, [cells, axes], [1, 3], reducer, b.ReducerOptions)
    colours = np.array([COLOURS[name] for name in np.roll(classes, shift)], np.float32) / 255
    outputs: dict[str, int] = {}
    for variant in variants:
        # -s |x - c|^2 = s (2 x c - |c|^2) and what is the same for all classes.
        sharp = SHARPNESS[variant]
        weights = graph.floats(2 * sharp * colours / 255)
        bias = graph.floats(-sharp * (colours**2).sum(axis=1))
        logits = graph.operator(
            names.FULLY_CONNECTED,
            [mean, weights, bias],
            [1, len(classes)],
            tfl.FullyConnectedOptionsT(),
            b.FullyConnectedOptions,
        )
        softmax = tfl.SoftmaxOptionsT()
        softmax.beta = 1.0
        outputs[PROBABILITIES.format(variant=variant)] = graph.operator(
            names.SOFTMAX, [logits], [1, len(classes)], softmax, b.SoftmaxOptions
        )
        convolution = tfl.Conv2DOptionsT()
        convolution.padding = tfl.Padding.VALID
        convolution.strideW = convolution.strideH = 1
        convolution.dilationWFactor = convolution.dilationHFactor = 1
        convolution.fusedActivationFunction = tfl.ActivationFunctionType.RELU
        kernel = graph.floats((colours / 255)[:, None, None, :])
        outputs[FOCUS.format(variant=variant)] = graph.operator(
            names.CONV_2D,
            [cells, kernel, graph.floats(np.zeros(len(classes)))],
            [1, CELLS, CELLS, len(classes)],
            convolution,
            b.Conv2DOptions,
        )
        if known:
            third = graph.floats(np.full((1, 3), 1 / 765))
            outputs[KNOWN.format(variant=variant)] = graph.operator(
                names.FULLY_CONNECTED,
                [mean, third, graph.floats([0.0])],
                [1, 1],
                tfl.FullyConnectedOptionsT(),
                b.FullyConnectedOptions,
            )
    graph.write(path, photo, outputs)


def write_backbone(
    root: Path,
    backbone: str,
    classes: Sequence[str] = tuple(COLOURS),
    settings: Mapping[Variant, VariantSettings] | None = None,
    shift: int = 0,
) -> Path:
    """Write a backbone's folder that can be served, with `write_artifact`; return the folder.

    With the classes of `make_metrics` it has these figures.
    """
    variants = settings or {variant: VariantSettings() for variant in VARIANTS}
    folder = root / backbone
    folder.mkdir(parents=True)
    known = any(found.refusal for found in variants.values())
    write_artifact(folder / ARTIFACT, classes, list(variants), known, shift=shift)
    names = [ARTIFACT]
    if list(classes) == CLASSES:
        write_text(folder / METRICS, make_metrics(backbone).model_dump_json())
        names.append(METRICS)
    config = Config(
        backbone=backbone,
        classes=list(classes),
        image_size=SIZE,
        preprocessing=BACKBONES[backbone].preprocessing,
        precision="float32",
        variants=dict(variants),
        recipe={},
        versions={},
        data_fingerprint="none",
        base=BaseSource(kind="none", name="no base"),
        files={name: record_of(folder / name) for name in names},
    )
    write_config(folder, config)
    return folder
