"""Multi-scale structural similarity with any number of scales."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.images import Image
from core.metrics.last_reference import LastReference
from core.metrics.pair import check_pair

#: Wang et al. 2003, section 3.2: exponents of their five scales, finest first.
EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_RADIUS = 5
_SIGMA = 1.5
_C1 = (0.01 * 255.0) ** 2
_C2 = (0.03 * 255.0) ** 2
_GAUSSIAN = np.exp(-0.5 * (np.arange(-_RADIUS, _RADIUS + 1) / _SIGMA) ** 2)
_WINDOW = _GAUSSIAN / _GAUSSIAN.sum()

Planes = NDArray[np.float64]


class _Scale(NamedTuple):
    values: Planes
    mean: Planes
    variance: Planes


class MultiScaleSsim:
    """MS-SSIM with given exponents, one per scale.

    Z. Wang, E. Simoncelli, A. Bovik, "Multi-scale structural similarity for image quality
    assessment", Asilomar 2003, https://doi.org/10.1109/ACSSC.2003.1292216, equation 7: contrast
    and structure at every scale, luminance at the coarsest. Different here: each of the R, G and B
    planes is measured and the mean is taken; a negative mean at a scale counts as 0. Between
    scales 2x2 pixels are averaged, after the last row or column of an odd side was repeated. These
    are the conventions of `tf.image.ssim_multiscale`, and of `pytorch-msssim` where all sides are
    even, in float64.

    Args:
        exponents: Exponent of each scale, finest first.
        smallest_side: Fewest pixels in height and width; the coarsest scale must hold the window
            of 11 pixels.
    """

    def __init__(self, exponents: tuple[float, ...], *, smallest_side: int) -> None:
        self._exponents = exponents
        self._smallest_side = smallest_side
        self._of_reference = LastReference(self._pyramid)

    def __call__(self, reference: Image, image: Image) -> float:
        """MS-SSIM in 0..1; 1 for equal images.

        Raises:
            ValueError: The images are not uint8 RGB of one shape, or a side is too small.
        """
        check_pair(reference, image, smallest_side=self._smallest_side)
        product = np.ones(3)
        pyramids = zip(
            self._of_reference(reference), self._pyramid(image), self._exponents, strict=True
        )
        for level, (ours, theirs, exponent) in enumerate(pyramids, start=1):
            similarity = _similarity(ours, theirs, with_luminance=level == len(self._exponents))
            product *= np.maximum(similarity, 0.0) ** exponent
        return float(product.mean())

    def _pyramid(self, image: Image) -> list[_Scale]:
        """Local statistics at each scale, finest first."""
        values = image.transpose(2, 0, 1).astype(np.float64)
        scales = [_scale(values)]
        for _ in self._exponents[1:]:
            values = _halve(values)
            scales.append(_scale(values))
        return scales


def _scale(values: Planes) -> _Scale:
    mean = _window_mean(values)
    return _Scale(values, mean, _window_mean(values * values) - mean * mean)


def _halve(values: Planes) -> Planes:
    _, height, width = values.shape
    even = np.pad(values, ((0, 0), (0, height % 2), (0, width % 2)), mode="edge")
    rows = even[:, ::2] + even[:, 1::2]
    halved: Planes = 0.25 * (rows[:, :, ::2] + rows[:, :, 1::2])
    return halved


def _window_mean(values: Planes) -> Planes:
    """Gaussian mean over every 11x11 window inside the planes."""
    from scipy.ndimage import correlate1d  # half a second that listing the metrics need not wait

    inner = slice(_RADIUS, -_RADIUS)
    rows = correlate1d(values, _WINDOW, axis=1, mode="nearest")[:, inner]
    mean: Planes = correlate1d(rows, _WINDOW, axis=2, mode="nearest")[:, :, inner]
    return mean


def _similarity(ours: _Scale, theirs: _Scale, *, with_luminance: bool) -> Planes:
    """Mean of contrast times structure, and of luminance if asked, per channel."""
    product_of_means = ours.mean * theirs.mean
    covariance = _window_mean(ours.values * theirs.values) - product_of_means
    similarity = (2.0 * covariance + _C2) / (ours.variance + theirs.variance + _C2)
    if with_luminance:
        squares = ours.mean**2 + theirs.mean**2
        similarity *= (2.0 * product_of_means + _C1) / (squares + _C1)
    return np.asarray(similarity.mean(axis=(1, 2)))
