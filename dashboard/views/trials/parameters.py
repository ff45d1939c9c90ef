"""Parameters of a study: display labels and scales."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from core.search.studies import TrialRecord

Scale = Literal["category", "linear", "logarithmic"]


@dataclass(frozen=True)
class Parameter:
    """One parameter over all trials of a study, whose range may have changed midway.

    Attributes:
        name: Name in the study.
        scale: How its values are spaced.
        categories: Texts of its values, of a category.
        low: Lowest value that was allowed or tried, of a number.
        high: Highest such value.
        is_integer: Whether its values are whole numbers.
    """

    name: str
    scale: Scale
    categories: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    is_integer: bool = False

    @property
    def title(self) -> str:
        """Display label."""
        return parameter_title(self.name)

    def position(self, value: Any) -> float:
        """Position of a value on an axis from 0 to 1."""
        if self.scale == "category":
            indices = max(len(self.categories) - 1, 1)
            return self.categories.index(category_text(value)) / indices
        low, high, value = self.low, self.high, float(value)
        if self.scale == "logarithmic":
            low, high, value = math.log(low), math.log(high), math.log(value)
        return 0.5 if low == high else (value - low) / (high - low)


def parameter_title(name: str) -> str:
    """Display label of a parameter: `filters_2` is "Filters, layer 2"."""
    numbered = re.fullmatch(r"filters_(\d+)", name)
    return f"Filters, layer {numbered[1]}" if numbered else name.replace("_", " ").capitalize()


def parameter_names(trials: Iterable[TrialRecord]) -> list[str]:
    """Parameters that occur, in alphabetical order."""
    return sorted({name for trial in trials for name in trial.params})


def parameters_of(trials: Sequence[TrialRecord]) -> list[Parameter]:
    """Every parameter that occurs, in alphabetical order."""
    return [_parameter(name, trials) for name in parameter_names(trials)]


def category_text(value: Any) -> str:
    """Text of a value of a category; `True` and 1 are different values, "3" and 3 as well."""
    if isinstance(value, str):
        return value if value and not _reads_as_other(value) else repr(value)
    return str(value)


def _reads_as_other(text: str) -> bool:
    """Whether a text would be displayed like a number, a boolean or None."""
    return text in ("None", "True", "False") or bool(re.fullmatch(r"[-+.\d]+(e[-+]?\d+)?", text))


def _parameter(name: str, trials: Sequence[TrialRecord]) -> Parameter:
    values = [trial.params[name] for trial in trials if name in trial.params]
    drawn_from = [trial.distributions[name] for trial in trials if name in trial.distributions]
    if not _all_numbers(values, drawn_from):
        return Parameter(name, "category", categories=_categories(values, drawn_from))
    numbers = [float(value) for value in values]
    ends = [end for found in drawn_from for end in (found.low, found.high)]  # type: ignore[attr-defined]
    low, high = min(*numbers, *ends, math.inf), max(*numbers, *ends, -math.inf)
    is_logarithmic = bool(drawn_from) and all(getattr(found, "log", False) for found in drawn_from)
    return Parameter(
        name,
        "logarithmic" if is_logarithmic and low > 0 else "linear",
        low=float(low),
        high=float(high),
        is_integer=all(isinstance(value, int | np.integer) for value in values),
    )


def _all_numbers(values: Sequence[Any], drawn_from: Sequence[BaseDistribution]) -> bool:
    are_numeric = all(isinstance(d, FloatDistribution | IntDistribution) for d in drawn_from)
    return are_numeric and all(
        isinstance(value, int | float | np.number) and not isinstance(value, bool)
        for value in values
    )


def _categories(values: Sequence[Any], drawn_from: Sequence[BaseDistribution]) -> tuple[str, ...]:
    allowed = [
        choice
        for found in drawn_from
        if isinstance(found, CategoricalDistribution)
        for choice in found.choices
    ]
    return tuple(dict.fromkeys(category_text(value) for value in (*allowed, *values)))
