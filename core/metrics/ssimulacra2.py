"""SSIMULACRA2, a perceptual score, by the library of that name."""

import io

from core.images import Image
from core.metrics.pair import check_pair
from core.registry import require

NAME = "ssimulacra2"
LABEL = "SSIMULACRA2"
ORDER = 3
HIGHER_IS_BETTER = True
RANGE = (-10_000.0, 100.0)
ON_SUBSET_ONLY = True
#: Shorter side from which an image has all six scales.
WHOLE_SIDE = 225
DEFINITION = (
    "SSIMULACRA2 as the Python library ssimulacra2 computes it: multi-scale structural "
    "similarity and edge differences in the XYB colour space, at most 100 (equal images), "
    "about 90 where most people see no difference, 50 medium and 10 very low quality. With a side "
    f"below {WHOLE_SIDE} pixels an image has fewer than its six scales, and those that are left "
    "take the first of all weights, as in the published implementation: such scores do not compare "
    "with those of larger images, and may order codecs otherwise."
)
SMALLEST_SIDE = 8
require("ssimulacra2")


def measure(reference: Image, image: Image) -> float:
    """SSIMULACRA2 score, at most 100 and without a lower bound.

    J. Sneyers, "SSIMULACRA 2", https://github.com/cloudinary/ssimulacra2, computed by the Python
    library `ssimulacra2`. Six scales where the image is large enough for them.

    Raises:
        ValueError: The images are not uint8 RGB of one shape, or a side is below 8 pixels.
    """
    from ssimulacra2 import compute_ssimulacra2  # loads SciPy

    check_pair(reference, image, smallest_side=SMALLEST_SIDE)
    return float(compute_ssimulacra2(_as_file(reference), _as_file(image)))


def _as_file(image: Image) -> io.BytesIO:
    """Open file with the exact pixels: the library reads files only."""
    header = f"P6 {image.shape[1]} {image.shape[0]} 255\n".encode()
    return io.BytesIO(header + image.tobytes())
