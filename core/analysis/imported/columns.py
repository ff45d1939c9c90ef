"""What other tools call the columns that are read, and numbers as they write them."""

import math
import re
from collections.abc import Iterable

from core.analysis.imported.table import RATE, UnusableImport
from core.metrics import metrics

_RATES = frozenset({"bpp", "bitsperpixel", "rate", "bitrate", "ratebpp"})
_OTHERS = {"encodedsize": "bytes", "size": "bytes", "sizebytes": "bytes", "filesize": "bytes"}
#: Over the red, green and blue values, as here; without the word they are taken to be so.
_RGB_METRICS = {"psnrrgb": "psnr_db", "psnrrgbdb": "psnr_db", "msssimrgb": "ms_ssim"}
_COUNTS = frozenset({"images", "bytes", "width", "height"})


def column_of(name: str) -> str | None:
    """The column here that another tool's column is; None for one that is not read.

    >>> column_of("PSNR-RGB (dB)"), column_of("bpp"), column_of("vmaf")
    ('psnr_db', 'bits_per_pixel', None)
    """
    plain = _plain(name)
    if plain in _RATES:
        return RATE
    if plain in _COUNTS:
        return plain
    return _OTHERS.get(plain) or metric_of(name)


def metric_of(name: str) -> str | None:
    """Metric that another tool calls so; None for one that is not known here."""
    plain = _plain(name)
    known = {_plain(metric): metric for metric in metrics()}
    known |= {_plain(metric.removesuffix("_db")): metric for metric in metrics()}
    known |= {alias: metric for alias, metric in _RGB_METRICS.items() if metric in metrics()}
    return known.get(plain)


def chosen_columns(names: Iterable[str]) -> dict[str, str]:
    """The other tool's column by the column here; of two for one, that which names RGB."""
    chosen: dict[str, str] = {}
    for name in names:
        column = column_of(name)
        if column and (column not in chosen or _plain(name) in _RGB_METRICS):
            chosen[column] = name
    return chosen


def number(value: object, place: str) -> float:
    """A finite number.

    Args:
        value: What the file has there: a number, or its text.
        place: Where, for the error.

    Raises:
        UnusableImport: It is none.
    """
    try:
        found = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        found = math.nan
    if not math.isfinite(found):
        raise UnusableImport(f"{place} must be a finite number; received {str(value)[:40]!r}.")
    return found


def count(value: object, place: str) -> int:
    """A whole number, as `number`."""
    found = number(value, place)
    if found != int(found):
        raise UnusableImport(f"{place} must be a whole number; received {found:g}.")
    return int(found)


def value_of(column: str, value: object, place: str, *, is_mean: bool = False) -> float | int:
    """The value of a column that `column_of` knows; a mean of sizes need not be whole."""
    is_count = column in _COUNTS and not (is_mean and column == "bytes")
    return count(value, place) if is_count else number(value, place)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
