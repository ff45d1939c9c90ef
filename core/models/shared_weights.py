"""Weights that an exported network holds already, so that they need not be stored twice."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from core.models.checkpoints import Arrays

#: Smaller arrays are stored twice rather than looked for.
_FEWEST = 1024

#: Axes of a kernel as ONNX orders them (outputs, inputs, rows, columns), of Keras' own order, and
#: the way back.
_TO_ONNX = (3, 2, 0, 1)
_TO_KERAS = (2, 3, 1, 0)
_KERNEL_RANK = 4


class Place(NamedTuple):
    """Where an array is: a file, and the name of a tensor in it."""

    file: str
    tensor: str


def without_shared(
    weights: Arrays, networks: Mapping[str, bytes]
) -> tuple[Arrays, dict[str, Place]]:
    """Weights that no network holds, and the places of all others.

    Args:
        weights: A model's weights by their paths.
        networks: ONNX files by their names.
    """
    places = {
        _content(values): Place(file, name)
        for file, data in networks.items()
        for name, values in _tensors(data).items()
        if values.size >= _FEWEST
    }
    keys = {path: _content(_in_onnx_order(array)) for path, array in weights.items()}
    own = {path: array for path, array in weights.items() if keys[path] not in places}
    return own, {path: places[keys[path]] for path in weights if path not in own}


def with_shared(
    own: Arrays, places: Mapping[str, Place], networks: Mapping[str, bytes]
) -> Arrays:
    """The way back of `without_shared`.

    Raises:
        KeyError: A network does not hold what it should.
    """
    tensors = {file: _tensors(networks[file]) for file in {place.file for place in places.values()}}
    shared = {path: tensors[place.file][place.tensor] for path, place in places.items()}
    return own | {path: _in_keras_order(array) for path, array in shared.items()}


def _tensors(model: bytes) -> dict[str, NDArray[Any]]:
    network = onnx.load_from_string(model)
    return {
        tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in network.graph.initializer
    }


def _content(values: NDArray[Any]) -> tuple[Any, ...]:
    return values.shape, values.dtype.str, values.tobytes()


def _in_onnx_order(array: NDArray[Any]) -> NDArray[Any]:
    return np.transpose(array, _TO_ONNX) if array.ndim == _KERNEL_RANK else array


def _in_keras_order(array: NDArray[Any]) -> NDArray[Any]:
    return np.transpose(array, _TO_KERAS) if array.ndim == _KERNEL_RANK else array
