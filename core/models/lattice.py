"""Quantising as the codec does it, for training: values that spread go into a lattice by eights.

`core.entropy.lattice` says which lattice, and why. Here scales are floats and everything is a
Keras operation, so that training and validation see the errors and the bits of the files.
"""

import math
from typing import Any, NamedTuple

from keras import ops

from core.entropy.lattice import GROUP
from core.entropy.value_tables import SCALES_PER_OCTAVE
from core.models.rate_model import SMALLEST_SCALE, bits

#: First table whose values are put into the lattice. Chosen by the bits and errors of validation
#: pictures; for values that spread less, the lattice has too few points.
LATTICE_TABLE = 21

#: Scale in quantiser steps from which on that table or a wider one is the nearest.
LATTICE_FROM = SMALLEST_SCALE * 2.0 ** ((LATTICE_TABLE - 0.5) / SCALES_PER_OCTAVE)

_OCTAVE = math.log(2.0)


class _Placed(NamedTuple):
    """What is known of values in groups, shape (batch, groups, GROUP) or with 1 in place of it.

    Attributes:
        points: Quantised values, in quantiser steps.
        in_lattice: Whether they are a point of the lattice.
        is_between: Whether that point lies between whole numbers.
    """

    points: Any
    in_lattice: Any
    is_between: Any


def quantised(values: Any, log_scales: Any) -> Any:
    """Nearest values that can be coded; as a function of the values it has no gradient.

    Args:
        values: In quantiser steps, shape (batch, ...), of each picture a multiple of GROUP.
        log_scales: Logarithms of the predicted scales, likewise.
    """
    places = _places(log_scales)
    return _taken(_placed(values, log_scales, places).points, places, like=values)


def quantised_bits(values: Any, log_scales: Any) -> Any:
    """Bits of each quantised value; what only a whole group costs stands with one of its values.

    Args:
        values: Values that `quantised` gave.
        log_scales: Logarithms of the predicted scales, of the same shape.
    """
    places = _places(log_scales)
    points, in_lattice, is_between = _placed(values, log_scales, places)
    scales = _grouped(log_scales, places)
    # The one that spreads the most is coded last: the others tell whether it is even, or its sign.
    last = ops.one_hot(ops.argmax(scales, axis=-1), GROUP) * ops.cast(in_lattice, "float32")
    told = ops.where(is_between, bits(points, scales) - 1.0, bits(points / 2.0, scales - _OCTAVE))
    # One bit more says whether the point lies between.
    costs = (1.0 - last) * bits(points, scales) + last * (told + 1.0)
    return _taken(costs, places, like=values)


def _placed(values: Any, log_scales: Any, places: Any) -> _Placed:
    grouped = _grouped(values, places)
    spread = ops.min(_grouped(log_scales, places), axis=-1, keepdims=True)
    in_lattice = spread >= math.log(LATTICE_FROM)
    whole = _nearest_of_even_sum(grouped)
    between = _nearest_of_even_sum(grouped - 0.5) + 0.5
    is_between = _distance(grouped, between) < _distance(grouped, whole)
    points = ops.where(is_between, between, whole)
    return _Placed(ops.where(in_lattice, points, ops.round(grouped)), in_lattice, is_between)


def _places(log_scales: Any) -> Any:
    """New place in the batch of each value, so that of each picture those that spread are first."""
    flat = ops.reshape(log_scales, (ops.shape(log_scales)[0], -1))
    spreads = ops.cast(flat >= math.log(LATTICE_FROM), "int32")
    count, size = ops.shape(flat)
    before = ops.cumsum(spreads, axis=1) - spreads
    rest = ops.arange(size, dtype="int32") - before + ops.sum(spreads, axis=1, keepdims=True)
    place = ops.where(spreads == 1, before, rest)
    return ops.reshape(place + size * ops.arange(count, dtype="int32")[:, None], (-1,))


def _grouped(values: Any, places: Any) -> Any:
    flat = ops.reshape(values, (-1,))
    ordered = ops.scatter(places[:, None], flat, ops.shape(flat))
    return ops.reshape(ordered, (ops.shape(values)[0], -1, GROUP))


def _taken(grouped: Any, places: Any, *, like: Any) -> Any:
    """The way back of `_grouped`."""
    return ops.reshape(ops.take(ops.reshape(grouped, (-1,)), places), ops.shape(like))


def _nearest_of_even_sum(values: Any) -> Any:
    found = ops.round(values)
    missed = values - found
    is_odd = ops.mod(ops.sum(found, axis=-1, keepdims=True), 2.0)
    least_certain = ops.one_hot(ops.argmax(ops.abs(missed), axis=-1), GROUP)
    return found + is_odd * least_certain * ops.where(missed < 0.0, -1.0, 1.0)


def _distance(values: Any, points: Any) -> Any:
    return ops.sum(ops.square(values - points), axis=-1, keepdims=True)
