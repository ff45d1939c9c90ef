"""Inference of trained networks: ONNX Runtime, and large images in tiles without seams."""

import hashlib
import itertools
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from core.jobs.process_limits import available_cores

#: Key under which a tensor names the file of its data. A weight that has these eight bytes by
#: chance is as good as impossible.
_EXTERNAL_DATA = b"location"


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

        Raises:
            ValueError: The file names others that hold its weights: nothing has verified those.
        """
        if _EXTERNAL_DATA in model:
            raise ValueError("its weights lie in another file")
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


class Windows(Protocol):
    """An array that is made window by window, because the whole would take too much memory."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows, columns and channels."""

    def __getitem__(self, place: tuple[slice, slice]) -> NDArray[Any]:
        """Some rows and columns."""


class _Span(NamedTuple):
    """Rows, or columns, of one window, and those of them whose output is kept."""

    start: int
    end: int
    first: int
    last: int


class Tile(NamedTuple):
    """Part of a network's output, where it belongs, and how much of the whole it completes."""

    rows: slice
    columns: slice
    output: NDArray[np.float32]
    done: float


@dataclass(frozen=True)
class Tiling:
    """How a fully convolutional network is run over an array of any size in bounded memory.

    Windows are all of one size, for which the runtime lays out its memory once, and overlap by at
    least two margins.

    Attributes:
        window: Most rows, and columns, of the input of one run.
        margin: Rows and columns of a window, on each side where the array goes on, whose output is
            discarded. One as large as the receptive field's radius leaves no seams.
        up: Output rows per input row, in a network that enlarges.
        down: Input rows per output row, in a network that shrinks; divides window and margin.
    """

    window: int
    margin: int
    up: int = 1
    down: int = 1

    def run(self, network: OnnxNetwork, array: "NDArray[Any] | Windows") -> NDArray[np.float32]:
        """Output for one array of shape (height, width, channels), as if it were run whole."""
        height, width = (self._scaled(side) for side in array.shape[:2])
        tiles = self.tiles(network, array)
        first = next(tiles)
        output = np.empty((height, width, first.output.shape[-1]), np.float32)
        for tile in itertools.chain([first], tiles):
            output[tile.rows, tile.columns] = tile.output
        return output

    def tiles(self, network: OnnxNetwork, array: "NDArray[Any] | Windows") -> Iterator[Tile]:
        """The same in parts, for outputs that are large."""
        height, width, _ = array.shape
        windows = list(itertools.product(self._spans(height), self._spans(width)))
        for count, (rows, columns) in enumerate(windows, start=1):
            window = array[rows.start : rows.end, columns.start : columns.end]
            output = network.run(np.ascontiguousarray(window)[np.newaxis]).squeeze(0)
            yield Tile(
                slice(self._scaled(rows.first), self._scaled(rows.last)),
                slice(self._scaled(columns.first), self._scaled(columns.last)),
                output[self._kept(rows), self._kept(columns)],
                count / len(windows),
            )

    def _spans(self, length: int) -> list[_Span]:
        """Windows along one side, whose length is a multiple of `down`."""
        if length <= self.window:
            return [_Span(0, length, 0, length)]
        overlap = 2 * self.margin
        count = math.ceil((length - overlap) / (self.window - overlap))
        size = self.down * math.ceil((length + overlap * (count - 1)) / (count * self.down))
        steps = (length - size) // self.down
        starts = [self.down * (steps * index // (count - 1)) for index in range(count)]
        firsts = [0, *(start + self.margin for start in starts[1:])]
        ends = zip(starts, firsts, [*firsts[1:], length], strict=True)
        return [_Span(start, start + size, first, last) for start, first, last in ends]

    def _kept(self, span: _Span) -> slice:
        return slice(self._scaled(span.first - span.start), self._scaled(span.last - span.start))

    def _scaled(self, length: int) -> int:
        return length * self.up // self.down


def _allowed_threads() -> int:
    """Threads by the convention that numerical libraries share, else one per available core."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return int(wanted) if wanted.isdigit() and int(wanted) > 0 else available_cores()
