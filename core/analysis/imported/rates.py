"""The rate of each point: from the sizes of file and image where both are known."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from core.analysis.imported.table import RATE, UnusableImport

_NAMES = ("curve", "setting", "image")
_SIZES = ("bytes", "width", "height")
#: What rounding may add to a stated rate, as a part of it and in bits per pixel: far less than the
#: factor of eight between bits and bytes.
_ROUNDED_PART, _ROUNDED_BITS = 0.02, 0.01


def has_sizes(columns: Iterable[str]) -> bool:
    """Whether the columns give a rate without one that states it."""
    return set(_SIZES) <= {*columns}


def with_rates(table: pd.DataFrame) -> pd.DataFrame:
    """The table with a rate: 8 x bytes / pixels where a row has them, else what it states.

    Args:
        table: Points; a rate that is stated is in bits per pixel.

    Raises:
        UnusableImport: A row states another rate than its sizes give.
    """
    stated = table[RATE].astype("float64") if RATE in table else pd.Series(np.nan, table.index)
    if not has_sizes(table.columns):
        return table.assign(**{RATE: stated})
    size, width, height = (table[name].astype("float64") for name in _SIZES)
    found = 8.0 * size / (width * height)
    wrong = (stated - found).abs() > np.maximum(_ROUNDED_PART * found, _ROUNDED_BITS)
    if wrong.any():
        place = wrong.to_numpy().argmax()
        row = table.iloc[place]
        named = [str(row[name]) for name in _NAMES if name in table]
        raise UnusableImport(
            f"{', '.join(['A point', *named])} states {row[RATE]:.4g} bits per pixel, but "
            f"{row['bytes']:g} bytes of {row['width']:g}x{row['height']:g} pixels are "
            f"{found.iloc[place]:.4g}."
        )
    return table.assign(**{RATE: found.fillna(stated)})


def rate_names(rates: Iterable[float]) -> list[str]:
    """Names of settings that are told apart by their rates alone; equal rates have one name.

    >>> rate_names([0.25, 0.5000001, 0.5000002])
    ['0.25 bpp', '0.5000001 bpp', '0.5000002 bpp']
    """
    values = pd.Series(list(rates), dtype="float64")
    short = values.map("{:.6g} bpp".format)
    is_shared = values.groupby(short).transform("nunique") > 1
    return [str(name) for name in short.where(~is_shared, values.map("{!r} bpp".format))]
