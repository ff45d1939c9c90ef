"""Peak signal-to-noise ratio over the red, green and blue values."""

import math

import numpy as np

from core.images import Image
from core.metrics.pair import check_pair
from core.metrics.strips import strips

NAME = "psnr_db"
LABEL = "PSNR (dB)"
ORDER = 1
HIGHER_IS_BETTER = True
RANGE = (0.0, 100.0)
ON_SUBSET_ONLY = False
DEFINITION = (
    "10 log10(255^2 / MSE), where MSE is the mean squared difference over all pixels and the "
    "three sRGB channels together, in float64; infinite for equal images."
)


def measure(reference: Image, image: Image) -> float:
    """10 log10(255^2 / MSE) in decibels; `math.inf` for equal images.

    MSE is the mean of (reference - image)^2 over all pixels and the three sRGB channels together.
    255 is a constant: it does not depend on the image.

    Raises:
        ValueError: The images are not uint8 RGB of one shape.

    Example:
        >>> black = np.zeros((2, 2, 3), np.uint8)
        >>> round(measure(black, black + np.uint8(1)), 2)
        48.13
        >>> measure(black, black)
        inf
    """
    check_pair(reference, image)
    # Sums of whole numbers are exact in any order.
    squared_error = sum(
        _squared_error(reference[rows], image[rows]) for rows in strips(image.shape)
    )
    if squared_error == 0.0:
        return math.inf
    return 10.0 * math.log10(255.0**2 / (squared_error / image.size))


def _squared_error(reference: Image, image: Image) -> float:
    difference = np.subtract(reference, image, dtype=np.float64).ravel()
    return float(difference @ difference)
