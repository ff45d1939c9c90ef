"""Networks as ONNX files, checked against Keras."""

import tempfile
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
from numpy.typing import NDArray

from core.codecs.onnx_network import OnnxNetwork
from core.models.base import PEAK, ImageModel

_BATCH = 8

#: Smaller weight arrays stay in float32: a conversion on loading would save too little.
_MIN_SIZE_TO_HALVE = 1024


def export_networks(model: ImageModel) -> dict[str, bytes]:
    """ONNX file of each of the model's networks, for batches and images of any size.

    Keras exports with TensorFlow; on another backend this fails with ImportError.
    """
    return {name: export_network(network) for name, network in model.networks().items()}


def reconstruct(networks: list[OnnxNetwork], images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Output of the exported networks, run one after another, for some images."""
    batches = []
    for start in range(0, len(images), _BATCH):
        values: NDArray[Any] = np.asarray(images[start : start + _BATCH])
        for network in networks:
            values = network.run(values)
        batches.append(values)
    return np.concatenate(batches)


def largest_difference(
    model: ImageModel, networks: list[OnnxNetwork], images: NDArray[np.uint8]
) -> float:
    """Largest difference between Keras and the exported networks, in levels of 0..255."""
    ours: NDArray[Any] = images
    for network in model.networks().values():
        ours = network.predict(ours, batch_size=_BATCH, verbose=0)
    return float(np.max(np.abs(ours - reconstruct(networks, images))) * PEAK)


def export_network(network: keras.Model) -> bytes:
    """ONNX file of a network with one input."""
    tensor = network.inputs[0]
    signature = keras.InputSpec(shape=tensor.shape, dtype=tensor.dtype, name=tensor.name)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # The converter that Keras uses needs an alias that NumPy has removed.
        warnings.simplefilter("ignore", FutureWarning)
        file = Path(folder) / "network.onnx"
        network.export(file, format="onnx", verbose=False, input_signature=[signature])
        return file.read_bytes()


def share_transposed_kernels(model: bytes) -> bytes:
    """The same network with kernels that mirror and transpose another made from that one.

    ONNX Runtime makes them once, when it loads the network.

    Args:
        model: ONNX file of a network.
    """
    network = onnx.load_from_string(model)
    seen: dict[bytes, str] = {}
    for tensor in list(network.graph.initializer):
        kernel = onnx.numpy_helper.to_array(tensor)
        if kernel.ndim != 4 or kernel.size < _MIN_SIZE_TO_HALVE:
            continue
        source = seen.get(_transposed(kernel).tobytes())
        if source is None:
            seen[kernel.tobytes()] = tensor.name
        else:
            network.graph.initializer.remove(tensor)
            for node in reversed(_transposition(source, tensor.name)):
                network.graph.node.insert(0, node)
    if seen:
        network.graph.initializer.extend(_MIRRORING)
    shared: bytes = network.SerializeToString()
    return shared


#: Start, end, axes and step of a slice that mirrors rows and columns of a kernel.
_MIRRORING = [
    onnx.numpy_helper.from_array(np.array(values, np.int64), f"mirroring/{name}")
    for name, values in (
        ("starts", [-1, -1]),
        ("ends", [np.iinfo(np.int64).min] * 2),
        ("axes", [2, 3]),
        ("steps", [-1, -1]),
    )
]


def _transposed(kernel: NDArray[Any]) -> NDArray[Any]:
    """Kernel of the transposed convolution, both in ONNX's order of axes."""
    return np.flip(np.swapaxes(kernel, 0, 1), axis=(2, 3))


def _transposition(source: str, target: str) -> list[onnx.NodeProto]:
    """Nodes that compute `_transposed`."""
    swapped = f"{target}/swapped"
    slices = [tensor.name for tensor in _MIRRORING]
    return [
        onnx.helper.make_node("Transpose", [source], [swapped], perm=[1, 0, 2, 3]),
        onnx.helper.make_node("Slice", [swapped, *slices], [target]),
    ]


def to_float16(model: bytes) -> bytes:
    """The same network with its large weights stored as float16; it still computes in float32.

    Args:
        model: ONNX file of a network in float32.
    """
    network = onnx.load_from_string(model)
    for tensor in network.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < _MIN_SIZE_TO_HALVE:
            continue
        name, half = tensor.name, f"{tensor.name}/half"
        tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), half))
        whole = onnx.helper.make_node("Cast", [half], [name], to=onnx.TensorProto.FLOAT)
        network.graph.node.insert(0, whole)
    halves: bytes = network.SerializeToString()
    return halves
