"""Values quantised eight at a time, to the points of the densest lattice in eight dimensions.

The lattice is E8: all vectors of whole numbers whose sum is even, and the same with a half added
to every number. It has as many points in a volume as the whole numbers have, so it costs as many
bits where values spread over more than a step, and its squared error is a seventh smaller (Conway
& Sloane, "Fast quantizing and decoding algorithms for lattice quantizers and codes", IEEE
Transactions on Information Theory 28, 1982). Values that spread less are rounded one by one:
there, most are zero, and a vector with a single one in it has no place in the lattice. Both sides
know how far a value spreads before they know it, so they agree on which are taken together.

All values are counted in half steps here, so that they are whole numbers.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.entropy.errors import CorruptStream
from core.entropy.range_coding import SymbolReader, SymbolWriter
from core.entropy.value_tables import (
    FAIR_COIN,
    LARGEST_VALUE,
    SCALES_PER_OCTAVE,
    Kind,
    ValueTables,
)

#: Values that are quantised together.
GROUP = 8

#: The half steps of a point's values are a multiple of this together.
_SUM = 4

#: Largest value, in half steps, that is quantised: from there a lattice point may be two further.
_LARGEST_QUANTISED = LARGEST_VALUE - 3

#: Groups that are quantised at once; more leave the cache.
_GROUPS_AT_ONCE = 2**13


class _Groups(NamedTuple):
    """What an encoder and a decoder know of a map before any of its values.

    Attributes:
        members: Places of the values of each point of the lattice, shape (points, GROUP).
        last: Place of that value of each point that is coded last, knowing the others.
        is_free: Whether a value is coded without knowing others, of the map's size.
    """

    members: NDArray[np.int64]
    last: NDArray[np.int64]
    is_free: NDArray[np.bool_]


@dataclass(frozen=True)
class LatticeValues:
    """Quantises and codes the values of a map by the tables of their scales.

    Those that spread are taken eight by eight in the map's order; up to seven are left over.

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
        if not SCALES_PER_OCTAVE <= self.lattice_from <= self.tables.count:
            raise ValueError(
                f"The lattice begins at table {SCALES_PER_OCTAVE}..{self.tables.count}; "
                f"received {self.lattice_from}."
            )

    def quantise(
        self, values: NDArray[np.floating], indices: NDArray[np.uint8]
    ) -> NDArray[np.int16]:
        """Nearest values that can be coded, int16, in half steps.

        Args:
            values: A map's values in steps.
            indices: Table of each value, of the same shape.
        """
        most = _LARGEST_QUANTISED / 2
        flat = np.clip(values.ravel(), -most, most)
        found: NDArray[np.int16] = (2 * np.rint(flat)).astype(np.int16)
        members = self._members(indices.ravel())
        for start in range(0, len(members), _GROUPS_AT_ONCE):
            places = members[start : start + _GROUPS_AT_ONCE]
            found[places] = nearest_points(flat[places].astype(np.float64))
        return found.reshape(values.shape)

    def write(
        self, writer: SymbolWriter, values: NDArray[np.int16], indices: NDArray[np.uint8]
    ) -> None:
        """Appends what `quantise` gave.

        Args:
            writer: Where it goes.
            values: In half steps.
            indices: Table of each value, of the same shape.
        """
        numbers, scales = values.ravel(), indices.ravel()
        groups = self._groups(scales)
        is_between = (numbers[groups.last] & 1).astype(np.int32)
        writer.write(is_between, FAIR_COIN)
        free = groups.is_free
        tables = self._free_tables(groups, scales, is_between)
        self.tables.write(writer, numbers[free].astype(np.int32), tables[free])
        last = numbers[groups.last].astype(np.int32)
        others = numbers[groups.members].sum(axis=1, dtype=np.int32) - last
        coded = np.where(is_between == 1, np.abs(last), last >> 1)
        tables = self._last_tables(scales[groups.last], is_between, others)
        self.tables.write(writer, coded, tables)

    def read(self, reader: SymbolReader, indices: NDArray[np.uint8]) -> NDArray[np.int16]:
        """Values that were written with the same indices, int16, in half steps, of their shape.

        Raises:
            CorruptStream: The bytes cannot come from these tables.
        """
        scales = indices.ravel()
        groups = self._groups(scales)
        is_between = reader.read(len(groups.last), FAIR_COIN)
        free = groups.is_free
        tables = self._free_tables(groups, scales, is_between)
        numbers = np.zeros(scales.size, np.int16)
        numbers[free] = self.tables.read(reader, tables[free])
        others = numbers[groups.members].sum(axis=1, dtype=np.int32)
        coded = self.tables.read(reader, self._last_tables(scales[groups.last], is_between, others))
        signed = np.where((others + coded) % _SUM == 0, coded, -coded)
        last = np.where(is_between == 1, signed, 2 * coded)
        if np.abs(last).max(initial=0) > LARGEST_VALUE:
            raise CorruptStream("A value is larger than any that is written.")
        numbers[groups.last] = last
        return numbers.reshape(indices.shape)

    def _members(self, scales: NDArray[np.uint8]) -> NDArray[np.int64]:
        places = np.flatnonzero(scales >= self.lattice_from)
        return places[: len(places) // GROUP * GROUP].reshape(-1, GROUP)

    def _groups(self, scales: NDArray[np.uint8]) -> _Groups:
        members = self._members(scales)
        # The one that spreads the most tells the least of itself by what the others leave it.
        last = members[np.arange(len(members)), scales[members].argmax(axis=1)]
        is_free = np.ones(scales.size, np.bool_)
        is_free[last] = False
        return _Groups(members, last, is_free)

    def _free_tables(
        self, groups: _Groups, scales: NDArray[np.uint8], is_between: NDArray[np.int32]
    ) -> NDArray[np.int16]:
        tables = scales.astype(np.int16)
        tables[groups.members[is_between == 1]] += self.tables.first(Kind.BETWEEN)
        return tables

    def _last_tables(
        self, scales: NDArray[np.uint8], is_between: NDArray[np.int32], others: NDArray[np.int32]
    ) -> NDArray[np.int16]:
        """Tables of the last values of the points.

        Of a whole number the others tell whether it is even, so half of it is coded: whole or
        between whole numbers, at half its scale. Of a number between, they tell the sign.
        """
        whole = scales.astype(np.int16) - SCALES_PER_OCTAVE
        whole[others % _SUM != 0] += self.tables.first(Kind.BETWEEN)
        between = scales.astype(np.int16) + self.tables.first(Kind.MAGNITUDE)
        return np.where(is_between == 1, between, whole)


def nearest_points(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Nearest point of the lattice to each vector, in half steps.

    Args:
        values: In steps, shape (vectors, GROUP).
    """
    whole = _nearest_of_even_sum(values)
    between = _nearest_of_even_sum(values - 0.5) + 0.5
    to_whole, to_between = (np.square(values - x).sum(axis=1) for x in (whole, between))
    return 2.0 * np.where((to_between < to_whole)[:, np.newaxis], between, whole)


def _nearest_of_even_sum(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Nearest whole numbers with an even sum; where it is odd the least certain one gives way."""
    found = np.rint(values)
    rows = np.flatnonzero(found.sum(axis=1) % 2.0)
    missed = values[rows] - found[rows]
    columns = np.abs(missed).argmax(axis=1)
    found[rows, columns] += np.where(missed[np.arange(len(rows)), columns] < 0.0, -1.0, 1.0)
    return found
