"""Whether an image was a JPEG file before it was given: its quantised coefficients remain in it."""

import numpy as np
from numpy.typing import NDArray

from core.images import Image
from core.metrics.ssim import GREY_WEIGHTS

_BLOCK = 8
#: Blocks in a row and in a column that a share needs.
_FEWEST_BLOCKS = 8
#: Rows and columns that are looked at: enough of any image, and bounded in memory.
_MOST_PIXELS = 2048
#: Coefficients of a block that JPEG quantises coarsely: those of high frequency.
_HIGH = np.add.outer(np.arange(_BLOCK), np.arange(_BLOCK)) >= 5
#: Below it a coefficient counts as zero: rounding to 8 bits moves one by about 0.3.
_NEAR_ZERO = 1.0
#: Grids that a JPEG file does not have, as rows and columns that are skipped.
_SHIFTED = ((4, 4), (4, 0), (0, 4), (2, 6))
#: Of 1,964 images of Imagenette's test split, resized and so without a grid, none reaches 0.05;
#: coded as JPEG at quality 50 to 95, more than 99 % of them exceed 0.06.
_CLEAR = 0.06

_JPEG_NOTE = (
    "It was probably a JPEG file before: blocks of 8x8 pixels are left. Codecs like JPEG find "
    "such an image easier than an original, and their curves need not rise steadily."
)


def jpeg_note(image: Image) -> str:
    """A sentence on an image with the block grid of JPEG; empty for another."""
    return _JPEG_NOTE if block_grid(image) >= _CLEAR else ""


def is_jpeg_note(note: str) -> bool:
    """Whether a sentence is that of `jpeg_note`."""
    return note == _JPEG_NOTE


def block_grid(image: Image) -> float:
    """Share of DCT coefficients near zero on JPEG's grid of blocks, less that on other grids.

    A JPEG file has set most coefficients of high frequency to zero, and they still are on its own
    grid of 8x8 blocks, but not on one that is shifted. Fan and de Queiroz (2003, "Identification
    of Bitmap Compression History") tell JPEG by the same grid, from differences of pixels. 0 for
    images of fewer than 8 blocks in a row or in a column.
    """
    grey = image[:_MOST_PIXELS, :_MOST_PIXELS] @ GREY_WEIGHTS
    if min(grey.shape) < _BLOCK * (_FEWEST_BLOCKS + 1):
        return 0.0
    return _near_zero(grey) - max(_near_zero(grey[top:, left:]) for top, left in _SHIFTED)


def _near_zero(grey: NDArray[np.float64]) -> float:
    """Share of coefficients of high frequency that are near zero, on blocks from the corner."""
    from scipy.fft import dctn  # half a second that pages need not wait for

    rows, columns = (side // _BLOCK for side in grey.shape)
    whole = grey[: rows * _BLOCK, : columns * _BLOCK]
    blocks = whole.reshape(rows, _BLOCK, columns, _BLOCK).swapaxes(1, 2)
    high = dctn(blocks, axes=(2, 3), norm="ortho")[..., _HIGH]
    return float((np.abs(high) < _NEAR_ZERO).mean())
