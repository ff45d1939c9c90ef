"""Rounding with a gradient."""

from keras import ops

from core.models.tensor import Tensor


def straight_through(values: Tensor, symbols: Tensor) -> Tensor:
    """Straight-through estimator: the symbols, with the gradient of the values."""
    return values + ops.stop_gradient(symbols - values)
