"""Trained networks at work: ONNX Runtime, and large pictures in tiles without seams."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray


class OnnxNetwork:
    """One exported network that maps a batch of arrays to a batch of arrays, channels last.

    Attributes:
        digest: sha256 of the ONNX file.
    """

    def __init__(self, model: bytes, *, threads: int | None = None) -> None:
        """Loads a network.

        Args:
            model: Content of the ONNX file.
            threads: Threads of one call; those that OMP_NUM_THREADS allows when None.
        """
        self.digest = hashlib.sha256(model).digest()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or _allowed_threads()
        options.log_severity_level = 3
        # Threads that wait by spinning take the cores from the entropy networks in between.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            model, sess_options=options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name

    def run(self, batch: NDArray[Any]) -> NDArray[np.float32]:
        """Output for a batch, shape (batch, height, width, channels)."""
        output: NDArray[np.float32] = self._session.run(None, {self._input: batch})[0]
        return output


@dataclass(frozen=True)
class Tiling:
    """How a fully convolutional network is run over an array of any size in bounded memory.

    Attributes:
        tile: Rows and columns of the input that one run is responsible for.
        halo: Further rows and columns on each side, at least as far as the network sees.
        up: Output rows per input row, in a network that enlarges.
        down: Input rows per output row, in a network that shrinks; divides tile and halo.
    """

    tile: int
    halo: int
    up: int = 1
    down: int = 1

    def run(self, network: OnnxNetwork, array: NDArray[Any]) -> NDArray[np.float32]:
        """Output for one array of shape (height, width, channels), as if it were run whole."""
        strips = list(self.strips(network, array))
        return strips[0] if len(strips) == 1 else np.concatenate(strips, axis=0)

    def strips(self, network: OnnxNetwork, array: NDArray[Any]) -> Iterator[NDArray[np.float32]]:
        """The same, a few rows at a time from top to bottom, for outputs that are large."""
        height, width, _ = array.shape
        if height <= self.tile + self.halo and width <= self.tile + self.halo:
            yield network.run(array[np.newaxis]).squeeze(0)
            return
        for top in range(0, height, self.tile):
            tiles = [self._tile(network, array, top, left) for left in range(0, width, self.tile)]
            yield np.concatenate(tiles, axis=1)

    def _tile(
        self, network: OnnxNetwork, array: NDArray[Any], top: int, left: int
    ) -> NDArray[np.float32]:
        first_row, first_column = max(0, top - self.halo), max(0, left - self.halo)
        surrounded = array[
            first_row : top + self.tile + self.halo, first_column : left + self.tile + self.halo
        ]
        output = network.run(np.ascontiguousarray(surrounded)[np.newaxis]).squeeze(0)
        skip_rows, skip_columns = self._scaled(top - first_row), self._scaled(left - first_column)
        size = self._scaled(self.tile)
        return output[skip_rows : skip_rows + size, skip_columns : skip_columns + size]

    def _scaled(self, length: int) -> int:
        return length * self.up // self.down


def _allowed_threads() -> int:
    """Threads by the convention that numerical libraries share, else one per core."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return int(wanted) if wanted.isdigit() and int(wanted) > 0 else os.cpu_count() or 1
