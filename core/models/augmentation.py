"""Data augmentation: random horizontal flips and shifts of the training images."""

import keras
from keras import ops

from core.models.tensor import Tensor


def mirrored_and_moved(images: Tensor, *, max_shift: int, seed: Tensor) -> Tensor:
    """Images of the same size, each flipped at random, all shifted by one random offset.

    Uncovered borders are filled by reflection padding.

    Args:
        images: Floats, shape (batch, height, width, channels).
        max_shift: Largest shift in pixels.
        seed: Seed generator.
    """
    batch, height, width, channels = ops.shape(images)
    coins = keras.random.uniform((batch, 1, 1, 1), seed=seed)
    images = ops.where(coins < 0.5, ops.flip(images, axis=2), images)
    margins = ((0, 0), (max_shift, max_shift), (max_shift, max_shift), (0, 0))
    wide = ops.pad(images, margins, mode="reflect")
    offsets = keras.random.randint((2,), 0, 2 * max_shift + 1, seed=seed)
    start = (0, offsets[0], offsets[1], 0)
    return ops.slice(wide, start, (batch, height, width, channels))
