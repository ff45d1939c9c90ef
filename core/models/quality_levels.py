"""Variable rate: parameters at a few quality levels, interpolated between them."""

from typing import Any

import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from core.models.tensor import Tensor


def level_weights(quality: Tensor, levels: int) -> Tensor:
    """Linear interpolation weights of the levels at a quality.

    Args:
        quality: Positions in 0..1, of any shape.
        levels: Levels, spread evenly over 0..1.

    Returns:
        Weights of the shape of `quality` with one more axis, of length `levels`; they sum to 1.
    """
    places = np.arange(levels, dtype=np.float32)
    distances = ops.abs(ops.expand_dims(quality, -1) * float(levels - 1) - places)
    return ops.relu(1.0 - distances)


def rate_distortion_weight(quality: Tensor, lowest: float, highest: float) -> Tensor:
    """Rate-distortion weight, in bits per pixel per unit of MSE (0..255), at a quality in 0..1."""
    return lowest * ops.exp(quality * float(np.log(highest / lowest)))


class LevelTable(layers.Layer):  # type: ignore[misc]
    """One trainable vector per level, linearly interpolated between the levels.

    After training the vectors of all qualities can be stored as one table of integers.

    Args:
        levels: Number of levels.
        channels: Length of a vector.
    """

    def __init__(self, levels: int, channels: int, **options: Any) -> None:
        super().__init__(**options)
        self.levels = levels
        self.channels = channels

    def build(self, input_shape: tuple[int | None, ...] | None = None) -> None:
        """Creates the table, all zeros."""
        shape = (self.levels, self.channels)
        self.table = self.add_weight(shape=shape, initializer="zeros", name="table")

    def call(self, weights: Tensor) -> Tensor:
        """Interpolated vectors for the weights that `level_weights` returned.

        Args:
            weights: Shape (batch, levels).

        Returns:
            Shape (batch, 1, 1, channels), to be added to or multiplied with maps of channels.
        """
        # A sum instead of a matrix product, whose inputs accelerators round to fewer bits.
        vectors = ops.sum(ops.expand_dims(weights, -1) * self.table, axis=1)
        return ops.reshape(vectors, (-1, 1, 1, self.channels))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the vectors."""
        return (input_shape[0], 1, 1, self.channels)

    def assign(self, table: NDArray[np.floating[Any]]) -> None:
        """Replaces the table; shape (levels, channels)."""
        self.table.assign(table)
