"""Latents to range-coded bytes and back, every decision in exact integers.

Two by two positions are a cell, and channels with the same remainder modulo four a quarter. Step s
codes, at position p of every cell, the quarter (p + s) modulo 4 (the order is that of
`core.models.bottleneck.coding_order`):

    positions of a cell     quarter that is coded in step
                              0         1         2         3
        0  1                0  1      1  2      2  3      3  0
        2  3                2  3      3  0      0  1      1  2

Before each step, small networks predict mean and scale of its values from the side information and
from the steps before it. The side information also says by how much the quantiser steps of each
position are finer than those of the quality:

    side information ==> payload
          |
    hyper_synthesis ----> spatial_gain (once)
          |
          v  features
    +-> spatial_context[s] -> entropy_parameters[s] -> means, scales
    |     |                                               |
    |     |                       latents of step s ==> lattice, value tables ==> payload
    |     v                                               |
    |   context_fusion[s] <------- restored latents <-----+
    |     |
    +-----+  features of step s + 1

Encoder and decoder run the same code; only `==>` differs in its direction.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from core.entropy.fixed_point import Map, rescaled
from core.entropy.gains import INVERSE_BITS, GainsAt, gains_of_steps
from core.entropy.integer_model import (
    CELL,
    CONTEXT_BITS,
    MAX_SIGNED,
    OCTAVE_BITS,
    POWER_BITS,
    SIDE_LIMIT,
    STEPS,
    IntegerModel,
)
from core.entropy.lattice import STEP_BITS, ArrangedValues
from core.entropy.range_coding import PayloadBits, SymbolReader, SymbolWriter
from core.entropy.step_order import positions_of, put_step, step_order, take_step
from core.entropy.step_sizes import bounded_side
from core.entropy.tables import PreparedTable
from core.entropy.value_tables import MAX_BITS_PER_VALUE, SCALES_PER_OCTAVE
from core.progress import report

#: Values of the maps that are made at once; more leave the cache.
_VALUES_AT_ONCE = 2**17

Symbols = tuple[NDArray[np.int16], ...]


class Coded(NamedTuple):
    """Latents written down.

    Attributes:
        payload: The range-coded bytes.
        symbols: Side information, then each step's numbers, int16, in the order of coding.
    """

    payload: bytes
    symbols: Symbols


class Decoded(NamedTuple):
    """What a payload holds.

    Attributes:
        symbols: As in `Coded`.
        latents: Latents, float32, shape (rows, columns, channels).
    """

    symbols: Symbols
    latents: NDArray[np.float32]


class Watcher(Protocol):
    """Receives what an encoder that searches for better latents needs to know.

    Attributes:
        latents: Filled with the decoded latents.
    """

    latents: NDArray[np.float32]

    def see_offsets(
        self, rows: slice, offsets: NDArray[np.float64], indices: NDArray[np.uint8]
    ) -> None:
        """Values of some rows of cells of the step that is being coded, before quantisation.

        Args:
            rows: The rows.
            offsets: Values minus their means, in quantiser steps.
            indices: Table of each value.
        """

    def see_errors(self, step: int, errors: NDArray[np.float32]) -> None:
        """Quantisation errors of a step's values, restored minus given, in quantiser steps."""


class _Expected(NamedTuple):
    means: Map
    gains: Map
    indices: NDArray[np.uint8]


#: Receives means, gains and tables of some rows of cells of a step.
_Look = Callable[[int, slice, _Expected], None]
#: Codes the values of a step, or decodes them; gives their symbols.
_Code = Callable[[ArrangedValues], NDArray[np.int16]]


