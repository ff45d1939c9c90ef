"""Numbers with bounds whose stored value is never outside them.

A session keeps the value of a widget by its key. When other choices narrow the range, the stored
value can lie outside, and `st.slider` and `st.number_input` then raise instead of starting anew:
so they are made here only.
"""

import math
from collections.abc import Sequence
from typing import Any, TypeVar, cast

import streamlit as st

Number = TypeVar("Number", int, float)


def bounded_slider(
    label: str, low: Number, high: Number, value: Number, *, key: str, **options: Any
) -> Number:
    """Slider for one number, bound to the address.

    Args:
        label: What is chosen.
        low: Smallest value.
        high: Largest value.
        value: Value at the start.
        key: Name in the session and in the address.
        options: Further arguments of `st.slider`.
    """
    _forget_outside(key, low, high, count=1)
    options = {"bind": "query-params"} | options
    return cast(Number, st.slider(label, low, high, value, key=key, **options))


def bounded_range(
    label: str, low: Number, high: Number, *, key: str, **options: Any
) -> tuple[Number, Number]:
    """Slider for a range that covers everything at the start, bound to the address.

    Args:
        label: What is chosen.
        low: Smallest value.
        high: Largest value.
        key: Name in the session and in the address.
        options: Further arguments of `st.slider`.
    """
    _forget_outside(key, low, high, count=2)
    options = {"bind": "query-params"} | options
    return cast(
        "tuple[Number, Number]", st.slider(label, low, high, (low, high), key=key, **options)
    )


def bounded_number(
    label: str, low: Number, high: Number, value: Number, *, key: str, **options: Any
) -> Number:
    """Field for one number, bound to the address.

    Args:
        label: What is chosen.
        low: Smallest value.
        high: Largest value.
        value: Value at the start.
        key: Name in the session and in the address.
        options: Further arguments of `st.number_input`.
    """
    _forget_outside(key, low, high, count=1)
    options = {"bind": "query-params"} | options
    return st.number_input(label, low, high, value, key=key, **options)


def _forget_outside(key: str, low: float, high: float, *, count: int) -> None:
    """Deletes what the session holds for a widget unless it is so many numbers in the range."""
    if key not in st.session_state:
        return
    stored = st.session_state[key]
    numbers = list(stored) if isinstance(stored, Sequence) else [stored]
    inside = [_is_inside(number, low, high) for number in numbers]
    if len(numbers) != count or not all(inside) or numbers != sorted(numbers):
        del st.session_state[key]


def _is_inside(number: object, low: float, high: float) -> bool:
    return isinstance(number, int | float) and math.isfinite(number) and low <= number <= high
