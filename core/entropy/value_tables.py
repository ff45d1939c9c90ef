"""Tables for whole numbers around zero, one per spread, and an escape for what lies outside.

Table k is meant for a standard deviation of SMALLEST_SCALE * 2**(k / SCALES_PER_OCTAVE). The
tables themselves are data of the trained model; nothing here computes a probability.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.entropy.errors import CorruptStream
from core.entropy.range_coding import SymbolReader, SymbolWriter
from core.entropy.tables import PRECISION_BITS, PreparedTable, normalised

SCALES_PER_OCTAVE = 8

#: Largest absolute value that can be coded.
LARGEST_VALUE = 2**15 - 1

#: Bits that one value may take: its escape, its sign, the length of the excess and the excess.
MOST_BITS_PER_VALUE = 64

#: Bits of an excess, at least 1, each length half as frequent as the one before.
_EXCESS_LENGTHS = PreparedTable.of(normalised([2 ** (15 - bits) for bits in range(16)]))
_FAIR_COIN = PreparedTable.of(normalised([1, 1]))


@dataclass(frozen=True)
class ValueTables:
    """Symmetric tables with an escape.

    Attributes:
        reaches: int32, shape (tables,): table k holds the values -reaches[k]..reaches[k].
        halves: int32, the tables one after another: of each the entries of 0, 1, ..., its reach,
            and of the escape.
    """

    reaches: NDArray[np.int32]
    halves: NDArray[np.int32]

    @property
    def count(self) -> int:
        """Number of tables."""
        return len(self.reaches)

    @cached_property
    def prepared(self) -> Sequence[PreparedTable]:
        """The whole tables: from the lowest value to the highest, the escape last."""
        ends = np.cumsum(self.reaches + 2)
        return [
            PreparedTable.of(np.concatenate([half[-2:0:-1], half]))
            for half in np.split(self.halves, ends[:-1])
        ]

    def check(self) -> None:
        """Makes sure that the coder takes the tables.

        Raises:
            ValueError: It does not.
        """
        if self.reaches.ndim != 1 or not 1 <= self.count <= 256:
            raise ValueError(f"There must be 1 to 256 tables; received {self.reaches.shape}.")
        if self.reaches.min() < 1 or self.reaches.max() >= LARGEST_VALUE:
            raise ValueError(f"A table reaches 1..{LARGEST_VALUE - 1} away from zero.")
        if self.halves.shape != (int((self.reaches + 2).sum()),):
            raise ValueError("The tables do not have the lengths that their reaches say.")
        _ = self.prepared

    def write(
        self, writer: SymbolWriter, values: NDArray[np.int16], indices: NDArray[np.uint8]
    ) -> None:
        """Appends values, grouped by their tables, then what lies outside these.

        Args:
            writer: Where they go.
            values: int16, shape (count,).
            indices: Table of each value, uint8, shape (count,).
        """
        groups = _groups(indices, self.count)
        ordered = values[groups.order].astype(np.int32)
        reaches = np.repeat(self.reaches, groups.counts)
        outside = np.abs(ordered) > reaches
        symbols = ordered + reaches
        symbols[outside] = 2 * reaches[outside] + 1
        for index, start, end in groups.spans:
            # A copy: the writer forgets groups one by one.
            writer.write(symbols[start:end].copy(), self.prepared[index])
        if outside.any():
            _write_outside(writer, ordered[outside], reaches[outside])

    def read(self, reader: SymbolReader, indices: NDArray[np.uint8]) -> NDArray[np.int16]:
        """Values that were written with the same indices, int16, shape (count,).

        Raises:
            CorruptStream: The bytes cannot come from these tables.
        """
        groups = _groups(indices, self.count)
        ordered = np.empty(indices.size, np.int32)
        for index, start, end in groups.spans:
            ordered[start:end] = reader.read(end - start, self.prepared[index])
        reaches = np.repeat(self.reaches, groups.counts)
        ordered -= reaches
        outside = ordered > reaches
        if outside.any():
            ordered[outside] = _read_outside(reader, reaches[outside])
        values = np.empty(indices.size, np.int16)
        values[groups.order] = ordered
        return values


@dataclass(frozen=True)
class _Groups:
    order: NDArray[np.int64]
    counts: NDArray[np.int64]

    @property
    def spans(self) -> list[tuple[int, int, int]]:
        """Table, start and end of each group that is not empty."""
        ends = np.cumsum(self.counts).tolist()
        spans = zip(range(len(ends)), [0, *ends], ends, strict=False)
        return [span for span in spans if span[1] < span[2]]


def _groups(indices: NDArray[np.uint8], count: int) -> _Groups:
    """Positions ordered by table, and how many each table has."""
    return _Groups(np.argsort(indices, kind="stable"), np.bincount(indices, minlength=count))


def _write_outside(
    writer: SymbolWriter, values: NDArray[np.int32], reaches: NDArray[np.int32]
) -> None:
    """Signs, then excesses over the reach as in an Elias gamma code."""
    excess = np.abs(values) - reaches
    lengths = _bit_lengths(excess)
    writer.write((values < 0).astype(np.int32), _FAIR_COIN)
    writer.write(lengths - 1, _EXCESS_LENGTHS)
    places = _places(lengths)
    bits = np.repeat(excess, lengths - 1) >> places & 1
    writer.write(bits.astype(np.int32), _FAIR_COIN)


def _read_outside(reader: SymbolReader, reaches: NDArray[np.int32]) -> NDArray[np.int32]:
    negative = reader.read(reaches.size, _FAIR_COIN)
    lengths = reader.read(reaches.size, _EXCESS_LENGTHS) + 1
    places = _places(lengths)
    bits = reader.read(places.size, _FAIR_COIN) << places
    owners = np.repeat(np.arange(reaches.size), lengths - 1)
    lower = np.bincount(owners, weights=bits, minlength=reaches.size).astype(np.int32)
    sizes = reaches + (np.int32(1) << (lengths - 1)) + lower
    if sizes.max() > LARGEST_VALUE:
        raise CorruptStream("A value is larger than any that is written.")
    return np.where(negative == 1, -sizes, sizes)


def _bit_lengths(numbers: NDArray[np.int32]) -> NDArray[np.int32]:
    """Bits of positive numbers; exact, because frexp only reads the exponent."""
    return np.frexp(numbers.astype(np.float64))[1].astype(np.int32)


def _places(lengths: NDArray[np.int32]) -> NDArray[np.int32]:
    """Place of each bit below the leading one, number after number, highest place first."""
    counts = lengths - 1
    ends = np.repeat(np.cumsum(counts), counts)
    return (ends - 1 - np.arange(ends.size)).astype(np.int32)


def entries_of(probabilities: NDArray[np.float64]) -> NDArray[np.int32]:
    """Half table of a symmetric distribution, as `ValueTables.halves` holds it.

    Args:
        probabilities: Of 0, 1, ..., the reach; what they leave goes to the escape.
    """
    reach = len(probabilities) - 1
    total = 2**PRECISION_BITS - (2 * reach + 2)
    entries = np.floor(probabilities * total).astype(np.int64)
    outside = 1.0 - probabilities[0] - 2.0 * probabilities[1:].sum()
    escape = max(1, int(np.ceil(outside * total)))
    entries[0] = total - 2 * entries[1:].sum() - escape
    return np.append(entries, escape).astype(np.int32)
