"""Which values of the latent each coding step codes, see `core.entropy.latent_coding`."""

import numpy as np
from numpy.typing import NDArray

from core.entropy.fixed_point import Map
from core.entropy.integer_model import CELL, STEPS


def positions_of(rows: slice) -> slice:
    """Rows of the latent in rows of cells."""
    return slice(CELL * rows.start, CELL * rows.stop)


def step_order(channels: int) -> NDArray[np.int64]:
    """Channel of the latent at each index of each step's maps, shape (STEPS, channels)."""
    return np.array(
        [
            np.concatenate([np.arange(channels)[quarter] for _, _, quarter in _parts_of(step)])
            for step in range(STEPS)
        ]
    )


def take_step(latents: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Values of a step, shape (rows / 2, columns / 2, channels)."""
    parts = [latents[down::CELL, right::CELL, quarter] for down, right, quarter in _parts_of(step)]
    return np.concatenate(parts, axis=-1)


def put_step(latents: NDArray[np.float32], step: int, values: Map | NDArray[np.float32]) -> None:
    """The way back of `take_step`."""
    size = values.shape[-1] // STEPS
    for part, (down, right, quarter) in enumerate(_parts_of(step)):
        latents[down::CELL, right::CELL, quarter] = values[..., part * size : (part + 1) * size]


def _parts_of(step: int) -> list[tuple[int, int, slice]]:
    """Row and column in the cell, and channels, of each part of a step's maps."""
    return [
        (position // CELL, position % CELL, slice((position + step) % STEPS, None, STEPS))
        for position in range(CELL * CELL)
    ]
