"""Multi-scale structural similarity with four scales, which also fits images of 160 pixels."""

import numpy as np

from core.images import Image
from core.metrics.multi_scale_ssim import EXPONENTS as FIVE_EXPONENTS
from core.metrics.multi_scale_ssim import MultiScaleSsim

NAME = "ms_ssim_4"
LABEL = "MS-SSIM, 4 scales"
ORDER = 4
HIGHER_IS_BETTER = True
RANGE = (0.0, 1.0)
ON_SUBSET_ONLY = True
DEFINITION = (
    "MS-SSIM (Wang et al. 2003) with four scales instead of five: the exponents 0.0448, 0.2856, "
    "0.3001, 0.2363 are the first four of the paper divided by their sum; 11x11 Gaussian window "
    "of sigma 1.5, K1 = 0.01, K2 = 0.03, data range 255, on the R, G and B values, mean over the "
    "three channels. Not comparable with the usual MS-SSIM, which needs sides above 160 pixels."
)

_FIRST_FOUR = np.array(FIVE_EXPONENTS[:4])
EXPONENTS = tuple(float(exponent) for exponent in _FIRST_FOUR / _FIRST_FOUR.sum())
SMALLEST_SIDE = 81

_similarity = MultiScaleSsim(EXPONENTS, smallest_side=SMALLEST_SIDE)


def measure(reference: Image, image: Image) -> float:
    """MS-SSIM over four scales in 0..1; 1 for equal images.

    See `MultiScaleSsim` for the source and the conventions. The paper's first four exponents are
    divided by their sum (0.8668).

    Raises:
        ValueError: The images are not uint8 RGB of one shape, or a side is below 81 pixels.
    """
    return _similarity(reference, image)
