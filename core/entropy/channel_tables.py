"""A learned quantiser step and probability table for each channel of a latent, at every quality.

The tables are integers, so no float decides a probability. Quantisation is in float, because only
the encoder does it; so is the way back, because no bit depends on it.
"""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.entropy.fixed_point import QUALITIES
from core.entropy.range_coding import PayloadBits, SymbolReader, SymbolWriter
from core.entropy.tables import PRECISION_BITS
from core.entropy.value_tables import MAX_BITS_PER_VALUE, MAX_VALUE, ValueTables

#: Largest absolute value of a symbol.
MAX_SYMBOL = MAX_VALUE // 2


@dataclass(frozen=True)
class TablesAtQuality:
    """The tables at one quality.

    Attributes:
        gains: Quantiser steps per unit of the latent, float32, shape (channels,).
        steps: Units of the latent per step on the way back, float32, shape (channels,).
        values: One symmetric table per channel, with an escape.
    """

    gains: NDArray[np.float32]
    steps: NDArray[np.float32]
    values: ValueTables

    def symbols(self, latent: NDArray[np.float32]) -> NDArray[np.int16]:
        """Symbols of a latent, int16, shape (channels, positions).

        Args:
            latent: Shape (rows, columns, channels).
        """
        rounded = np.clip(np.rint(latent * self.gains), -MAX_SYMBOL, MAX_SYMBOL)
        by_channel = rounded.reshape(-1, latent.shape[-1]).T
        return np.ascontiguousarray(by_channel, dtype=np.int16)

    def latent(self, symbols: NDArray[np.int16], *, rows: int, columns: int) -> NDArray[np.float32]:
        """Latent of symbols of shape (channels, positions), shape (rows, columns, channels)."""
        latent = symbols.T.astype(np.float32) * self.steps
        return latent.reshape(rows, columns, -1)

    def write(self, writer: SymbolWriter, symbols: NDArray[np.int16]) -> None:
        """Appends symbols of shape (channels, positions), channel by channel."""
        # The tables count in half steps.
        values = 2 * symbols.ravel().astype(np.int32)
        self.values.write(writer, values, self._indices(symbols.shape[1]))

    def read(self, reader: SymbolReader, positions: int) -> NDArray[np.int16]:
        """Symbols that `write` wrote, int16, shape (channels, positions).

        Raises:
            CorruptStream: The bytes cannot come from these tables.
        """
        values = self.values.read(reader, self._indices(positions)) >> 1
        return values.reshape(-1, positions).astype(np.int16)

    def payload_bits(self, positions: int) -> PayloadBits:
        """Bounds of the payload of a latent of so many positions."""
        tables = self.values.prepared[: self.values.count]
        min_bits = sum(table.min_bits for table in tables)
        return PayloadBits(positions * min_bits, positions * len(tables) * MAX_BITS_PER_VALUE)

    def _indices(self, positions: int) -> NDArray[np.int16]:
        return np.repeat(np.arange(self.values.count, dtype=np.int16), positions)


@dataclass(frozen=True)
class ChannelTables:
    """Gains and probability tables at all qualities.

    Attributes:
        gains: Quantiser steps per unit of the latent, float32, shape (QUALITIES, channels).
        steps: Units of the latent per step on the way back, float32, of the same shape.
        half_widths: int32, of the same shape: a table holds -half_width..half_width.
        entries: int32: for each quality and channel the entries of 0, 1, ..., half width, and of
            the escape, as `core.entropy.value_tables.entries_of` makes them.
    """

    gains: NDArray[np.float32]
    steps: NDArray[np.float32]
    half_widths: NDArray[np.int32]
    entries: NDArray[np.int32]

    @property
    def channels(self) -> int:
        """Channels of the latent."""
        return int(self.gains.shape[1])

    def at(self, quality: int) -> TablesAtQuality:
        """Tables of one quality, 1 to QUALITIES."""
        lengths = (self.half_widths + 2).sum(axis=1)
        first = int(lengths[: quality - 1].sum())
        half_widths = self.half_widths[quality - 1]
        entries = self.entries[first : first + int(lengths[quality - 1])]
        values = ValueTables(half_widths, entries, _unused(half_widths))
        return TablesAtQuality(self.gains[quality - 1], self.steps[quality - 1], values)

    def to_bytes(self) -> bytes:
        """Compressed file of the tables."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **vars(self))
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "ChannelTables":
        """Tables of a file that `to_bytes` made, checked.

        Raises:
            ValueError: The file holds something else.
        """
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            tables = cls(**{name: arrays[name] for name in cls.__dataclass_fields__})
        tables.check()
        return tables

    def check(self) -> None:
        """Makes sure that the coder takes the tables.

        Raises:
            ValueError: It does not.
        """
        shape = self.gains.shape
        if len(shape) != 2 or shape[0] != QUALITIES or shape[1] < 1:
            raise ValueError(f"There must be gains of {QUALITIES} qualities; received {shape}.")
        if self.steps.shape != shape or self.half_widths.shape != shape:
            raise ValueError("Steps and half widths do not fit the gains.")
        for scales in (self.gains, self.steps):
            if scales.dtype != np.float32 or not (np.isfinite(scales) & (scales > 0)).all():
                raise ValueError("Gains and steps must be positive float32 numbers.")
        if self.half_widths.dtype != np.int32 or self.entries.dtype != np.int32:
            raise ValueError("Half widths and entries must be int32.")
        if self.half_widths.min() < 1 or self.half_widths.max() > MAX_SYMBOL:
            raise ValueError(f"Half widths must lie in 1..{MAX_SYMBOL}.")
        if self.entries.shape != (int((self.half_widths + 2).sum()),) or self.entries.min() < 0:
            raise ValueError("The entries do not have the length that the half widths say.")
        self._check_sums()

    def _check_sums(self) -> None:
        half_widths = self.half_widths.ravel()
        ends = np.cumsum(half_widths + 2)
        starts = ends - half_widths - 2
        twice = 2 * np.add.reduceat(self.entries.astype(np.int64), starts)
        # Zero is its own mirror image, and there is one escape.
        sums = twice - self.entries[starts] - self.entries[ends - 1]
        if (sums != 2**PRECISION_BITS - 2 * half_widths - 2).any():
            raise ValueError("The tables do not sum to the coder's precision.")


def _unused(half_widths: NDArray[np.int32]) -> NDArray[np.int32]:
    """Tables of the numbers between whole ones, which the lattice needs and a scalar does not."""
    escapes = 2**PRECISION_BITS - 2 * half_widths - 1
    tables = [
        np.append(np.zeros(w, np.int32), e) for w, e in zip(half_widths, escapes, strict=True)
    ]
    return np.concatenate(tables).astype(np.int32)
