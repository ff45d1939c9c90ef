"""Structural similarity at each pixel, as a map."""

import numpy as np
from numpy.typing import NDArray

from core.images import Image
from core.metrics.pair import check_pair
from core.metrics.ssim import GREY_WEIGHTS, WINDOW


def ssim_map(reference: Image, image: Image) -> NDArray[np.float64]:
    """SSIM around each pixel in -1..1, shape (height, width).

    By the definition of `core.metrics.ssim`, whose value is the mean of the map without its outer
    three rows and columns: there the window reaches beyond the image, which is mirrored.

    Raises:
        ValueError: The images are not uint8 RGB of one shape, or a side is below 7 pixels.
    """
    from skimage.metrics import structural_similarity  # loads SciPy

    check_pair(reference, image, smallest_side=WINDOW)
    _, values = structural_similarity(  # type: ignore[no-untyped-call, unused-ignore]
        reference @ GREY_WEIGHTS, image @ GREY_WEIGHTS, data_range=255, full=True
    )
    return np.asarray(values, dtype=np.float64)


def ssim_image(values: NDArray[np.float64]) -> Image:
    """The map as a grey image: 0 and below is black, 1 is white."""
    grey = np.round(255.0 * np.clip(values, 0.0, 1.0)).astype(np.uint8)
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2)
