"""Networks as ONNX files, checked against Keras."""

import tempfile
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.models.base import PEAK, PictureModel
from core.onnx_network import OnnxNetwork

_BATCH = 8


def export_networks(model: PictureModel) -> dict[str, bytes]:
    """ONNX file of each of the model's networks, for batches and pictures of any size.

    Keras exports with TensorFlow; on another backend this fails with ImportError.
    """
    return {name: export_network(network) for name, network in model.networks().items()}


def reconstruct(networks: list[OnnxNetwork], pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the exported networks, run one after another, make of some pictures."""
    batches = []
    for start in range(0, len(pictures), _BATCH):
        values: NDArray[Any] = np.asarray(pictures[start : start + _BATCH])
        for network in networks:
            values = network.run(values)
        batches.append(values)
    return np.concatenate(batches)


def largest_difference(
    model: PictureModel, networks: list[OnnxNetwork], pictures: NDArray[np.uint8]
) -> float:
    """Largest difference between Keras and the exported networks, in levels of 0..255."""
    ours: NDArray[Any] = pictures
    for network in model.networks().values():
        ours = network.predict(ours, batch_size=_BATCH, verbose=0)
    return float(np.max(np.abs(ours - reconstruct(networks, pictures))) * PEAK)


def export_network(network: keras.Model) -> bytes:
    """ONNX file of a network with one input."""
    tensor = network.inputs[0]
    signature = keras.InputSpec(shape=tensor.shape, dtype=tensor.dtype, name=tensor.name)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # The converter that Keras carries asks NumPy for an alias that is gone.
        warnings.simplefilter("ignore", FutureWarning)
        file = Path(folder) / "network.onnx"
        network.export(file, format="onnx", verbose=False, input_signature=[signature])
        return file.read_bytes()
