"""How fast the bits of a value change with it, for encoders that search; no bit depends on it."""

import math

import numpy as np
from numpy.typing import NDArray

#: As in the distribution that the tables are made from (`core.models.bottleneck.rate_model`).
_TAIL = 2.0**-14
_LOGISTIC = math.sqrt(3.0) / math.pi


def rate_slopes(
    offsets: NDArray[np.floating], scales: NDArray[np.floating]
) -> NDArray[np.floating]:
    """Derivative of a value's bits with respect to the value, in bits per quantiser step.

    The bits are those of a logistic distribution with a wide Laplacian tail, integrated over the
    value's interval, for a value that need not be a whole number.

    Args:
        offsets: Values minus their predicted mean, in quantiser steps.
        scales: Their standard deviations, in quantiser steps, of a shape that fits.
    """
    doubled = 2.0 * _LOGISTIC * scales
    upper, lower = np.tanh((offsets + 0.5) / doubled), np.tanh((offsets - 0.5) / doubled)
    near = (0.5 * (1.0 - _TAIL)) * (upper - lower)
    widths = 1.0 + 4.0 * scales
    far = _TAIL * np.exp(-np.abs(offsets) / widths) * np.sinh(0.5 / widths)
    # The derivative of the logistic's interval is the interval times this over two narrow scales.
    slopes = near * (upper + lower) / doubled + far * np.sign(offsets) / widths
    found: NDArray[np.floating] = slopes / ((near + far) * math.log(2.0))
    return found
