"""Parts of images."""

import numpy as np

from core.images import Image


def middle_of(image: Image, side: int) -> Image:
    """The middle of an image at its own resolution, contiguous in memory.

    Args:
        image: The image.
        side: Most pixels of its width and height.
    """
    top, left = (max(0, (length - side) // 2) for length in image.shape[:2])
    return np.ascontiguousarray(image[top : top + side, left : left + side])
