"""Columns of numbers as JSON values without loss of precision."""

import math
from typing import Any

import numpy as np
import pandas as pd

#: Columns that tables keep as float64; all other fractions are float32.
_DOUBLE = frozenset({"dial", "bits_per_pixel"})
_COUNTS = frozenset({"width", "height", "bytes"})


def exact_numbers(values: "pd.Series[Any]") -> list[Any]:
    """Values of a column of results, as short as they are exact; null where JSON has no number.

    A float32 is written with the digits that tell it from its neighbours, not with those that its
    conversion to float64 adds.
    """
    if not pd.api.types.is_numeric_dtype(values):
        return values.astype(object).tolist()
    if values.name in _COUNTS:
        return [int(value) for value in values]
    if values.name in _DOUBLE:
        return [float(value) if math.isfinite(value) else None for value in values]
    single = values.to_numpy(np.float32)
    return [float(str(value)) if np.isfinite(value) else None for value in single]
