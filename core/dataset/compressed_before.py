"""Whether an image was a JPEG file before it was given: the edges of 8x8 blocks remain in it."""

import numpy as np
from numpy.typing import NDArray

from core.images import Image
from core.metrics.ssim import GREY_WEIGHTS

_BLOCK = 8
#: Blocks in a row that the mean over an edge needs.
_FEWEST_BLOCKS = 8
#: Rows and columns that are looked at: enough of any image, and bounded in memory.
_MOST_PIXELS = 2048
#: Of the photographs that ship with the installed libraries, resized and so without a grid, none
#: reaches 1; coded as JPEG at quality 75 all exceed 2.7, at quality 90 a quarter does.
_CLEAR = 2.5
#: What a grey level counts for where all steps are equal, as in a flat image.
_FLAT = 0.02

_JPEG_NOTE = (
    "It was probably a JPEG file before: edges of its 8x8 blocks are left. Codecs like JPEG find "
    "such an image easier than an original, and their curves need not rise steadily."
)


def jpeg_note(image: Image) -> str:
    """A sentence on an image with the block grid of JPEG; empty for another."""
    return _JPEG_NOTE if block_grid(image) >= _CLEAR else ""


def block_grid(image: Image) -> float:
    """How far the steps at edges of 8x8 blocks stand out among steps between pixels.

    The mean step at an edge, less half of its two neighbours, against the same at the seven other
    places of a block, in their standard deviations; the smaller of both directions. 0 for images
    of fewer than 8 blocks in a row.
    """
    grey = image[:_MOST_PIXELS, :_MOST_PIXELS] @ GREY_WEIGHTS
    return min(_along_rows(grey), _along_rows(grey.T))


def _along_rows(grey: NDArray[np.float64]) -> float:
    steps = np.abs(np.diff(grey, axis=1))
    sharper = steps[:, 1:-1] - (steps[:, :-2] + steps[:, 2:]) / 2
    blocks = sharper.shape[1] // _BLOCK
    if blocks < _FEWEST_BLOCKS:
        return 0.0
    means = sharper[:, : blocks * _BLOCK].reshape(-1, _BLOCK).mean(axis=0)
    edge = _BLOCK - 2  # the first step lies between pixels 0 and 1, and is left out
    others = np.delete(means, edge)
    return float((means[edge] - others.mean()) / (others.std() + _FLAT))
