"""The bound that no entropy code undercuts."""

import numpy as np
from numpy.typing import NDArray

from core.entropy.tables import PRECISION_BITS


def ideal_bits(symbols: NDArray[np.int32], table: NDArray[np.int32]) -> float:
    """Information in the symbols under the table, in bits: the bound that no code undercuts."""
    probabilities = (table.astype(np.float64) + 1) / 2**PRECISION_BITS
    return float(-np.log2(probabilities)[symbols].sum())
