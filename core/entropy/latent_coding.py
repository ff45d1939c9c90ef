"""Latents to range-coded bytes and back, every decision in exact integers.

The order is that of `core.models.coding_order`: two by two positions are a cell, channels with
the same remainder modulo four a quarter; step s codes at position p of every cell the quarter
(p + s) modulo 4. Before each step small networks predict mean and scale of its values from the
side information and from the steps before. Side information also says by how much each position's
quantiser steps are finer than those of the quality. Encoder and decoder run the same code.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.entropy.errors import CorruptStream
from core.entropy.fixed_point import Map, rescaled
from core.entropy.gains import INVERSE_BITS, STEP_BITS, GainsAt, gains_of_steps
from core.entropy.integer_model import (
    CELL,
    CONTEXT_BITS,
    LARGEST_SIGNED,
    OCTAVE_BITS,
    POWER_BITS,
    SIDE_LIMIT,
    STEPS,
    IntegerModel,
)
from core.entropy.range_coding import SymbolReader, SymbolWriter
from core.entropy.tables import PreparedTable
from core.entropy.value_tables import LARGEST_VALUE, MOST_BITS_PER_VALUE, SCALES_PER_OCTAVE
from core.progress import report

_SLACK_BYTES = 16

Symbols = tuple[NDArray[np.int16], ...]


class Coded(NamedTuple):
    """Latents written down.

    Attributes:
        payload: The range-coded bytes.
        symbols: Side information, then each step's symbols, int16, in the order of coding.
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


class _Expected(NamedTuple):
    means: Map
    gains: Map
    indices: NDArray[np.uint8]


#: Codes the values of a step, or decodes them; gives their symbols.
_Code = Callable[[int, _Expected], NDArray[np.int16]]


