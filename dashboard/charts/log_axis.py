"""Ticks of logarithmic axes, labelled with full numbers.

Plotly labels only the powers of ten in full, and a 2 between them as "2": on an axis that shows no
power of ten a reader cannot tell 0.002 from 20.
"""

import math
from collections.abc import Iterable
from typing import Any, TypedDict

import numpy as np
import plotly.graph_objects as go

from core.analysis.axis_ticks import RATIO_TICKS, log_range, spaced_ticks

#: Leading digits of the ticks, by the most decades that an axis with them may span.
_DIGITS = ((0.35, (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9)), (1.1, (1, 1.5, 2, 3, 5, 7)))
_MEDIUM_DECADES, _LONG_DECADES = 2.2, 4.5
#: Share of the decades beyond the data that still gets ticks, for a reader who zooms out.
_MARGIN_DECADES = 1
#: Least distance of two labels on an axis of ratios, as part of the axis.
_RATIO_DISTANCE = 0.12


class LogTicks(TypedDict):
    """Settings of an axis, for `update_xaxes` and `update_yaxes`."""

    tickmode: str
    tickvals: list[float]
    ticktext: list[str]


def log_ticks(low: float, high: float) -> LogTicks:
    """Ticks of a logarithmic axis over the values `low` to `high`, with their full numbers.

    Args:
        low: Lowest value that is drawn, above 0.
        high: Highest value that is drawn.
    """
    first = math.floor(math.log10(low)) - _MARGIN_DECADES
    last = math.ceil(math.log10(high)) + _MARGIN_DECADES
    digits = _digits(math.log10(high / low))
    values = [digit * 10.0**power for power in range(first, last + 1) for digit in digits]
    return {"tickmode": "array", "tickvals": values, "ticktext": [full_number(v) for v in values]}


def log_ticks_of(values: Iterable[float]) -> dict[str, Any]:
    """Ticks for these values as settings of an axis; none where no value is positive and finite."""
    found = np.asarray(list(values), dtype=float)
    found = found[np.isfinite(found) & (found > 0)]
    return {**log_ticks(float(found.min()), float(found.max()))} if found.size else {}


def ratio_axis(ratios: Iterable[float]) -> dict[str, Any]:
    """Settings of an axis of byte ratios that shows them all and 1, labelled in percent."""
    ends = log_range([1.0, *ratios])
    ticks = spaced_ticks(RATIO_TICKS, ends, distance=_RATIO_DISTANCE)
    return {
        "type": "log",
        "range": [math.log10(end) for end in ends],
        "tickvals": [tick.value for tick in ticks],
        "ticktext": [tick.text for tick in ticks],
        "tickangle": 0,
    }


def full_number(value: float) -> str:
    """The number without an exponent, such as 0.0005 or 10,000."""
    if value >= 1000:
        return f"{value:,.0f}"
    return np.format_float_positional(value, precision=6, fractional=False, trim="-")


def write_full_ticks(figure: go.Figure) -> None:
    """Gives every logarithmic axis of a figure that has a range ticks over that range."""
    for axis in (*figure.select_xaxes(), *figure.select_yaxes()):
        if axis.type == "log" and axis.range:
            low, high = sorted(10.0**power for power in axis.range)
            axis.update(**log_ticks(low, high))


def _digits(decades: float) -> tuple[float, ...]:
    for most, digits in _DIGITS:
        if decades <= most:
            return digits
    if decades <= _MEDIUM_DECADES:
        return (1, 2, 5)
    return (1, 3) if decades <= _LONG_DECADES else (1,)
