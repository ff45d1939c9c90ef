"""Counts the multiply-adds of an exported network."""

import math
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray


class Work(NamedTuple):
    """Result and cost of one run of a network.

    Attributes:
        multiply_adds: Multiply-accumulate operations in convolutions and matrix products.
        output: Output of the network.
    """

    multiply_adds: int
    output: NDArray[np.float32]


def measure_work(model: bytes, values: NDArray[np.generic]) -> Work:
    """Multiply-adds of an ONNX network on one input, counted from the shapes that really occur.

    Products of two computed tensors are not counted: the networks here have none.
    """
    network = onnx.load_from_string(model)
    weights = {tensor.name: tuple(tensor.dims) for tensor in network.graph.initializer}
    products = [
        (node, weights[node.input[1]])
        for node in network.graph.node
        if node.op_type in ("Conv", "ConvTranspose", "MatMul", "Gemm") and node.input[1] in weights
    ]
    # A transposed convolution uses its kernel once per input position, the others per output.
    watched = [
        node.input[0] if node.op_type == "ConvTranspose" else node.output[0] for node, _ in products
    ]
    shapes = _run(network, values, watched)
    count = sum(
        math.prod(shape) * _per_value(node, weight)
        for (node, weight), shape in zip(products, shapes.shapes, strict=True)
    )
    return Work(count, shapes.output)


class _Shapes(NamedTuple):
    shapes: list[tuple[int, ...]]
    output: NDArray[np.float32]


def _run(network: onnx.ModelProto, values: NDArray[np.generic], watched: list[str]) -> _Shapes:
    output, source = network.graph.output[0].name, network.graph.input[0].name
    known = {source, output}
    for name in set(watched) - known:
        network.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        network.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [output, *sorted(set(watched) - known)]
    found = dict(zip(names, session.run(names, {source: values}), strict=True)) | {source: values}
    return _Shapes([found[name].shape for name in watched], found[output])


def _per_value(node: onnx.NodeProto, weight: tuple[int, ...]) -> int:
    """Multiply-adds per value of the tensor whose size is observed."""
    if node.op_type in ("Conv", "ConvTranspose"):
        return math.prod(weight[1:])
    transposed = any(field.name == "transB" and field.i for field in node.attribute)
    return weight[1] if transposed else weight[0]