class LatentCoder:
    """A model at one quality.

    Args:
        model: The model.
        quality: 1 to 100.
    """

    def __init__(self, model: IntegerModel, quality: int) -> None:
        self._model = model
        self._gains = gains_of_steps(model, quality, step_order(model.channels))
        self._spatial_gain = model.spatial_gain.at(quality)
        self._hyper_synthesis = model.hyper_synthesis.at(quality)
        self._context_fusion = [layer.at(quality) for layer in model.context_fusion]
        self._spatial_context = [layer.at(quality) for layer in model.spatial_context]
        self._entropy_parameters = [layer.at(quality) for layer in model.entropy_parameters]
        self._side_tables = [PreparedTable.of(table) for table in model.side_tables[quality - 1]]

    def encode(
        self,
        latents: NDArray[np.float32],
        side: NDArray[np.float32],
        watcher: Watcher | None = None,
    ) -> Coded:
        """Codes latents.

        Args:
            latents: In standard deviations, shape (rows, columns, channels), rows and columns
                even.
            side: Side information, not yet rounded, shape (rows / 2, columns / 2, side channels).
            watcher: Receives what a search needs; changes nothing.
        """
        writer = SymbolWriter()
        bounded = bounded_side(side)
        for channel, table in enumerate(self._side_tables):
            writer.write(bounded[..., channel].ravel().astype(np.int32) + SIDE_LIMIT, table)
        offsets = np.empty((*side.shape[:2], self._model.channels), np.float32)
        symbols: list[NDArray[np.int16]] = []

        def look(step: int, rows: slice, expected: _Expected) -> None:
            values = take_step(latents[positions_of(rows)], step).astype(np.float64)
            values *= expected.gains
            values *= 2.0**-POWER_BITS
            values -= expected.means * 2.0**-STEP_BITS
            offsets[rows] = values
            if watcher:
                watcher.see_offsets(rows, values, expected.indices)

        def write(values: ArrangedValues) -> NDArray[np.int16]:
            symbols.append(values.quantise(offsets))
            values.write(writer, symbols[-1])
            if watcher:
                errors = values.restored(symbols[-1]) * np.float32(2.0**-STEP_BITS) - offsets
                watcher.see_errors(len(symbols) - 1, errors)
            return symbols[-1]

        self._walk(bounded, look, write, "coding", watcher.latents if watcher else None)
        return Coded(writer.finish(), (bounded, *symbols))

    def decode(self, payload: bytes, *, rows: int, columns: int) -> Decoded:
        """Latents of a payload.

        Args:
            payload: The range-coded bytes.
            rows: Rows of the latent, even; the caller has checked them against a limit.
            columns: Columns of the latent, even.

        Raises:
            CorruptStream: The bytes cannot come from this model.
            TruncatedStream: No latent of this size takes so few bytes.
        """
        shape = (rows // CELL, columns // CELL)
        cells = shape[0] * shape[1]
        self.payload_bits(cells).check(payload)
        reader = SymbolReader(payload)
        counts = [cells] * self._model.side_channels
        found = reader.read_groups(counts, self._side_tables).reshape(-1, *shape)
        side = np.moveaxis(found - SIDE_LIMIT, 0, -1).astype(np.int16, order="C")
        symbols: list[NDArray[np.int16]] = []

        def read(values: ArrangedValues) -> NDArray[np.int16]:
            symbols.append(values.read(reader))
            return symbols[-1]

        latents = np.empty((rows, columns, self._model.channels), np.float32)
        self._walk(side, _ignore, read, "decoding", latents)
        reader.finish()
        return Decoded((side, *symbols), latents)

    def payload_bits(self, cells: int) -> PayloadBits:
        """Bounds of the payload of an image.

        Args:
            cells: Cells of its latent.
        """
        values = CELL * CELL * self._model.channels
        side = sum(table.min_bits for table in self._side_tables)
        min_bits = side + values * self._model.values.tables.min_bits
        max_bits = (self._model.side_channels + values) * MAX_BITS_PER_VALUE
        return PayloadBits(cells * min_bits, cells * max_bits)

    def _walk(
        self,
        side: NDArray[np.int16],
        look: _Look,
        code: _Code,
        part: str,
        latents: NDArray[np.float32] | None = None,
    ) -> None:
        """Predicts, codes and restores each step, which is the context of the next.

        What is as large as all values of a step is made a few rows at a time, within the cache.
        """
        features = self._hyper_synthesis.run(side.astype(np.float64))
        spatial_gain = self._spatial_gain.run(features).astype(np.int64)
        height, width, channels = *side.shape[:2], self._model.channels
        # A mean has 22 bits, and a value is no larger, which float32 holds exactly.
        means = np.empty((height, width, channels), np.float32)
        indices = np.empty((height, width, channels), np.uint8)
        blocks = _blocks(height, width * channels)
        for step in range(STEPS):
            features = self._spatial_context[step].run(features)
            for rows in blocks:
                gains = GainsAt(self._gains[step], spatial_gain[rows])
                expected = self._expect(gains, self._entropy_parameters[step].run(features[rows]))
                means[rows], indices[rows] = expected.means, expected.indices
                look(step, rows, expected)
            values = self._model.values.arranged(indices)
            means += values.restored(code(values))
            report(part, (step + 1) / STEPS)
            for rows in blocks:
                gains = GainsAt(self._gains[step], spatial_gain[rows])
                restored = means[rows].astype(np.float64)
                if latents is not None:
                    to_latents = restored * gains.map_of(gains.tables.restoring)
                    put_step(latents[positions_of(rows)], step, to_latents)
                if step + 1 < STEPS:
                    known = [features[rows], _context(gains, restored)]
                    features[rows] = self._context_fusion[step].run(np.concatenate(known, axis=-1))

    def _expect(self, gains: GainsAt, parameters: Map) -> _Expected:
        channels = self._model.channels
        scaling = gains.map_of(gains.tables.gains)
        shift = CONTEXT_BITS + POWER_BITS - STEP_BITS
        means = rescaled(parameters[..., :channels] * scaling, shift)
        octaves = gains.map_of(gains.tables.octaves)
        octaves += parameters[..., channels:]
        octaves *= SCALES_PER_OCTAVE
        scales = rescaled(octaves, OCTAVE_BITS)
        np.clip(scales, 0, self._model.values.tables.count - 1, out=scales)
        return _Expected(means, scaling, scales.astype(np.uint8))


def _ignore(step: int, rows: slice, expected: _Expected) -> None:
    """The decoder's `_Look`: it has nothing to do before it knows the symbols."""


def _blocks(rows: int, values: int) -> list[slice]:
    """Rows of a map of so many values in each, as they are made at once."""
    count = max(1, _VALUES_AT_ONCE // values)
    return [slice(top, min(top + count, rows)) for top in range(0, rows, count)]


def _context(gains: GainsAt, restored: Map) -> Map:
    """What the next step sees of restored values, in standard deviations; overwrites them."""
    restored *= gains.map_of(gains.tables.inverses)
    context = rescaled(restored, STEP_BITS + INVERSE_BITS - CONTEXT_BITS)
    return np.clip(context, -MAX_SIGNED, MAX_SIGNED, out=context)
