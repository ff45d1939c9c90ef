"""Values quantised sixteen at a time, to the points of the densest known lattice in 16 dimensions.

The lattice is that of Barnes and Wall: all vectors of whole numbers whose sum is a multiple of
four and whose odd ones stand where a word of the Reed-Muller code (16, 5) has its ones. Counted in
`UNIT`s it has as many points in a volume as whole steps have, so it costs as many bits where
values spread over more than a step, and its squared error is nearly a fifth smaller (Conway &
Sloane, "Sphere Packings, Lattices and Groups", chapters 2 and 4). Values that spread less are
rounded one by one: there, most are zero, and a vector with a single one in it has no place in the
lattice. Both sides know how far a value spreads before they know it, so they agree on which are
taken together.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.entropy.errors import CorruptStream
from core.entropy.range_coding import SymbolReader, SymbolWriter
from core.entropy.tables import PreparedTable, normalised
from core.entropy.value_tables import LARGEST_VALUE, SCALES_PER_OCTAVE, Kind, ValueTables

#: Fraction bits of restored values, in quantiser steps.
STEP_BITS = 6

#: Values that are quantised together.
GROUP = 16

#: Numbers of a point count so many of these fractions: 2**-0.75 of a step, very nearly.
UNIT = 38

#: Two units are wider than a step by so many tables: a point's numbers take narrower ones.
_TABLES_NARROWER = 2

#: The numbers of a point are a multiple of this together.
_SUM = 4

#: Largest number that is quantised: from there a number of the lattice may be three further.
_LARGEST_QUANTISED = LARGEST_VALUE - 3

#: Points that are found at once; more leave the cache.
_POINTS_AT_ONCE = 2**11


def _code_words() -> NDArray[np.bool_]:
    """All sums of the binary digits of a place, and their opposites."""
    digits = [np.arange(GROUP) >> digit & 1 for digit in range(4)]
    basis = np.array([*digits, np.ones(GROUP, np.int64)])
    chosen = np.arange(2 ** len(basis))[:, np.newaxis] >> np.arange(len(basis)) & 1
    words: NDArray[np.bool_] = chosen @ basis % 2 == 1
    return words


#: Which numbers of a point may be odd together, shape (words, GROUP).
WORDS = _code_words()

#: Where values spread, all words are equally frequent.
_WORD_TABLE = PreparedTable.of(normalised([1] * len(WORDS)))


class _Coded(NamedTuple):
    """Values in the order in which they are coded.

    Attributes:
        order: Their places.
        tables: Table of each, ascending.
    """

    order: NDArray[np.int64]
    tables: NDArray[np.int16]


@dataclass(frozen=True)
class ArrangedValues:
    """Quantises, codes and restores the values of a map, whose tables are known.

    Whatever is called a number is an int16 of the map's shape: of a value that is coded alone
    twice its steps, of one in the lattice its units.

    Attributes:
        tables: The tables.
        indices: Table of each value, uint8.
        alone: Places of the values that are coded one by one, in order of their tables.
        others: Of the values of each point of the lattice but one, likewise, shape
            (points, GROUP - 1).
        last: Of that one, likewise. It is coded last, knowing the others, and is one of those that
            spread the most: they lose the least of what they tell.
    """

    tables: ValueTables
    indices: NDArray[np.uint8]
    alone: NDArray[np.int64]
    others: NDArray[np.int64]
    last: NDArray[np.int64]

    def quantise(self, values: NDArray[np.floating]) -> NDArray[np.int16]:
        """Numbers of the nearest values that can be coded.

        Args:
            values: The map in steps.
        """
        flat = values.ravel()
        most = LARGEST_VALUE // 2
        numbers: NDArray[np.int16] = np.empty(flat.size, np.int16)
        numbers[self.alone] = 2 * np.clip(np.rint(flat[self.alone]), -most, most)
        members = np.column_stack([self.others, self.last])
        for start in range(0, len(members), _POINTS_AT_ONCE):
            places = members[start : start + _POINTS_AT_ONCE]
            numbers[places] = nearest_points(flat[places])
        return numbers.reshape(values.shape)

    def write(self, writer: SymbolWriter, numbers: NDArray[np.int16]) -> None:
        """Appends what `quantise` gave."""
        flat = numbers.ravel().astype(np.int32)
        points, last = flat[self.others], flat[self.last]
        words = _words_of(points)
        writer.write(words, _WORD_TABLE)
        self.tables.write(writer, flat[self.alone], self._scales(self.alone))
        others = self._others(words)
        self.tables.write(writer, flat[others.order], others.tables)
        told = self._last(words, points.sum(axis=1))
        coded = np.where(last & 1 == 1, np.abs(last), last >> 1)
        self.tables.write(writer, coded[told.order], told.tables)

    def read(self, reader: SymbolReader) -> NDArray[np.int16]:
        """Numbers that were written for the same tables.

        Raises:
            CorruptStream: The bytes cannot come from these tables.
        """
        words = reader.read(len(self.last), _WORD_TABLE)
        others = self._others(words)
        numbers = np.empty(self.indices.size, np.int16)
        numbers[self.alone] = self.tables.read(reader, self._scales(self.alone))
        numbers[others.order] = self.tables.read(reader, others.tables)
        sums = numbers[self.others].sum(axis=1, dtype=np.int32)
        told = self._last(words, sums)
        coded = np.empty(len(sums), np.int32)
        coded[told.order] = self.tables.read(reader, told.tables)
        signed = np.where((sums + coded) % _SUM == 0, coded, -coded)
        last = np.where(WORDS[words, -1], signed, 2 * coded)
        if np.abs(last).max(initial=0) > LARGEST_VALUE:
            raise CorruptStream("A value is larger than any that is written.")
        numbers[self.last] = last
        return numbers.reshape(self.indices.shape)

    def restored(self, numbers: NDArray[np.int16]) -> NDArray[np.float32]:
        """The values, as whole numbers with STEP_BITS fraction bits, in the map's shape."""
        units = np.full(numbers.size, 1 << STEP_BITS - 1, np.float32)
        units[self.others] = UNIT
        units[self.last] = UNIT
        return numbers * units.reshape(numbers.shape)

    def _scales(self, places: NDArray[np.int64]) -> NDArray[np.int16]:
        return self.indices.ravel()[places].astype(np.int16)

    def _others(self, words: NDArray[np.int32]) -> _Coded:
        """Those that know only their word: even numbers, then odd ones."""
        is_odd = WORDS[words, :-1].ravel()
        order = self.others.ravel()[np.argsort(is_odd, kind="stable")]
        tables = self._scales(order) - _TABLES_NARROWER
        tables[len(order) - np.count_nonzero(is_odd) :] += self.tables.first(Kind.BETWEEN)
        return _Coded(order, tables)

    def _last(self, words: NDArray[np.int32], sums: NDArray[np.int32]) -> _Coded:
        """Last numbers of the points, whose places are counted among themselves.

        Of an even number the others' sum tells whether it is a multiple of four, so half of it is
        coded, at half its scale. Of an odd one it tells the sign.
        """
        is_odd = WORDS[words, -1]
        halved = np.where(sums % _SUM == 0, Kind.WHOLE, Kind.BETWEEN)
        kinds = np.where(is_odd, Kind.MAGNITUDE, halved).astype(np.int16)
        order = np.argsort(kinds, kind="stable")
        tables = self.tables.count * kinds + self._scales(self.last) - _TABLES_NARROWER
        tables[~is_odd] -= SCALES_PER_OCTAVE
        return _Coded(order, tables[order])