class LatentCoder:
    """A model at one quality.

    Args:
        model: The model.
        quality: 1 to 100.
    """

    def __init__(self, model: IntegerModel, quality: int) -> None:
        self._model = model
        self._gains = gains_of_steps(model, quality, step_order(model.channels))
        self._modulation = model.modulation.at(quality)
        self._hyper_synthesis = model.hyper_synthesis.at(quality)
        self._mixed = [layer.at(quality) for layer in model.mixed]
        self._spatial = [layer.at(quality) for layer in model.spatial]
        self._prediction = [layer.at(quality) for layer in model.prediction]
        self._side_tables = [PreparedTable.of(table) for table in model.side_tables[quality - 1]]

    def encode(self, latents: NDArray[np.float32], side: NDArray[np.float32]) -> Coded:
        """Codes latents.

        Args:
            latents: In standard deviations, shape (rows, columns, channels), rows and columns
                even.
            side: Side information, not yet rounded, shape (rows / 2, columns / 2, side channels).
        """
        writer = SymbolWriter()
        bounded = np.clip(np.rint(side), -SIDE_LIMIT, SIDE_LIMIT).astype(np.int16)
        for channel, table in enumerate(self._side_tables):
            writer.write(bounded[..., channel].ravel().astype(np.int32) + SIDE_LIMIT, table)
        symbols: list[NDArray[np.int16]] = [bounded]

        def code(step: int, expected: _Expected) -> NDArray[np.int16]:
            values = take_step(latents, step).astype(np.float64)
            values *= expected.gains * 2.0**-POWER_BITS
            values -= expected.means * 2.0**-STEP_BITS
            np.clip(np.rint(values, out=values), -LARGEST_VALUE, LARGEST_VALUE, out=values)
            symbols.append(values.astype(np.int16))
            self._model.values.write(writer, symbols[-1].ravel(), expected.indices)
            return symbols[-1]

        self._walk(bounded, code, "coding")
        return Coded(writer.finish(), tuple(symbols))

    def decode(self, payload: bytes, *, rows: int, columns: int) -> Decoded:
        """Latents of a payload.

        Args:
            payload: The range-coded bytes.
            rows: Rows of the latent, even; whoever calls has checked them against a limit.
            columns: Columns of the latent, even.

        Raises:
            CorruptStream: The bytes cannot come from this model.
        """
        shape = (rows // CELL, columns // CELL)
        self._check_length(payload, shape[0] * shape[1])
        reader = SymbolReader(payload)
        side = np.empty((*shape, self._model.side_channels), np.int16)
        for channel, table in enumerate(self._side_tables):
            found = reader.read(shape[0] * shape[1], table).reshape(shape)
            side[..., channel] = found - SIDE_LIMIT
        symbols: list[NDArray[np.int16]] = [side]

        def code(step: int, expected: _Expected) -> NDArray[np.int16]:
            values = self._model.values.read(reader, expected.indices)
            symbols.append(values.reshape(expected.means.shape))
            return symbols[-1]

        latents = np.empty((rows, columns, self._model.channels), np.float32)
        self._walk(side, code, "decoding", latents)
        return Decoded(tuple(symbols), latents)

    def _walk(
        self,
        side: NDArray[np.int16],
        code: _Code,
        part: str,
        latents: NDArray[np.float32] | None = None,
    ) -> None:
        """Step after step: predicted, coded, told to the next step, and put into the latents."""
        features = self._hyper_synthesis.run(side.astype(np.float64))
        modulation = self._modulation.run(features).astype(np.int64)
        for step in range(STEPS):
            gains = GainsAt(self._gains[step], modulation)
            features = self._spatial[step].run(features)
            restored = self._restored(step, features, gains, code)
            if latents is not None:
                put_step(latents, step, restored * gains.map_of(gains.tables.restoring))
            report(part, (step + 1) / STEPS)
            if step + 1 < STEPS:
                known = np.concatenate([features, _context(gains, restored)], axis=-1)
                features = self._mixed[step].run(known)

    def _restored(self, step: int, features: Map, gains: GainsAt, code: _Code) -> Map:
        """Values of a step as they come back, with STEP_BITS fraction bits."""
        expected = self._expect(gains, self._prediction[step].run(features))
        restored = code(step, expected).astype(np.float64)
        restored *= 2.0**STEP_BITS
        restored += expected.means
        return restored

    def _expect(self, gains: GainsAt, prediction: Map) -> _Expected:
        channels = self._model.channels
        scaling = gains.map_of(gains.tables.gains)
        shift = CONTEXT_BITS + POWER_BITS - STEP_BITS
        means = rescaled(prediction[..., :channels] * scaling, shift)
        octaves = gains.map_of(gains.tables.octaves)
        octaves += prediction[..., channels:]
        octaves *= SCALES_PER_OCTAVE
        scales = rescaled(octaves, OCTAVE_BITS)
        np.clip(scales, 0, self._model.values.count - 1, out=scales)
        return _Expected(means, scaling, scales.astype(np.uint8).ravel())

    def _check_length(self, payload: bytes, cells: int) -> None:
        values = cells * (self._model.side_channels + CELL * CELL * self._model.channels)
        if len(payload) > values * MOST_BITS_PER_VALUE // 8 + _SLACK_BYTES:
            raise CorruptStream("The file is longer than a picture of its size can be.")


def _context(gains: GainsAt, restored: Map) -> Map:
    """What the next step sees of restored values, in standard deviations; overwrites them."""
    restored *= gains.map_of(gains.tables.inverses)
    context = rescaled(restored, STEP_BITS + INVERSE_BITS - CONTEXT_BITS)
    return np.clip(context, -LARGEST_SIGNED, LARGEST_SIGNED, out=context)


def step_order(channels: int) -> NDArray[np.int64]:
    """Channel of the latent at each place of each step's maps, shape (STEPS, channels)."""
    return np.array(
        [
            np.concatenate([np.arange(channels)[quarter] for _, _, quarter in _places(step)])
            for step in range(STEPS)
        ]
    )


def take_step(latents: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Values of a step, shape (rows / 2, columns / 2, channels)."""
    parts = [latents[down::CELL, right::CELL, quarter] for down, right, quarter in _places(step)]
    return np.concatenate(parts, axis=-1)


def put_step(latents: NDArray[np.float32], step: int, values: Map) -> None:
    """The way back of `take_step`."""
    parts = np.split(values, CELL * CELL, axis=-1)
    for (down, right, quarter), part in zip(_places(step), parts, strict=True):
        latents[down::CELL, right::CELL, quarter] = part


def _places(step: int) -> list[tuple[int, int, slice]]:
    """Row and column in the cell, and channels, of each part of a step's maps."""
    return [
        (position // CELL, position % CELL, slice((position + step) % STEPS, None, STEPS))
        for position in range(CELL * CELL)
    ]
