"""The order in which the values of a latent are coded: four steps, each a quarter of everything.

Two by two positions are a cell, and channels with the same remainder modulo four are a quarter.
Step s codes at position p of every cell, counted row by row, the quarter (p + s) modulo 4. So
each step knows something of every position, and all positions of a step are computed at once.
"""

from typing import Any

from keras import ops

STEPS = 4

#: Rows and columns of a cell.
CELL = 2


def split_into_steps(latents: Any) -> list[Any]:
    """Values of each step.

    Args:
        latents: Shape (batch, rows, columns, channels); rows and columns even, the channels a
            multiple of 4.

    Returns:
        Four maps of shape (batch, rows / 2, columns / 2, channels): position by position, the
        channels of its quarter in rising order.
    """
    _, rows, columns, channels = ops.shape(latents)
    shape = (-1, rows // CELL, CELL, columns // CELL, CELL, channels // STEPS, STEPS)
    cells = ops.reshape(latents, shape)
    return [
        ops.concatenate(
            [
                cells[:, :, position // CELL, :, position % CELL, :, (position + step) % STEPS]
                for position in range(CELL * CELL)
            ],
            axis=-1,
        )
        for step in range(STEPS)
    ]


def merge_steps(maps: list[Any]) -> Any:
    """The way back of `split_into_steps`."""
    _, rows, columns, channels = ops.shape(maps[0])
    size = channels // STEPS
    positions = [
        ops.stack(
            [
                maps[(quarter - position) % STEPS][..., position * size : (position + 1) * size]
                for quarter in range(STEPS)
            ],
            axis=-1,
        )
        for position in range(CELL * CELL)
    ]
    shape = (-1, rows, columns, CELL, CELL, size, STEPS)
    cells = ops.reshape(ops.stack(positions, axis=3), shape)
    ordered = ops.transpose(cells, (0, 1, 3, 2, 4, 5, 6))
    return ops.reshape(ordered, (-1, CELL * rows, CELL * columns, channels))


def vector_of_steps(vector: Any) -> list[Any]:
    """The same for a vector per channel, shape (batch, 1, 1, channels), as four such vectors."""
    return split_into_steps(ops.tile(vector, (1, CELL, CELL, 1)))
