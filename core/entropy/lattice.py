"""Values quantised sixteen at a time, to the points of the densest known lattice in 16 dimensions.

The lattice is that of Barnes and Wall: all vectors of integers whose sum is a multiple of four and
whose odd coordinates stand where a codeword of the Reed-Muller code (16, 5) has ones. Counted in
`UNIT`s it has as many points per volume as the integers have, so it costs as many bits where the
standard deviation exceeds a step, and its squared error is nearly a fifth smaller (Conway &
Sloane, "Sphere Packings, Lattices and Groups", chapters 2 and 4). Values of a smaller scale are
rounded one by one: most of them are zero, and a vector with a single one is no point of the
lattice. Encoder and decoder know the scale of a value before the value, so they agree on which
values are quantised together.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.entropy.errors import CorruptStream
from core.entropy.range_coding import SymbolReader, SymbolWriter
from core.entropy.tables import PreparedTable, quantize_pmf
from core.entropy.value_tables import MAX_VALUE, SCALES_PER_OCTAVE, Coset, ValueTables

#: Fraction bits of restored values, in quantiser steps.
STEP_BITS = 6

#: Values that are quantised together.
GROUP = 16

#: A coordinate of one, in units of 2**-STEP_BITS of a step: very nearly 2**-0.75 of a step.
UNIT = 38

#: Tables by which the scale of a coordinate is smaller than that of its value in steps.
_TABLES_NARROWER = 2

#: The sum of a point's coordinates is a multiple of this.
_SUM = 4

#: Largest value that is quantised: a coordinate of the lattice may be three further from zero.
_MAX_QUANTISED = MAX_VALUE - 3

#: Points that are found at once; more leave the cache.
_POINTS_AT_ONCE = 2**11


def _codewords() -> NDArray[np.bool_]:
    """All sums of the binary digits of an index, and their complements."""
    digits = [np.arange(GROUP) >> digit & 1 for digit in range(4)]
    basis = np.array([*digits, np.ones(GROUP, np.int64)])
    chosen = np.arange(2 ** len(basis))[:, np.newaxis] >> np.arange(len(basis)) & 1
    codewords: NDArray[np.bool_] = chosen @ basis % 2 == 1
    return codewords


#: Which coordinates of a point may be odd together, shape (codewords, GROUP).
CODEWORDS = _codewords()

#: Where scales are large, all codewords are equally frequent.
_CODEWORD_TABLE = PreparedTable.of(quantize_pmf([1] * len(CODEWORDS)))


class _Coded(NamedTuple):
    """Values in the order in which they are coded.

    Attributes:
        order: Their indices in the flattened map.
        tables: Table of each, ascending.
    """

    order: NDArray[np.int64]
    tables: NDArray[np.int16]


@dataclass(frozen=True)
class ArrangedValues:
    """Quantises, codes and restores the values of a map, whose tables are known.

    Coordinates are int16 in the shape of the map: twice the steps of a value that is coded alone,
    and the units of one in the lattice.

    Attributes:
        tables: The tables.
        indices: Table of each value, uint8.
        scalar_indices: Indices of the values that are coded one by one, in order of their tables.
        point_indices: Of the values of each point of the lattice but one, likewise, shape
            (points, GROUP - 1).
        parity_indices: Of that one, likewise. It is coded last, conditioned on the others, and has
            one of the largest scales: there the condition saves the same bits at the least cost.
    """

    tables: ValueTables
    indices: NDArray[np.uint8]
    scalar_indices: NDArray[np.int64]
    point_indices: NDArray[np.int64]
    parity_indices: NDArray[np.int64]

    def quantise(self, values: NDArray[np.floating]) -> NDArray[np.int16]:
        """Numbers of the nearest values that can be coded.

        Args:
            values: The map in steps.
        """
        flat = values.ravel()
        most = MAX_VALUE // 2
        coordinates: NDArray[np.int16] = np.empty(flat.size, np.int16)
        scalars = np.rint(flat[self.scalar_indices])
        coordinates[self.scalar_indices] = 2 * np.clip(scalars, -most, most)
        members = np.column_stack([self.point_indices, self.parity_indices])
        for start in range(0, len(members), _POINTS_AT_ONCE):
            flat_indices = members[start : start + _POINTS_AT_ONCE]
            coordinates[flat_indices] = nearest_points(flat[flat_indices])
        return coordinates.reshape(values.shape)

    def write(self, writer: SymbolWriter, coordinates: NDArray[np.int16]) -> None:
        """Appends what `quantise` gave."""
        flat = coordinates.ravel().astype(np.int32)
        points, last = flat[self.point_indices], flat[self.parity_indices]
        codewords = _codewords_of(points)
        writer.write(codewords, _CODEWORD_TABLE)
        self.tables.write(writer, flat[self.scalar_indices], self._scales(self.scalar_indices))
        others = self._point_coded(codewords)
        self.tables.write(writer, flat[others.order], others.tables)
        conditioned = self._parity_coded(codewords, points.sum(axis=1))
        coded = np.where(last & 1 == 1, np.abs(last), last >> 1)
        self.tables.write(writer, coded[conditioned.order], conditioned.tables)

    def read(self, reader: SymbolReader) -> NDArray[np.int16]:
        """Numbers that were written for the same tables.

        Raises:
            CorruptStream: The bytes cannot come from these tables.
        """
        codewords = reader.read(len(self.parity_indices), _CODEWORD_TABLE)
        others = self._point_coded(codewords)
        coordinates = np.empty(self.indices.size, np.int16)
        scales = self._scales(self.scalar_indices)
        coordinates[self.scalar_indices] = self.tables.read(reader, scales)
        coordinates[others.order] = self.tables.read(reader, others.tables)
        sums = coordinates[self.point_indices].sum(axis=1, dtype=np.int32)
        conditioned = self._parity_coded(codewords, sums)
        coded = np.empty(len(sums), np.int32)
        coded[conditioned.order] = self.tables.read(reader, conditioned.tables)
        signed = np.where((sums + coded) % _SUM == 0, coded, -coded)
        last = np.where(CODEWORDS[codewords, -1], signed, 2 * coded)
        if np.abs(last).max(initial=0) > MAX_VALUE:
            raise CorruptStream("A value is larger than any that is written.")
        coordinates[self.parity_indices] = last
        return coordinates.reshape(self.indices.shape)

    def restored(self, coordinates: NDArray[np.int16]) -> NDArray[np.float32]:
        """The values, as integers with STEP_BITS fraction bits, in the map's shape."""
        units = np.full(coordinates.size, 1 << STEP_BITS - 1, np.float32)
        units[self.point_indices] = UNIT
        units[self.parity_indices] = UNIT
        return coordinates * units.reshape(coordinates.shape)

    def _scales(self, flat_indices: NDArray[np.int64]) -> NDArray[np.int16]:
        return self.indices.ravel()[flat_indices].astype(np.int16)

    def _point_coded(self, codewords: NDArray[np.int32]) -> _Coded:
        """Coordinates conditioned on their codeword alone: even ones, then odd ones."""
        is_odd = CODEWORDS[codewords, :-1].ravel()
        order = self.point_indices.ravel()[np.argsort(is_odd, kind="stable")]
        tables = self._scales(order) - _TABLES_NARROWER
        tables[len(order) - np.count_nonzero(is_odd) :] += self.tables.first(Coset.ODD)
        return _Coded(order, tables)

    def _parity_coded(self, codewords: NDArray[np.int32], sums: NDArray[np.int32]) -> _Coded:
        """Last coordinates of the points, counted among themselves.

        The sum of the others decides whether an even coordinate is a multiple of four, so half of
        it is coded, at half its scale. It decides the sign of an odd one.
        """
        is_odd = CODEWORDS[codewords, -1]
        halved = np.where(sums % _SUM == 0, Coset.EVEN, Coset.ODD)
        cosets = np.where(is_odd, Coset.ODD_MAGNITUDE, halved).astype(np.int16)
        order = np.argsort(cosets, kind="stable")
        tables = self.tables.count * cosets + self._scales(self.parity_indices) - _TABLES_NARROWER
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
            scalar_indices=order[:first],
            point_indices=order[first:last].reshape(points, GROUP - 1),
            parity_indices=order[last:],
        )


