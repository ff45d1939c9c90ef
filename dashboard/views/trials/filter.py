"""Filter of the trials in all tables and plots."""

import math
from collections.abc import Sequence

import streamlit as st

from core.search.studies import STATES, State, TrialRecord
from dashboard.views.trials.parameters import Parameter, parameters_of
from dashboard.views.trials.tables import Span, TrialFilter
from dashboard.widgets.bounded import bounded_range

_LOG_STEPS = 24
_WIDTH = 260


def choose_trials(trials: Sequence[TrialRecord], *, prefix: str) -> TrialFilter:
    """Controls for state, score and every parameter; by default all trials pass.

    A control at its full range filters nothing, so that a trial whose value lies outside what the
    control can show (an infinite score, a range that was changed) is not hidden by it.

    Args:
        trials: What there is to choose from.
        prefix: Start of the keys, which are also the names in the address.
    """
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        states = _choose_states(trials, prefix)
        values = _choose_values(trials, prefix)
    ranges: dict[str, Span] = {}
    choices: dict[str, Sequence[str]] = {}
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        for parameter in parameters_of(trials):
            key = f"{prefix}-parameter-{parameter.name}"
            if parameter.scale == "category":
                if (chosen := _choose_categories(parameter, key)) is not None:
                    choices[parameter.name] = chosen
            elif (span := _choose_range(parameter, key)) is not None:
                ranges[parameter.name] = span
    return TrialFilter(states, values, ranges, choices)


def _choose_states(trials: Sequence[TrialRecord], prefix: str) -> tuple[State, ...]:
    present = [state for state in STATES if any(trial.state == state for trial in trials)]
    chosen = st.pills(
        "State",
        present,
        default=present,
        selection_mode="multi",
        key=f"{prefix}-states",
        bind="query-params",
    )
    return tuple(chosen)


def _choose_values(trials: Sequence[TrialRecord], prefix: str) -> Span | None:
    values = [trial.value for trial in trials if trial.value is not None]
    finite = [value for value in values if math.isfinite(value)]
    if not finite or not _can_slide(min(finite), max(finite)):
        return None
    step = _step(max(finite) - min(finite))
    low, high = math.floor(min(finite) / step) * step, math.ceil(max(finite) / step) * step
    return _slide("Score", low, high, step=step, key=f"{prefix}-values")


def _choose_categories(parameter: Parameter, key: str) -> Sequence[str] | None:
    options = list(parameter.categories)
    chosen = st.pills(
        parameter.title,
        options,
        default=options,
        selection_mode="multi",
        key=key,
        bind="query-params",
    )
    return None if len(chosen) == len(options) else chosen


def _choose_range(parameter: Parameter, key: str) -> Span | None:
    low, high = parameter.low, parameter.high
    if not _can_slide(low, high):
        return None
    if parameter.scale == "logarithmic":
        return _choose_marks(parameter, key)
    step = 1.0 if parameter.is_integer else _step(high - low)
    return _slide(parameter.title, low, high, step=step, key=key)


def _choose_marks(parameter: Parameter, key: str) -> Span | None:
    """Range slider of a parameter on a logarithmic scale."""
    marks = _log_marks(parameter.low, parameter.high)
    first, last = next(iter(marks)), list(marks)[-1]
    ends = st.select_slider(
        parameter.title, list(marks), (first, last), key=key, bind="query-params", width=_WIDTH
    )
    return None if ends == (first, last) else Span(marks[ends[0]], marks[ends[1]])


def _slide(label: str, low: float, high: float, *, step: float, key: str) -> Span | None:
    ends = bounded_range(label, low, high, step=step, format="%.5g", key=key, width=_WIDTH)
    return None if ends == (low, high) else Span(*ends)


def _can_slide(low: float, high: float) -> bool:
    """Whether float64 resolves a hundred steps between two values."""
    span = high - low
    return math.isfinite(span) and span > 1e-9 * max(abs(low), abs(high), 1e-290)


def _step(span: float) -> float:
    """Step of a slider over so much: a power of ten with at least a hundred steps."""
    return float(10.0 ** math.floor(math.log10(span / 100)))


def _log_marks(low: float, high: float) -> dict[str, float]:
    """Geometrically spaced values by their labels; the ends are exact."""
    ratio = high / low
    values = [low * ratio ** (step / _LOG_STEPS) for step in range(_LOG_STEPS)] + [high]
    return {f"{value:.3g}": value for value in values}
