"""Search for the index at which a roughly monotonic sequence crosses a target.

Bisection, every other step of which is interpolated; from the known values on, where there are
some, in steps that double until the crossing is passed. Then, unless the closest value is within a
percent, the two indices on either side of the crossing: where the sequence has flat steps or turns
back for one step, one of these may be closer.

Where values are expensive and drafts of them are cheap, the search begins where the drafts cross
the target, corrected by what the values seen so far are of their drafts.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial

#: A value this close to the target ends a search.
CLOSE_FRACTION = 0.01
#: The first step from a known value is this part of the dial; a single index beside drafts.
_FIRST_STEPS = 24
#: How often drafts say where to look; three are enough where they are off by a constant factor.
_DRAFTED_LOOKS = 3


def search_crossing(
    count: int,
    value_at: Callable[[int], float],
    target: float,
    *,
    rising: bool = True,
    scale: Callable[[float], float] = float,
    known: Mapping[int, float] | None = None,
    draft_at: Callable[[int], float] | None = None,
    ends_when_close: bool = False,
) -> dict[int, float]:
    """Values by index around the crossing of a target by a roughly monotonic sequence.

    Args:
        count: Number of indices.
        value_at: Gives the value at an index; called once for each.
        target: Wanted value.
        rising: Whether the values rise with the index.
        scale: On which scale the values are about linear in the index.
        known: Value by index, where some are known.
        draft_at: Gives about the value at an index, for much less; may be called often.
        ends_when_close: Whether a close value is enough, without one on either side of the target.
    """
    values = dict(known or {})
    if draft_at is not None:
        drafted = partial(search_crossing, count, draft_at, rising=rising, scale=scale)
        _look_where_drafts_cross(values, value_at, target, draft_at=draft_at, drafted=drafted)
    if ends_when_close and has_close(values, count, target):
        return values
    step = 1 if draft_at else max(1, count // _FIRST_STEPS)
    sought = count, target
    below, above = _narrow(values, value_at, sought, rising=rising, scale=scale, step=step)
    around = [i for i in (below - 1, below, above, above + 1) if 0 <= i < count]
    if draft_at is not None:
        around = [i for i in around if _may_be_closer(i, values, target, draft_at=draft_at)]
    return values | _beside(around, value_at, values, target)


def _narrow(
    values: dict[int, float],
    value_at: Callable[[int], float],
    sought: tuple[int, float],
    *,
    rising: bool,
    scale: Callable[[float], float],
    step: int,
) -> tuple[int, int]:
    """Neighbouring indices between which the values cross the target; adds what is looked at.

    Args:
        values: Known values, to which those that are looked at are added.
        value_at: As in `search_crossing`.
        sought: Number of indices, and the target.
        rising: As in `search_crossing`.
        scale: As in `search_crossing`.
        step: First step from a known value.
    """
    count, target = sought
    below, above = _bracket(values, count, target, rising=rising)
    is_bisecting, is_stepping = True, bool(values)
    while above - below > 1:
        index = (below + above) // 2
        if below >= 0 and above < count:
            if not is_bisecting:
                ends = scale(values[below]), scale(values[above])
                index = _interpolated(below, above, ends, scale(target))
            is_bisecting = not is_bisecting
        elif is_stepping:
            index = min(below + step, index) if below >= 0 else max(above - step, index)
            step *= 2
            is_bisecting = False
        values[index] = value_at(index)
        if (values[index] < target) is rising:
            below = index
        else:
            above = index
    return below, above


def _look_where_drafts_cross(
    values: dict[int, float],
    value_at: Callable[[int], float],
    target: float,
    *,
    draft_at: Callable[[int], float],
    drafted: Callable[[float], Mapping[int, float]],
) -> None:
    """Adds the values at the indices where the drafts cross the target.

    Args:
        values: Known values, to which those that are looked at are added.
        value_at: As in `search_crossing`.
        target: As in `search_crossing`.
        draft_at: As in `search_crossing`.
        drafted: Gives the drafts around the crossing of a target.
    """
    for _ in range(_DRAFTED_LOOKS):
        factor = _value_per_draft(values, target, draft_at=draft_at)
        drafts = drafted(target / factor)
        index = min(drafts, key=lambda index: abs(drafts[index] - target / factor))
        if index in values:
            return
        values[index] = value_at(index)
        if is_close(values[index], target):
            return


def _value_per_draft(
    values: Mapping[int, float], target: float, *, draft_at: Callable[[int], float]
) -> float:
    """How many times its draft the value is that lies closest to the target; 1 without values."""
    seen = min(values, key=lambda index: abs(values[index] - target), default=None)
    return 1.0 if seen is None else values[seen] / draft_at(seen)


def _may_be_closer(
    index: int, values: Mapping[int, float], target: float, *, draft_at: Callable[[int], float]
) -> bool:
    """Whether the draft at an index lets its value be closer to the target than the known ones."""
    expected = draft_at(index) * _value_per_draft(values, target, draft_at=draft_at)
    closest = min(abs(value - target) for value in values.values())
    return abs(expected - target) <= closest + CLOSE_FRACTION * abs(target)


def _beside(
    indices: Iterable[int],
    value_at: Callable[[int], float],
    values: Mapping[int, float],
    target: float,
) -> dict[int, float]:
    """Values at the indices that are not known yet; none where a known one is close."""
    if any(is_close(value, target) for value in values.values()):
        return {}
    return {i: value_at(i) for i in indices if i not in values}


def _bracket(
    values: Mapping[int, float], count: int, target: float, *, rising: bool
) -> tuple[int, int]:
    """Indices between which the values cross the target, as far as the known ones tell."""
    are_below = {index for index, value in values.items() if (value < target) is rising}
    above = min(values.keys() - are_below, default=count)
    return max((index for index in are_below if index < above), default=-1), above


def has_close(values: Mapping[int, float], count: int, target: float) -> bool:
    """Whether a value is close to the target, and not at an end, where it may be out of reach."""
    return any(is_close(value, target) for i, value in values.items() if 0 < i < count - 1)


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
