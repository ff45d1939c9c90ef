"""The order in which the latent is coded: four steps, each with a quarter of its values.

A cell is 2x2 positions, and a quarter is the channels with the same index modulo four. At
position p of every cell, counted row by row, step s codes the quarter (p + s) modulo 4. So after
each step some channels of every position are known as context, and all positions of a step are
computed in parallel.
"""

from keras import ops

from core.entropy.integer_model import CELL, STEPS
from core.models.tensor import Tensor

_POSITIONS = CELL * CELL


def split_into_steps(latents: Tensor) -> list[Tensor]:
    """Splits latents into the values that each step codes.

    Args:
        latents: Shape (batch, rows, columns, channels); rows and columns even, the channels a
            multiple of 4.

    Returns:
        Four maps of shape (batch, rows / 2, columns / 2, channels): position by position, the
        channels of its quarter in rising order.
    """
    _, rows, columns, channels = ops.shape(latents)
    shape = (-1, rows // CELL, CELL, columns // CELL, CELL, channels // STEPS, STEPS)
    ordered = ops.transpose(ops.reshape(latents, shape), (0, 1, 3, 2, 4, 6, 5))
    flat = ops.reshape(ordered, (-1, rows // CELL, columns // CELL, _POSITIONS * channels))
    # Position by position, and quarter by quarter in each. Splits rather than slices, because the
    # gradient of each slice would be a tensor of the full size.
    parts = ops.split(flat, _POSITIONS * STEPS, axis=-1)
    return [
        ops.concatenate(
            [parts[position * STEPS + (position + step) % STEPS] for position in range(_POSITIONS)],
            axis=-1,
        )
        for step in range(STEPS)
    ]


def merge_steps(maps: list[Tensor]) -> Tensor:
    """Inverse of `split_into_steps`."""
    _, rows, columns, channels = ops.shape(maps[0])
    parts = [ops.split(values, _POSITIONS, axis=-1) for values in maps]
    flat = ops.concatenate(
        [
            parts[(quarter - position) % STEPS][position]
            for position in range(_POSITIONS)
            for quarter in range(STEPS)
        ],
        axis=-1,
    )
    shape = (-1, rows, columns, CELL, CELL, STEPS, channels // STEPS)
    ordered = ops.transpose(ops.reshape(flat, shape), (0, 1, 3, 2, 4, 6, 5))
    return ops.reshape(ordered, (-1, CELL * rows, CELL * columns, channels))


def vector_of_steps(vector: Tensor) -> list[Tensor]:
    """Splits per-channel vectors, shape (batch, 1, 1, channels), into one vector for each step."""
    return split_into_steps(ops.tile(vector, (1, CELL, CELL, 1)))