@dataclass(frozen=True)
class LatticeValues:
    """Tables, and from which of them on the lattice is used.

    Attributes:
        tables: The tables.
        lattice_from: First table whose values are put into the lattice.
    """

    tables: ValueTables
    lattice_from: int

    def check(self) -> None:
        """Makes sure that the tables are ones that the coder takes, and that there are enough.

        Raises:
            ValueError: They are not.
        """
        self.tables.check()
        least = SCALES_PER_OCTAVE + _TABLES_NARROWER
        if not least <= self.lattice_from <= self.tables.count:
            raise ValueError(
                f"The lattice begins at table {least}..{self.tables.count}; "
                f"received {self.lattice_from}."
            )

    def arranged(self, indices: NDArray[np.uint8]) -> ArrangedValues:
        """The values of a map, arranged for coding.

        Those that spread are taken together in the order of their tables; up to GROUP - 1 of those
        that spread the least are left over.

        Args:
            indices: Table of each value.
        """
        # Numbers of 8 bits are sorted by counting.
        order = indices.ravel().argsort(kind="stable")
        points = np.count_nonzero(indices >= self.lattice_from) // GROUP
        first, last = len(order) - GROUP * points, len(order) - points
        return ArrangedValues(
            tables=self.tables,
            indices=indices,
            alone=order[:first],
            others=order[first:last].reshape(points, GROUP - 1),
            last=order[last:],
        )


def nearest_points(values: NDArray[np.floating]) -> NDArray[np.int16]:
    """Nearest point of the lattice to each vector, in units.

    Args:
        values: In steps, shape (vectors, GROUP).
    """
    scaled = values * ((1 << STEP_BITS) / UNIT)
    np.clip(scaled, -_LARGEST_QUANTISED, _LARGEST_QUANTISED, out=scaled)
    even = 2.0 * np.rint(scaled / 2.0)
    missed = scaled - even
    # The nearest odd number is the rest of the way to the next even one.
    gaps, is_below = np.abs(missed), missed < 0.0
    costs = (1.0 - 2.0 * gaps) @ WORDS.T
    rest = (even.sum(axis=1, keepdims=True) / 2.0 + is_below.astype(even.dtype) @ WORDS.T) % 2.0
    costs += rest * _least_of_giving_way(gaps)
    words = WORDS[costs.argmin(axis=1)]
    points = even + words * np.where(is_below, -1.0, 1.0)
    rows = np.flatnonzero(points.sum(axis=1) % _SUM)
    columns = np.where(words[rows], gaps[rows], 1.0 - gaps[rows]).argmin(axis=1)
    points[rows, columns] += np.where(points[rows, columns] < scaled[rows, columns], 2.0, -2.0)
    numbers: NDArray[np.int16] = points.astype(np.int16)
    return numbers


def _words_of(points: NDArray[np.int32]) -> NDArray[np.int32]:
    """Word of each point, int32; the first nine of its numbers, or more, tell it."""
    is_odd = points & 1
    first = is_odd[:, 0]
    words = first << 4
    for digit in range(4):
        words |= (is_odd[:, 1 << digit] ^ first) << digit
    return words


def _least_of_giving_way(gaps: NDArray[np.floating]) -> NDArray[np.floating]:
    """By how much the squared distance grows where one number takes its second nearest place.

    Args:
        gaps: Distances from the nearest even numbers, shape (vectors, GROUP).

    Returns:
        The least, for each word, shape (vectors, words).
    """
    least = np.full((len(WORDS), len(gaps)), np.inf, gaps.dtype)
    for place, gap in enumerate(np.ascontiguousarray(gaps.T)):
        np.minimum(least, np.where(WORDS[:, place, np.newaxis], gap, 1.0 - gap), out=least)
    return 4.0 * least.T