def nearest_points(values: NDArray[np.floating]) -> NDArray[np.int16]:
    """Nearest point of the lattice to each vector, in units.

    Args:
        values: In steps, shape (vectors, GROUP).
    """
    scaled = values * ((1 << STEP_BITS) / UNIT)
    np.clip(scaled, -_MAX_QUANTISED, _MAX_QUANTISED, out=scaled)
    even = 2.0 * np.rint(scaled / 2.0)
    missed = scaled - even
    # The nearest odd coordinate is the rest of the way to the next even one.
    gaps, is_below = np.abs(missed), missed < 0.0
    costs = (1.0 - 2.0 * gaps) @ CODEWORDS.T
    rest = (even.sum(axis=1, keepdims=True) / 2.0 + is_below.astype(even.dtype) @ CODEWORDS.T) % 2.0
    costs += rest * _least_of_giving_way(gaps)
    codewords = CODEWORDS[costs.argmin(axis=1)]
    points = even + codewords * np.where(is_below, -1.0, 1.0)
    rows = np.flatnonzero(points.sum(axis=1) % _SUM)
    columns = np.where(codewords[rows], gaps[rows], 1.0 - gaps[rows]).argmin(axis=1)
    points[rows, columns] += np.where(points[rows, columns] < scaled[rows, columns], 2.0, -2.0)
    coordinates: NDArray[np.int16] = points.astype(np.int16)
    return coordinates


def _codewords_of(points: NDArray[np.int32]) -> NDArray[np.int32]:
    """Codeword of each point, int32, from nine or more of its first coordinates."""
    is_odd = points & 1
    first = is_odd[:, 0]
    codewords = first << 4
    for digit in range(4):
        codewords |= (is_odd[:, 1 << digit] ^ first) << digit
    return codewords


def _least_of_giving_way(gaps: NDArray[np.floating]) -> NDArray[np.floating]:
    """By how much the squared distance grows where one coordinate takes its second nearest place.

    Args:
        gaps: Distances from the nearest even coordinates, shape (vectors, GROUP).

    Returns:
        The least, for each codeword, shape (vectors, codewords).
    """
    least = np.full((len(CODEWORDS), len(gaps)), np.inf, gaps.dtype)
    for place, gap in enumerate(np.ascontiguousarray(gaps.T)):
        np.minimum(least, np.where(CODEWORDS[:, place, np.newaxis], gap, 1.0 - gap), out=least)
    return 4.0 * least.T
