"""The usual multi-scale structural similarity, with five scales."""

from core.images import Image
from core.metrics.multi_scale_ssim import EXPONENTS, MultiScaleSsim

NAME = "ms_ssim"
LABEL = "MS-SSIM"
ORDER = 5
HIGHER_IS_BETTER = True
RANGE = (0.0, 1.0)
ON_SUBSET_ONLY = True
DEFINITION = (
    "MS-SSIM (Wang et al. 2003) with its five scales and exponents 0.0448, 0.2856, 0.3001, 0.2363, "
    "0.1333; 11x11 Gaussian window of sigma 1.5, K1 = 0.01, K2 = 0.03, data range 255, on the R, G "
    "and B values, mean over the three channels, as papers on learned codecs report it. Needs "
    "sides above 160 pixels; measured here from 176, which leave 11 at the fifth scale."
)

SMALLEST_SIDE = 176

_similarity = MultiScaleSsim(EXPONENTS, smallest_side=SMALLEST_SIDE)


def measure(reference: Image, image: Image) -> float:
    """MS-SSIM over five scales in 0..1; 1 for equal images.

    See `MultiScaleSsim` for the source and the conventions.

    Raises:
        ValueError: The images are not uint8 RGB of one shape, or a side is below 176 pixels.
    """
    return _similarity(reference, image)
