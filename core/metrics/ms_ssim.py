"""The usual multi-scale structural similarity, with five scales."""

import numpy as np

from core.images import Image
from core.metrics.last_reference import LastReference

# The two metrics share this code under these names: the stored values of the one with four scales
# are bound to it by a digest.
from core.metrics.ms_ssim_4 import _halve, _Scale, _scale, _similarity
from core.metrics.pair import check_pair

NAME = "ms_ssim"
LABEL = "MS-SSIM"
ORDER = 5
HIGHER_IS_BETTER = True
RANGE = (0.0, 1.0)
ON_SUBSET_ONLY = True
DEFINITION = (
    "MS-SSIM (Wang et al. 2003) with its five scales and exponents 0.0448, 0.2856, 0.3001, 0.2363, "
    "0.1333; 11x11 Gaussian window of sigma 1.5, K1 = 0.01, K2 = 0.03, data range 255, on the R, G "
    "and B values, mean over the three channels, as papers on learned codecs report it. Defined "
    "for images of at least 176 pixels in each direction."
)

#: Wang et al. 2003, section 3.2.
EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
#: The coarsest of five scales must hold the window of 11 pixels.
SMALLEST_SIDE = 176


def measure(reference: Image, image: Image) -> float:
    """MS-SSIM over five scales in 0..1; 1 for equal images.

    Z. Wang, E. Simoncelli, A. Bovik, "Multi-scale structural similarity for image quality
    assessment", Asilomar 2003, https://doi.org/10.1109/ACSSC.2003.1292216, equation 7: contrast
    and structure at every scale, luminance at the coarsest. Different here: each of the R, G and B
    planes is measured and the mean is taken; a negative mean at a scale counts as 0. Between
    scales 2x2 pixels are averaged, after the last row or column of an odd side was repeated. These
    are the conventions of `tf.image.ssim_multiscale`, and of `pytorch-msssim` where all sides are
    even, in float64.

    Raises:
        ValueError: The images are not uint8 RGB of one shape, or a side is below 176 pixels.
    """
    check_pair(reference, image, smallest_side=SMALLEST_SIDE)
    product = np.ones(3)
    scales = zip(_of_reference(reference), _pyramid(image), EXPONENTS, strict=True)
    for level, (ours, theirs, exponent) in enumerate(scales, start=1):
        similarity = _similarity(ours, theirs, with_luminance=level == len(EXPONENTS))
        product *= np.maximum(similarity, 0.0) ** exponent
    return float(product.mean())


def _pyramid(image: Image) -> list[_Scale]:
    """Local statistics at each scale, finest first."""
    values = image.transpose(2, 0, 1).astype(np.float64)
    scales = [_scale(values)]
    for _ in EXPONENTS[1:]:
        values = _halve(values)
        scales.append(_scale(values))
    return scales


_of_reference = LastReference(_pyramid)
