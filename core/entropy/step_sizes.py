"""How fine the quantiser is, in floats, for encoders that search; no bit depends on it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.entropy.fixed_point import at_quality
from core.entropy.integer_model import (
    CELL,
    OCTAVE_BITS,
    SIDE_LIMIT,
    SPATIAL_GAIN_BITS,
    IntegerModel,
)
from core.entropy.value_tables import SCALES_PER_OCTAVE


class StepSizes(NamedTuple):
    """Quantiser steps per unit of the latent: the product of both.

    Attributes:
        channels: Of each channel, shape (channels,).
        positions: Factor of each position, shape (rows, columns, 1).
    """

    channels: NDArray[np.float32]
    positions: NDArray[np.float32]


def step_sizes(model: IntegerModel, quality: int, side: NDArray[np.float32]) -> StepSizes:
    """Step sizes that the side information gives.

    Args:
        model: The model.
        quality: 1 to 100.
        side: Side information, not yet rounded, shape (rows / 2, columns / 2, side channels).
    """
    features = model.hyper_synthesis.at(quality).run(bounded_side(side).astype(np.float64))
    octaves = model.spatial_gain.at(quality).run(features) * 2.0**-SPATIAL_GAIN_BITS
    rows, columns, _ = octaves.shape
    cells = octaves.reshape(rows, columns, CELL, CELL).swapaxes(1, 2)
    positions = np.exp2(cells.reshape(CELL * rows, CELL * columns, 1))
    channels = np.exp2(at_quality(model.log2_gains, quality) * 2.0**-OCTAVE_BITS)
    return StepSizes(channels.astype(np.float32), positions.astype(np.float32))


def table_scales(model: IntegerModel) -> NDArray[np.float32]:
    """Standard deviation that each value table is meant for, in quantiser steps."""
    octaves = model.min_octaves * 2.0**-OCTAVE_BITS
    steps = np.arange(model.values.tables.count) / SCALES_PER_OCTAVE
    return np.exp2(octaves + steps).astype(np.float32)


def bounded_side(side: NDArray[np.float32]) -> NDArray[np.int16]:
    """Side information as it is coded: rounded, within its tables."""
    return np.clip(np.rint(side), -SIDE_LIMIT, SIDE_LIMIT).astype(np.int16)
