"""Quality as a position between a few levels at which a network keeps its own numbers."""

from typing import Any

import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from core.models.tensor import Tensor


def level_weights(quality: Tensor, levels: int) -> Tensor:
    """How much each level counts at a quality: the two nearest share, linearly.

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
    """Bits per pixel that one unit of squared error (0..255) is worth at a quality in 0..1."""
    return lowest * ops.exp(quality * float(np.log(highest / lowest)))


class LevelTable(layers.Layer):  # type: ignore[misc]
    """One vector per level, and between the levels what lies between them.

    After training the vectors of all qualities can be written down as one table of integers.

    Args:
        levels: Levels.
        channels: Length of a vector.
    """

    def __init__(self, levels: int, channels: int, **options: Any) -> None:
        super().__init__(**options)
        self.levels = levels
        self.channels = channels

    def build(self, input_shape: tuple[int | None, ...] | None = None) -> None:
        """Makes the table, all zeros."""
        shape = (self.levels, self.channels)
        self.table = self.add_weight(shape=shape, initializer="zeros", name="table")

    def call(self, weights: Tensor) -> Tensor:
        """Vectors of weights that `level_weights` gave.

        Args:
            weights: Shape (batch, levels).

        Returns:
            Shape (batch, 1, 1, channels), to be added to or multiplied with maps of channels.
        """
        # A sum and no matrix product: accelerators round what goes into a product.
        vectors = ops.sum(ops.expand_dims(weights, -1) * self.table, axis=1)
        return ops.reshape(vectors, (-1, 1, 1, self.channels))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the vectors."""
        return (input_shape[0], 1, 1, self.channels)

    def assign(self, table: NDArray[np.floating[Any]]) -> None:
        """Replaces the table; shape (levels, channels)."""
        self.table.assign(table)
