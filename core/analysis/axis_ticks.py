"""Range and labelled ticks of an axis: numbers only, drawn by the dashboard and the report."""

import math
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import numpy as np

Scale = Literal["linear", "log"]

#: Margin at each end of a logarithmic axis: fraction of its length, and minimum ratio.
_MARGIN, _LEAST_RATIO = 0.05, 1.08


class Tick(NamedTuple):
    """A labelled value on an axis.

    Attributes:
        value: Where it stands on the axis.
        text: Its label.
    """

    value: float
    text: str


class AxisRange(NamedTuple):
    """Ends of an axis, in the unit of its values.

    Attributes:
        low: Smallest value.
        high: Largest value.
    """

    low: float
    high: float


def _ratio_tick(percent: int) -> Tick:
    sign = "" if not percent else "+" if percent > 0 else "\N{MINUS SIGN}"
    return Tick(1 + percent / 100, f"{sign}{abs(percent)} %")


#: Candidates on an axis of byte ratios, labelled as changes in percent; the most useful first.
RATIO_TICKS = tuple(
    _ratio_tick(percent)
    for percent in (
        *(0, -50, 100, -75, 300, 900, -90, 50, -30, 200, 500),
        *(-20, 30, -40, 20, -60, -10, 10, 75, 150, -70, -80),
    )
)
#: Candidates on an axis of milliseconds, likewise.
TIME_TICKS = (
    *(Tick(1.0, "1 ms"), Tick(1e2, "100 ms"), Tick(1e4, "10 s"), Tick(1e6, "1000 s")),
    *(Tick(1e-2, "0.01 ms"), Tick(1e1, "10 ms"), Tick(1e3, "1 s"), Tick(1e5, "100 s")),
    *(Tick(1e-1, "0.1 ms"), Tick(1e-3, "0.001 ms")),
)


def log_range(values: Iterable[float]) -> AxisRange:
    """Range of a logarithmic axis that shows all values, with a margin at both ends.

    Args:
        values: What is drawn, above 0; values that are not finite are left out.

    Raises:
        ValueError: No value is finite.
    """
    found = np.asarray(list(values), dtype=np.float64)
    found = found[np.isfinite(found)]
    if not found.size:
        raise ValueError("A logarithmic axis needs a finite value; received none.")
    margin = max(_LEAST_RATIO, (found.max() / found.min()) ** _MARGIN)
    return AxisRange(float(found.min() / margin), float(found.max() * margin))


def spaced_ticks(
    candidates: Sequence[tuple[float, str]],
    ends: AxisRange,
    *,
    distance: float,
    scale: Scale = "log",
) -> list[Tick]:
    """The candidates within an axis whose labels do not overlap, in ascending order.

    Args:
        candidates: Values and labels, the most useful first: each keeps those after it away.
        ends: Ends of the axis.
        distance: Minimum distance between two labels, as a fraction of the axis.
        scale: Scale of the axis.
    """
    low, high = (_position(end, scale) for end in ends)
    shown: list[Tick] = []
    for value, text in candidates:
        here = _position(value, scale)
        distances = [abs(here - _position(other.value, scale)) for other in shown]
        if low <= here <= high and min(distances, default=math.inf) > distance * (high - low):
            shown.append(Tick(value, text))
    return sorted(shown)


def _position(value: float, scale: Scale) -> float:
    return math.log10(value) if scale == "log" else value
