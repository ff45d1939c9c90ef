"""Images that were never seen, made of those that are: mirrored, and moved against the blocks."""

from typing import Any

import keras
from keras import ops


def mirrored_and_moved(images: Any, *, reach: int, seed: Any) -> Any:
    """Images of the same size, each mirrored or not, all moved by one random offset.

    What the move uncovers is filled by reflection.

    Args:
        images: Floats, shape (batch, height, width, channels).
        reach: Largest move in pixels.
        seed: Seed generator.
    """
    batch, height, width, channels = ops.shape(images)
    coins = keras.random.uniform((batch, 1, 1, 1), seed=seed)
    images = ops.where(coins < 0.5, ops.flip(images, axis=2), images)
    margins = ((0, 0), (reach, reach), (reach, reach), (0, 0))
    wide = ops.pad(images, margins, mode="reflect")
    offsets = keras.random.randint((2,), 0, 2 * reach + 1, seed=seed)
    start = (0, offsets[0], offsets[1], 0)
    return ops.slice(wide, start, (batch, height, width, channels))
