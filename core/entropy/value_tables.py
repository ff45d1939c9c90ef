"""Tables for numbers around zero, one per scale, and an escape for what lies outside.

Table k is meant for a standard deviation of MIN_SCALE * 2**(k / SCALES_PER_OCTAVE) steps. The
tables themselves are data of the trained model; nothing here computes a probability. All values
are counted in half steps: a whole number is even, a number between two of them odd.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.entropy.errors import CorruptStream
from core.entropy.range_coding import SymbolReader, SymbolWriter
from core.entropy.tables import PRECISION_BITS, PreparedTable, quantize_pmf

SCALES_PER_OCTAVE = 8

#: Largest absolute value that can be coded, in half steps.
MAX_VALUE = 2**15 - 1

#: Bits that one value may take: its escape, its sign, the length of the excess and the excess, and
#: its share of what says where a point of the lattice lies.
MAX_BITS_PER_VALUE = 65

#: Of two symbols that are equally frequent.
_FAIR_COIN = PreparedTable.of(quantize_pmf([1, 1]))

#: Bits of an excess, at least 1, each length half as frequent as the one before.
_EXCESS_LENGTHS = PreparedTable.of(quantize_pmf([2 ** (15 - bits) for bits in range(16)]))


class Coset(IntEnum):
    """Which values a table holds; every scale has a table of each coset."""

    #: Whole numbers: 0, 1, -1, ...
    EVEN = 0
    #: Numbers between two whole ones: 1/2, -1/2, 3/2, ...
    ODD = 1
    #: Those of them above zero.
    ODD_MAGNITUDE = 2


class _Ranges(NamedTuple):
    """Of each table, int32.

    Attributes:
        lowest: Its lowest value.
        counts: How many values it holds, each two half steps above the one before.
    """

    lowest: NDArray[np.int32]
    counts: NDArray[np.int32]


@dataclass(frozen=True)
class ValueTables:
    """Symmetric tables with an escape.

    Attributes:
        half_widths: int32, shape (scales,): table k holds the whole numbers
            -half_widths[k]..half_widths[k], or the numbers between these.
        even: int32, the tables of whole numbers one after another: of each the entries of 0, 1,
            ..., its half width, and of the escape.
        odd: int32, likewise: of each the entries of 1/2, 3/2, ..., and of the escape.
    """

    half_widths: NDArray[np.int32]
    even: NDArray[np.int32]
    odd: NDArray[np.int32]

    @property
    def count(self) -> int:
        """Number of scales."""
        return len(self.half_widths)

    def first(self, coset: Coset) -> int:
        """Index of the first table of a coset; the others follow in the order of the scales."""
        return self.count * coset

    @cached_property
    def prepared(self) -> Sequence[PreparedTable]:
        """The whole tables: from the lowest value to the highest, the escape last."""
        even = _split(self.even, self.half_widths + 2)
        odd = _split(self.odd, self.half_widths + 1)
        entries = [np.concatenate([half[-2:0:-1], half]) for half in even]
        entries += [np.concatenate([half[-2::-1], half]) for half in odd]
        # An entry e stands for e + 1 units, and a magnitude for both of its signs.
        entries += [np.append(2 * half[:-1] + 1, half[-1]) for half in odd]
        return [PreparedTable.of(table) for table in entries]

    @cached_property
    def min_bits(self) -> float:
        """Fewest bits that a value can take."""
        return min(table.min_bits for table in self.prepared)

    @cached_property
    def _ranges(self) -> _Ranges:
        half_widths = self.half_widths
        lowest = [-2 * half_widths, 1 - 2 * half_widths, np.ones_like(half_widths)]
        counts = [2 * half_widths + 1, 2 * half_widths, half_widths]
        return _Ranges(np.concatenate(lowest), np.concatenate(counts))

    def check(self) -> None:
        """Makes sure that the coder takes the tables.

        Raises:
            ValueError: It does not.
        """
        if self.half_widths.ndim != 1 or not 1 <= self.count <= 256:
            raise ValueError(f"There must be 1 to 256 tables; received {self.half_widths.shape}.")
        if self.half_widths.min() < 1 or 2 * self.half_widths.max() >= MAX_VALUE:
            raise ValueError(f"A table is 1..{MAX_VALUE // 2} half steps wide on either side.")
        lengths = [(int((self.half_widths + more).sum()),) for more in (2, 1)]
        if [self.even.shape, self.odd.shape] != lengths:
            raise ValueError("The tables do not have the lengths that their half widths say.")
        _ = self.prepared

    def write(
        self, writer: SymbolWriter, values: NDArray[np.int32], indices: NDArray[np.int16]
    ) -> None:
        """Appends values, then what lies outside their tables.

        Args:
            writer: Where they go.
            values: In half steps, int32, shape (count,), of the cosets that their tables hold.
            indices: Table of each value, int16, shape (count,), ascending.
        """
        lowest, counts = (x.take(indices) for x in self._ranges)
        symbols = (values - lowest) >> 1
        outside = (symbols < 0) | (symbols >= counts)
        symbols[outside] = counts[outside]
        writer.write_groups(symbols, *self._groups(indices))
        if outside.any():
            _write_outside(writer, values[outside], _highest(lowest[outside], counts[outside]))

    def read(self, reader: SymbolReader, indices: NDArray[np.int16]) -> NDArray[np.int32]:
        """Values that were written with the same indices, int32, shape (count,).

        Raises:
            CorruptStream: The bytes cannot come from these tables.
        """
        values = reader.read_groups(*self._groups(indices))
        lowest, counts = (x.take(indices) for x in self._ranges)
        outside = values == counts
        values *= 2
        values += lowest
        if outside.any():
            highest = _highest(lowest[outside], counts[outside])
            values[outside] = _read_outside(reader, highest)
        return values

    def _groups(self, indices: NDArray[np.int16]) -> tuple[list[int], list[PreparedTable]]:
        """How many values each table has, and the tables, without those that have none."""
        counts = np.bincount(indices)
        used = np.flatnonzero(counts)
        return counts[used].tolist(), [self.prepared[index] for index in used.tolist()]


def _split(entries: NDArray[np.int32], lengths: NDArray[np.int32]) -> list[NDArray[np.int32]]:
    return np.split(entries, np.cumsum(lengths)[:-1])


def _highest(lowest: NDArray[np.int32], counts: NDArray[np.int32]) -> NDArray[np.int32]:
    return lowest + 2 * (counts - 1)


def _write_outside(
    writer: SymbolWriter, values: NDArray[np.int32], highest: NDArray[np.int32]
) -> None:
    """Signs, then excesses over the highest value as in an Elias gamma code."""
    excess = (np.abs(values) - highest) >> 1
    lengths = _bit_lengths(excess)
    writer.write((values < 0).astype(np.int32), _FAIR_COIN)
    writer.write(lengths - 1, _EXCESS_LENGTHS)
    positions = _bit_positions(lengths)
    bits = np.repeat(excess, lengths - 1) >> positions & 1
    writer.write(bits.astype(np.int32), _FAIR_COIN)


def _read_outside(reader: SymbolReader, highest: NDArray[np.int32]) -> NDArray[np.int32]:
    negative = reader.read(highest.size, _FAIR_COIN)
    lengths = reader.read(highest.size, _EXCESS_LENGTHS) + 1
    positions = _bit_positions(lengths)
    bits = reader.read(positions.size, _FAIR_COIN) << positions
    owners = np.repeat(np.arange(highest.size), lengths - 1)
    lower = np.bincount(owners, weights=bits, minlength=highest.size).astype(np.int32)
    sizes = highest + 2 * ((np.int32(1) << (lengths - 1)) + lower)
    if sizes.max() > MAX_VALUE:
        raise CorruptStream("A value is larger than any that is written.")
    return np.where(negative == 1, -sizes, sizes)


def _bit_lengths(numbers: NDArray[np.int32]) -> NDArray[np.int32]:
    """Bits of positive numbers; exact, because frexp only reads the exponent."""
    return np.frexp(numbers.astype(np.float64))[1].astype(np.int32)


def _bit_positions(lengths: NDArray[np.int32]) -> NDArray[np.int32]:
    """Position of each bit below the leading one, number after number, highest first."""
    counts = lengths - 1
    ends = np.repeat(np.cumsum(counts), counts)
    return (ends - 1 - np.arange(ends.size)).astype(np.int32)


def entries_of(coset: Coset, probabilities: NDArray[np.float64]) -> NDArray[np.int32]:
    """Half table of a symmetric distribution, as `ValueTables` holds it.

    Args:
        coset: EVEN or ODD.
        probabilities: Of the values from zero to the half width; the rest goes to the escape.
    """
    # Zero is its own mirror image.
    twice = np.full(len(probabilities), 2)
    twice[0] -= coset == Coset.EVEN
    total = 2**PRECISION_BITS - (int(twice.sum()) + 1)
    entries = np.floor(probabilities * total).astype(np.int64)
    escape = max(1, int(np.ceil((1.0 - twice @ probabilities) * total)))
    left = total - int(twice @ entries) - escape
    entries[0] += left // twice[0]
    return np.append(entries, escape + left % twice[0]).astype(np.int32)
