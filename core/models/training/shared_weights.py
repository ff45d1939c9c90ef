"""Deduplicates weights that an exported network already holds."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from core.models.training.checkpoints import Arrays

#: Smaller arrays are stored twice; searching for them is not worthwhile.
_MIN_SIZE = 1024

#: Orders in which a network may hold the axes of an array of that rank; of a kernel, Keras has
#: rows, columns, inputs, outputs, and ONNX outputs, inputs, rows, columns.
_ORDERS = {2: ((0, 1), (1, 0)), 4: ((3, 2, 0, 1),)}


class SharedTensor(NamedTuple):
    """Where an exported network holds an array.

    Attributes:
        file: A network's file.
        tensor: Name of a tensor in it.
        shape: Shape of the array with its axes in the network's order.
        order: Axes of the array as the network orders them.
        factor: Factor by which the network's array is scaled.
    """

    file: str
    tensor: str
    shape: tuple[int, ...]
    order: tuple[int, ...]
    factor: float


def deduplicate_weights(
    weights: Arrays, networks: Mapping[str, bytes], factors: Mapping[str, float]
) -> tuple[Arrays, dict[str, SharedTensor]]:
    """Weights that no network holds, and references to all others.

    Args:
        weights: A model's weights by path, in the dtype in which they are stored.
        networks: ONNX files by name.
        factors: Factors by which networks scale weights, by path.
    """
    tensors = {
        values.tobytes(): (file, name)
        for file, data in networks.items()
        for name, values in _tensors(data).items()
        if values.size >= _MIN_SIZE
    }
    own, shared = {}, {}
    for path, array in weights.items():
        factor = factors.get(path, 1.0)
        scaled = (array * np.float32(factor)).astype(array.dtype)
        for order in _ORDERS.get(array.ndim, ()):
            ordered = np.transpose(scaled, order)
            if found := tensors.get(ordered.tobytes()):
                shared[path] = SharedTensor(*found, ordered.shape, order, factor)
                break
        else:
            own[path] = array
    return own, shared


def restore_shared(
    own: Arrays, shared: Mapping[str, SharedTensor], networks: Mapping[str, bytes]
) -> Arrays:
    """Inverse of `deduplicate_weights`, up to the rounding of scaled weights.

    Raises:
        KeyError: A network does not hold what it should.
    """
    tensors = {file: _tensors(networks[file]) for file in {one.file for one in shared.values()}}
    restored = {path: _array(tensors[one.file][one.tensor], one) for path, one in shared.items()}
    return own | restored


def _array(tensor: NDArray[Any], reference: SharedTensor) -> NDArray[Any]:
    array = np.transpose(tensor.reshape(reference.shape), np.argsort(reference.order))
    return array if reference.factor == 1.0 else array / np.float32(reference.factor)


def _tensors(model: bytes) -> dict[str, NDArray[Any]]:
    network = onnx.load_from_string(model)
    return {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in network.graph.initializer}
