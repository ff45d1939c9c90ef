"""Search for the index at which a roughly monotonic sequence crosses a target.

Bisection, every other step of which is interpolated; from the known values on, where there are
some, in steps that double until the crossing is passed. Then, unless the closest value is within a
percent, the two indices on either side of the crossing: where the sequence has flat steps or turns
back for one step, one of these may be closer.
"""

import math
from collections.abc import Callable, Iterable, Mapping

#: A value this close to the target ends a search.
CLOSE_FRACTION = 0.01
#: The first step from a known value is this part of the dial.
_FIRST_STEPS = 24


def search_crossing(
    count: int,
    value_at: Callable[[int], float],
    target: float,
    *,
    rising: bool = True,
    scale: Callable[[float], float] = float,
    known: Mapping[int, float] | None = None,
) -> dict[int, float]:
    """Values by index around the crossing of a target by a roughly monotonic sequence.

    Args:
        count: Number of indices.
        value_at: Gives the value at an index; called once for each.
        target: Wanted value.
        rising: Whether the values rise with the index.
        scale: On which scale the values are about linear in the index.
        known: Value by index, where some are known.
    """
    values = dict(known or {})
    below, above = _bracket(values, count, target, rising=rising)
    step, is_bisecting = max(1, count // _FIRST_STEPS), True
    while above - below > 1:
        index = (below + above) // 2
        if below >= 0 and above < count:
            if not is_bisecting:
                ends = scale(values[below]), scale(values[above])
                index = _interpolated(below, above, ends, scale(target))
            is_bisecting = not is_bisecting
        elif known:
            index = min(below + step, index) if below >= 0 else max(above - step, index)
            step *= 2
            is_bisecting = False
        values[index] = value_at(index)
        if (values[index] < target) is rising:
            below = index
        else:
            above = index
    return values | _beside((below - 1, below, above, above + 1), count, value_at, values, target)


def _beside(
    indices: Iterable[int],
    count: int,
    value_at: Callable[[int], float],
    values: Mapping[int, float],
    target: float,
) -> dict[int, float]:
    """Values at the indices that are not known yet; none where a known one is close."""
    if any(is_close(value, target) for value in values.values()):
        return {}
    return {i: value_at(i) for i in indices if 0 <= i < count and i not in values}


def _bracket(
    values: Mapping[int, float], count: int, target: float, *, rising: bool
) -> tuple[int, int]:
    """Indices between which the values cross the target, as far as the known ones tell."""
    are_below = {index for index, value in values.items() if (value < target) is rising}
    above = min(values.keys() - are_below, default=count)
    return max((index for index in are_below if index < above), default=-1), above


def is_close(value: float, target: float) -> bool:
    """Whether a value is close enough to the target to end a search."""
    return abs(value - target) <= CLOSE_FRACTION * abs(target)


def _interpolated(below: int, above: int, ends: tuple[float, float], target: float) -> int:
    """Index strictly between two others where a straight line would reach the target."""
    low, high = ends
    if not (math.isfinite(low) and math.isfinite(high)) or low == high:
        return (below + above) // 2
    position = below + round((target - low) / (high - low) * (above - below))
    return min(max(position, below + 1), above - 1)
