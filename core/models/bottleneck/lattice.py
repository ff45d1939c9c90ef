"""Lattice quantisation as in the codec, for training: values of large scale share a lattice point.

`core.entropy.lattice` describes the lattice and the reasons for it. Here scales are floats and all
steps are Keras operations, so that training and validation see the codec's quantisation errors
and bits.
"""

import math

from keras import ops

from core.entropy.lattice import CODEWORDS, GROUP, STEP_BITS, UNIT
from core.entropy.value_tables import SCALES_PER_OCTAVE
from core.models.bottleneck.rate_model import MIN_SCALE, bits
from core.models.tensor import Tensor

#: First table whose values are quantised in the lattice. Chosen by rate and distortion on
#: validation images; for smaller scales the lattice is too coarse.
LATTICE_TABLE = 20

_OCTAVE = math.log(2.0)

#: A unit of the lattice in quantiser steps.
_UNIT = UNIT / 2**STEP_BITS

#: Common period, in quantiser steps, of integer rounding and of the lattice (period: four units).
PERIOD = 32 * _UNIT


class Lattice:
    """Groups the values of a map into lattice points by their predicted scales.

    Args:
        log_scales: Logarithms of the predicted scales, shape (batch, ...); the number of values
            per image must be a multiple of GROUP.
    """

    def __init__(self, log_scales: Tensor) -> None:
        self._shape = ops.shape(log_scales)
        octaves = (ops.reshape(log_scales, (self._shape[0], -1)) - math.log(MIN_SCALE)) / _OCTAVE
        tables = ops.cast(ops.round(SCALES_PER_OCTAVE * octaves), "int32")
        spreading = ops.sum(ops.cast(tables >= LATTICE_TABLE, "int32"), axis=1, keepdims=True)
        points = spreading // GROUP
        self._positions = _positions(tables, points)
        self._in_lattice = (ops.arange(ops.shape(tables)[1] // GROUP) < points)[..., None]
        self._scales = self._grouped(log_scales)

    def quantised(self, values: Tensor) -> Tensor:
        """Nearest values that can be coded; not differentiable with respect to `values`.

        Args:
            values: In quantiser steps, of the same shape as the scales.
        """
        grouped = self._grouped(values)
        points = _UNIT * _nearest_points(grouped / _UNIT)
        return self._ungrouped(ops.where(self._in_lattice, points, ops.round(grouped)))

    def bits(self, symbols: Tensor) -> Tensor:
        """Bits of each value; bits shared by a point are counted with its last value.

        Args:
            symbols: Output of `quantised`.
        """
        grouped, scales = self._grouped(symbols), self._scales
        # The codeword fixes the parity of each coordinate, so it moves in steps of two units.
        halves, half_scales = grouped / (2.0 * _UNIT), scales - math.log(2.0 * _UNIT)
        known = bits(halves, half_scales)
        # The other coordinates fix the last one modulo four, or its sign if it is odd.
        is_odd = ops.mod(ops.round(grouped / _UNIT), 2.0) == 1.0
        conditioned = ops.where(is_odd, known - 1.0, bits(halves / 2.0, half_scales - _OCTAVE))
        is_last = ops.arange(GROUP) == GROUP - 1
        in_point = ops.where(is_last, conditioned + math.log2(len(CODEWORDS)), known)
        return self._ungrouped(ops.where(self._in_lattice, in_point, bits(grouped, scales)))

    def _grouped(self, values: Tensor) -> Tensor:
        flat = ops.reshape(values, (-1,))
        ordered = ops.scatter(self._positions[:, None], flat, ops.shape(flat))
        return ops.reshape(ordered, (self._shape[0], -1, GROUP))

    def _ungrouped(self, grouped: Tensor) -> Tensor:
        return ops.reshape(ops.take(ops.reshape(grouped, (-1,)), self._positions), self._shape)


class Scalars:
    """Every value rounded by itself, with the methods of `Lattice`.

    Args:
        log_scales: Logarithms of the predicted scales.
    """

    def __init__(self, log_scales: Tensor) -> None:
        self._log_scales = log_scales

    def quantised(self, values: Tensor) -> Tensor:
        """Nearest whole numbers of quantiser steps."""
        return ops.round(values)

    def bits(self, symbols: Tensor) -> Tensor:
        """Bits of each value."""
        return bits(symbols, self._log_scales)


def _positions(tables: Tensor, points: Tensor) -> Tensor:
    """New index of each value in the flattened batch, so that each image's points come first.

    Args:
        tables: Nearest table of each value, shape (batch, values).
        points: Number of lattice points of each image, shape (batch, 1).
    """
    images, count = ops.shape(tables)
    ranks = ops.arange(count, dtype="int32")
    # A stable sort: values of one table keep their order.
    order = ops.argsort(count * tables + ranks, axis=1)
    # Scalar values, then all but the last value of each point, then the last values.
    together, last = ranks - (count - GROUP * points), ranks - (count - points)
    others = GROUP * (together // (GROUP - 1)) + together % (GROUP - 1)
    position = ops.where(together < 0, ranks + GROUP * points, others)
    position = ops.where(last < 0, position, GROUP * last + GROUP - 1)
    first = count * ops.arange(images, dtype="int32")[:, None]
    values = ops.reshape(order + first, (-1, 1))
    return ops.scatter(values, ops.reshape(position + first, (-1,)), (images * count,))


def _nearest_points(values: Tensor) -> Tensor:
    """Keras version of `core.entropy.lattice.nearest_points`; values and points in units."""
    even = 2.0 * ops.round(values / 2.0)
    missed = values - even
    gaps, is_below = ops.abs(missed), ops.cast(missed < 0.0, values.dtype)
    code = ops.cast(CODEWORDS, values.dtype)
    costs = ops.matmul(1.0 - 2.0 * gaps, ops.transpose(code))
    halves = ops.sum(even, axis=-1, keepdims=True) / 2.0
    rest = ops.mod(halves + ops.matmul(is_below, ops.transpose(code)), 2.0)
    ways = ops.expand_dims(gaps, -2)
    least = ops.min(ops.where(CODEWORDS, ways, 1.0 - ways), axis=-1)
    word = ops.take(code, ops.argmin(costs + 4.0 * rest * least, axis=-1), axis=0)
    points = even + word * (1.0 - 2.0 * is_below)
    is_off = ops.mod(ops.sum(points, axis=-1, keepdims=True), 4.0) == 2.0
    giving = ops.argmin(ops.where(word == 1.0, gaps, 1.0 - gaps), axis=-1)
    steps = ops.one_hot(giving, GROUP) * ops.where(points < values, 2.0, -2.0)
    return ops.where(is_off, points + steps, points)
