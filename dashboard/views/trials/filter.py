"""The one filter that every table and plot of trials obeys."""

import math
from collections.abc import Sequence
from typing import Any

import streamlit as st
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution

from core.search.studies import STATES, State, TrialRecord
from dashboard.views.trials.tables import TrialFilter, parameter_names
from dashboard.widgets.bounded import bounded_range

_LOG_STEPS = 24


def choose_trials(trials: Sequence[TrialRecord], *, prefix: str) -> TrialFilter:
    """Controls for state, value and every parameter; all pass at first.

    Args:
        trials: What there is to choose from.
        prefix: Start of the keys, which are also the names in the address.
    """
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        states = _choose_states(trials, prefix)
        values = _choose_values(trials, prefix)
    ranges: dict[str, tuple[float, float]] = {}
    choices: dict[str, Sequence[Any]] = {}
    names = parameter_names(trials)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        for name in names:
            found = next(t.distributions[name] for t in trials if name in t.distributions)
            if isinstance(found, CategoricalDistribution):
                choices[name] = _choose_categories(name, found, prefix)
            elif (span := _choose_range(name, found, trials, prefix)) is not None:
                ranges[name] = span
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


def _choose_values(trials: Sequence[TrialRecord], prefix: str) -> tuple[float, float] | None:
    values = [trial.value for trial in trials if trial.value is not None]
    if not values or min(values) == max(values):
        return None
    low, high = math.floor(min(values) * 100) / 100, math.ceil(max(values) * 100) / 100
    return bounded_range("Value", low, high, step=0.01, key=f"{prefix}-values", width=260)


def _choose_categories(
    name: str, distribution: CategoricalDistribution, prefix: str
) -> Sequence[Any]:
    return st.pills(
        name,
        list(distribution.choices),
        default=list(distribution.choices),
        selection_mode="multi",
        key=f"{prefix}-{name}",
        bind="query-params",
    )


def _choose_range(
    name: str, distribution: BaseDistribution, trials: Sequence[TrialRecord], prefix: str
) -> tuple[float, float] | None:
    values = [float(trial.params[name]) for trial in trials if name in trial.params]
    if min(values) == max(values):
        return None
    if isinstance(distribution, FloatDistribution) and distribution.log:
        marks = _log_marks(distribution.low, distribution.high)
        ends = st.select_slider(
            name,
            list(marks),
            (next(iter(marks)), list(marks)[-1]),
            key=f"{prefix}-{name}",
            bind="query-params",
            width=260,
        )
        return marks[ends[0]], marks[ends[1]]
    low, high = float(distribution.low), float(distribution.high)
    return bounded_range(name, low, high, key=f"{prefix}-{name}", width=260)


def _log_marks(low: float, high: float) -> dict[str, float]:
    """Values in equal ratios, by what a person reads; the ends are exact."""
    ratio = high / low
    values = [low * ratio ** (step / _LOG_STEPS) for step in range(_LOG_STEPS)] + [high]
    return {f"{value:.2g}": value for value in values}
