"""Images as arrays."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: An image: uint8, shape (height, width, 3), RGB.
Image: TypeAlias = NDArray[np.uint8]


def check_image(array: Any) -> Image:
    """Array itself when it is an image.

    Raises:
        ValueError: It is not a uint8 array of shape (height, width, 3) with at least one pixel.
    """
    if not isinstance(array, np.ndarray):
        received = type(array).__name__
    elif array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or array.size == 0:
        received = f"{array.dtype} of shape {array.shape}"
    else:
        return array
    raise ValueError(f"An image is a uint8 array of shape (height, width, 3); received {received}.")


def pad_to_multiple(image: Image, multiple: int) -> Image:
    """Image whose sides are multiples of a number, its last column and row repeated.

    Args:
        image: Image of any size; `crop` takes the padding off again.
        multiple: Positive number that divides both sides of the result.

    Raises:
        ValueError: The multiple is not positive.
    """
    if multiple < 1:
        raise ValueError(f"The multiple must be at least 1; received {multiple}.")
    height, width = check_image(image).shape[:2]
    padding = ((0, -height % multiple), (0, -width % multiple), (0, 0))
    return np.pad(image, padding, mode="edge")


def crop(image: Image, *, height: int, width: int) -> Image:
    """Upper left part of an image, which undoes `pad_to_multiple`.

    Raises:
        ValueError: The part is empty or larger than the image.
    """
    available_height, available_width = check_image(image).shape[:2]
    if not (1 <= height <= available_height and 1 <= width <= available_width):
        raise ValueError(
            f"The part must lie within {available_width} x {available_height} pixels; "
            f"received {width} x {height}."
        )
    return image[:height, :width]
