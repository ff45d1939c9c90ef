"""How fine the quantiser is: by quality, by channel, and by position."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.entropy.fixed_point import Map, at_quality
from core.entropy.integer_model import (
    GAIN_OCTAVES,
    OCTAVE_BITS,
    POWER_BITS,
    SPATIAL_GAIN_BITS,
    SPATIAL_GAIN_LIMIT,
    IntegerModel,
)
from core.entropy.lattice import STEP_BITS

#: Fraction bits of the gains' reciprocals.
INVERSE_BITS = 18


class Gains(NamedTuple):
    """Of one step, at each spatial_gain and channel; float64.

    Attributes:
        gains: Quantiser steps per standard deviation, with POWER_BITS fraction bits.
        inverses: Their reciprocals, with INVERSE_BITS fraction bits.
        restoring: Standard deviations of the latent per unit of a restored value.
        octaves: Logarithms of the gains, above that of the smallest scale.
    """

    gains: NDArray[np.float64]
    inverses: NDArray[np.float64]
    restoring: NDArray[np.float64]
    octaves: NDArray[np.float64]


@dataclass(frozen=True)
class GainsAt:
    """The same for each value of the step's map, made when asked for: a map is large.

    Attributes:
        tables: The numbers at each spatial_gain and channel.
        spatial_gain: Of each position of each cell.
    """

    tables: Gains
    spatial_gain: NDArray[np.int64]

    def map_of(self, table: NDArray[np.float64]) -> Map:
        """Numbers of one of the tables, shape (rows, columns, channels)."""
        rows, columns, positions = self.spatial_gain.shape
        by_position = table.reshape(len(table) * positions, -1)
        return by_position.take(self._rows_of_tables, axis=0).reshape(rows, columns, -1)

    @cached_property
    def _rows_of_tables(self) -> NDArray[np.int64]:
        positions = self.spatial_gain.shape[-1]
        first: NDArray[np.int64] = (self.spatial_gain + SPATIAL_GAIN_LIMIT) * positions
        return first + np.arange(positions)


def gains_of_steps(
    model: IntegerModel, quality: int, orders: Iterable[NDArray[np.int64]]
) -> list[Gains]:
    """Gains of each step at each spatial_gain, never beyond what the model's own gains may reach.

    Args:
        model: The model.
        quality: 1 to 100.
        orders: Channel of the latent at each place of each step's maps.
    """
    unit = 1 << OCTAVE_BITS - SPATIAL_GAIN_BITS
    spatial_gains = unit * np.arange(-SPATIAL_GAIN_LIMIT, SPATIAL_GAIN_LIMIT + 1)[:, np.newaxis]
    most = GAIN_OCTAVES << OCTAVE_BITS
    octaves = np.clip(at_quality(model.log2_gains, quality) + spatial_gains, -most, most)
    restored = np.clip(at_quality(model.restored_log2_gains, quality) + spatial_gains, -most, most)
    gains = Gains(
        gains=power_of_two(model.powers, octaves, POWER_BITS),
        inverses=power_of_two(model.powers, -octaves, INVERSE_BITS),
        restoring=np.ldexp(
            power_of_two(model.powers, -restored, INVERSE_BITS), -INVERSE_BITS - STEP_BITS
        ),
        octaves=(octaves - model.min_octaves).astype(np.float64),
    )
    # In rows, or each look into a table would copy it first.
    return [Gains(*(np.ascontiguousarray(t[:, order]) for t in gains)) for order in orders]


def power_of_two(
    powers: NDArray[np.int32], octaves: NDArray[np.int64], bits: int
) -> NDArray[np.float64]:
    """2**octaves as integers with so many fraction bits, float64, by table and shift.

    Args:
        powers: As in `IntegerModel`.
        octaves: Exponents with OCTAVE_BITS fraction bits.
        bits: Fraction bits of the result.
    """
    whole, part = octaves >> OCTAVE_BITS, octaves & (1 << OCTAVE_BITS) - 1
    mantissas = powers[part].astype(np.float64)
    shifted: NDArray[np.float64] = np.ldexp(mantissas, (whole + bits - POWER_BITS).astype(np.int32))
    return np.floor(shifted + 0.5)
