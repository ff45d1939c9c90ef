"""Rate of a symbol under the probability model that the coder's tables are made from."""

import math
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from core.models.tensor import Tensor

#: Range of the scales, in quantiser steps; the coder's tables are log-spaced over it.
MIN_SCALE = 0.0625
MAX_SCALE = 256.0

#: Mixture weight of a wide Laplacian in every table. It costs 0.0001 bits per symbol and bounds
#: the cost of an outlier to some tens of bits.
TAIL = 2.0**-14

_FLOOR = 1e-30

#: Scale parameter of a logistic distribution with a standard deviation of 1.
_LOGISTIC = math.sqrt(3.0) / math.pi


def bits(offsets: Tensor, log_scales: Tensor) -> Tensor:
    """Information of each symbol in bits.

    A logistic distribution of the given standard deviation, mixed with a wide Laplacian, is
    integrated over the symbol's interval. A normal distribution underestimates the probability of
    zero where the scale is half a step or more, and costs more bits.

    Args:
        offsets: Symbols minus the predicted mean, in quantiser steps; in training with noise in
            place of rounding.
        log_scales: Logarithms of the predicted scales, of the same shape.
    """
    scales = ops.exp(log_scales)
    distances = ops.abs(offsets)
    probabilities = (1.0 - TAIL) * _logistic(distances, scales) + TAIL * _laplace(distances, scales)
    return -ops.log(ops.maximum(probabilities, _FLOOR)) / math.log(2.0)


def symbol_probabilities(
    offsets: NDArray[np.float64], scales: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    """Probabilities whose information `bits` gives, in float64, for the coder's tables.

    Args:
        offsets: Symbols minus their mean, in quantiser steps.
        scales: Scales, of a shape that fits.
    """
    distances, deviations = np.abs(offsets), np.broadcast_to(scales, np.shape(offsets))
    narrow = _LOGISTIC * deviations
    # Differences of upper tails, not of the distribution function, which would cancel far out.
    inner = _logistic_tail((distances - 0.5) / narrow) - _logistic_tail((distances + 0.5) / narrow)
    widths = 1.0 + 4.0 * deviations
    far = np.exp(-distances / widths) * np.sinh(0.5 / widths)
    near = 1.0 - np.exp(-0.5 / widths) * np.cosh(np.minimum(distances, 0.5) / widths)
    mixed: NDArray[np.float64] = (1.0 - TAIL) * inner
    mixed += TAIL * np.where(distances > 0.5, far, near)
    return mixed


def _logistic_tail(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Survival function: probability of exceeding a value."""
    tails: NDArray[np.float64] = np.exp(-np.logaddexp(0.0, values))
    return tails


def bounded_log_scale(log_scales: Tensor) -> Tensor:
    """Log scales clipped to the tables' range; gradients that lead back into it pass."""
    return _bounded(log_scales)


@ops.custom_gradient  # type: ignore[untyped-decorator]
def _bounded(values: Tensor) -> Tensor:
    low, high = math.log(MIN_SCALE), math.log(MAX_SCALE)

    def gradient(*arguments: Any, upstream: Tensor = None) -> Tensor:
        upstream = arguments[0] if upstream is None else upstream
        rising = ops.logical_or(values > low, upstream < 0.0)
        falling = ops.logical_or(values < high, upstream > 0.0)
        passes = ops.logical_and(rising, falling)
        return upstream * ops.cast(passes, upstream.dtype)

    return ops.clip(values, low, high), gradient


def _logistic(distances: Tensor, scales: Tensor) -> Tensor:
    narrow = _LOGISTIC * scales
    return ops.sigmoid((0.5 - distances) / narrow) - ops.sigmoid((-0.5 - distances) / narrow)


def _laplace(distances: Tensor, scales: Tensor) -> Tensor:
    widths = 1.0 + 4.0 * scales
    far = ops.exp(-distances / widths) * ops.sinh(0.5 / widths)
    # Within half a step of the mean the interval contains the peak.
    inside = ops.minimum(distances, 0.5)
    near = 1.0 - ops.exp(-0.5 / widths) * ops.cosh(inside / widths)
    return ops.where(distances > 0.5, far, near)
