"""Probability tables as integers, so that every machine builds the same entropy model."""

import math
from dataclasses import dataclass

import constriction
import numpy as np
from numpy.typing import ArrayLike, NDArray

#: constriction's `Categorical` works with probabilities in units of 2**-24.
PRECISION_BITS = 24


def quantize_pmf(histogram: ArrayLike) -> NDArray[np.int32]:
    """Table of a histogram: integers that sum to 2**24 minus the number of symbols.

    The range coder adds one unit to each entry, so symbol i has probability
    (table[i] + 1) / 2**24 exactly and none is impossible. Only integer arithmetic is used.

    Args:
        histogram: How often each of at least two symbols was seen, integers of at least 0,
            shape (symbols,). All zeros give the uniform table.

    Raises:
        ValueError: Fewer than two symbols, or a negative count.
    """
    counts = np.asarray(histogram, dtype=np.int64)
    if counts.ndim != 1 or counts.size < 2 or counts.min() < 0:
        raise ValueError(
            f"A table needs two or more counts of at least 0; received shape {counts.shape}, "
            f"smallest {counts.min(initial=0)}."
        )
    if not counts.any():
        counts = np.ones_like(counts)
    # Keeps the products below 2**63.
    counts >>= max(0, int(counts.sum()).bit_length() - 38)
    total = 2**PRECISION_BITS - counts.size
    table: NDArray[np.int64] = counts * total // counts.sum()
    table[np.argmax(table)] += total - table.sum()
    return table.astype(np.int32)


def categorical(table: NDArray[np.int32]) -> constriction.stream.model.Categorical:
    """Constriction's model of one table, equal to the table without any rounding.

    Args:
        table: Integers as `quantize_pmf` makes them, shape (symbols,).

    Raises:
        ValueError: The table does not sum to 2**24 minus its length, or has a negative entry.
            constriction itself takes such a table without complaint.
    """
    total = int(table.sum(dtype=np.int64))
    if table.size < 2 or total != 2**PRECISION_BITS - table.size or table.min() < 0:
        raise ValueError(
            f"A table of {table.size} entries must sum to {2**PRECISION_BITS - table.size} "
            f"without negative entries; received sum {total}, smallest {table.min(initial=0)}."
        )
    return constriction.stream.model.Categorical(table.astype(np.float64), perfect=False)


@dataclass(frozen=True)
class PreparedTable:
    """A table and constriction's model of it, for tables that are used again and again.

    Attributes:
        entries: Integers as `quantize_pmf` makes them, shape (symbols,).
        model: What `categorical` makes of them.
    """

    entries: NDArray[np.int32]
    model: constriction.stream.model.Categorical

    @classmethod
    def of(cls, entries: NDArray[np.int32]) -> "PreparedTable":
        """Table of some entries.

        Raises:
            ValueError: As `categorical`.
        """
        return cls(entries, categorical(entries))

    @property
    def min_bits(self) -> float:
        """Information in the most likely symbol: no symbol of the table takes fewer bits."""
        return PRECISION_BITS - math.log2(int(self.entries.max()) + 1)
