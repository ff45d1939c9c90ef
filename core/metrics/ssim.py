"""Structural similarity as the thesis computed it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.images import Image
from core.metrics.last_reference import LastReference
from core.metrics.pair import check_pair
from core.metrics.strips import strips

NAME = "ssim"
LABEL = "SSIM"
ORDER = 2
HIGHER_IS_BETTER = True
RANGE = (-1.0, 1.0)
ON_SUBSET_ONLY = False
DEFINITION = (
    "Mean SSIM (Wang et al. 2004, equation 13) of the grey images 0.2125 R + 0.7154 G + "
    "0.0721 B in 0..255: 7x7 uniform window, sample covariance, K1 = 0.01, K2 = 0.03, data range "
    "255, mean over the windows that lie inside the image (scikit-image's defaults)."
)

WINDOW = SMALLEST_SIDE = 7
#: Weights of scikit-image's `rgb2gray`; the values stay in 0..255.
GREY_WEIGHTS = np.array([0.2125, 0.7154, 0.0721])
_C1 = (0.01 * 255.0) ** 2
_C2 = (0.03 * 255.0) ** 2
_TO_MEAN = 1.0 / WINDOW**2
#: From the mean over the window's n values to the sample covariance: n / (n - 1).
_TO_SAMPLE = WINDOW**2 / (WINDOW**2 - 1.0)

Plane = NDArray[np.float64]


class _Local(NamedTuple):
    grey: Plane
    mean: Plane
    variance: Plane


def measure(reference: Image, image: Image) -> float:
    """Mean SSIM of two images in -1..1; 1 for equal images.

    Z. Wang, A. Bovik, H. Sheikh, E. Simoncelli, "Image quality assessment: from error visibility
    to structural similarity", IEEE TIP 13(4), 2004, https://doi.org/10.1109/TIP.2003.819861,
    equation 13, on the grey images 0.2125 R + 0.7154 G + 0.0721 B with values in 0..255. As in
    scikit-image's `structural_similarity(..., data_range=255)`, and unlike the paper, the window
    is 7x7 and uniform and the covariance is the sample covariance (48 in the denominator). The
    mean is taken over the windows that lie inside the image.

    Raises:
        ValueError: The images are not uint8 RGB of one shape, or a side is below 7 pixels.
    """
    check_pair(reference, image, smallest_side=SMALLEST_SIDE)
    parts = strips(image.shape, overlap=WINDOW - 1)
    if len(parts) == 1:
        return float(np.mean(_values(_of_reference(reference), _local(image))))
    total = sum(
        float(np.sum(_values(_local(reference[rows]), _local(image[rows])))) for rows in parts
    )
    height, width = (side - WINDOW + 1 for side in image.shape[:2])
    return float(total / (height * width))


def _values(ours: _Local, theirs: _Local) -> Plane:
    """SSIM of every window."""
    product_of_means = ours.mean * theirs.mean
    covariance = _TO_SAMPLE * (_window_mean(ours.grey * theirs.grey) - product_of_means)
    numerator = (2.0 * product_of_means + _C1) * (2.0 * covariance + _C2)
    denominator = (ours.mean**2 + theirs.mean**2 + _C1) * (ours.variance + theirs.variance + _C2)
    return np.asarray(numerator / denominator)


def _local(image: Image) -> _Local:
    grey = np.asarray(image @ GREY_WEIGHTS, dtype=np.float64)
    mean = _window_mean(grey)
    return _Local(grey, mean, _TO_SAMPLE * (_window_mean(grey * grey) - mean * mean))


def _window_mean(plane: Plane) -> Plane:
    """Mean over every 7x7 window inside the plane, from sums of pairs."""
    two = plane[:-1] + plane[1:]
    seven = two[:-5] + two[2:-3]
    seven += two[4:-1]
    seven += plane[6:]
    two = seven[:, :-1] + seven[:, 1:]
    total = two[:, :-5] + two[:, 2:-3]
    total += two[:, 4:-1]
    total += seven[:, 6:]
    total *= _TO_MEAN
    return total


_of_reference = LastReference(_local)
