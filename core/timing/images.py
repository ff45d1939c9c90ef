"""Images of any size for the benchmark, made from the built-in photographs."""

import math
from functools import cache

import numpy as np
import PIL.Image

from core.dataset.splits import sample_images
from core.images import Image

#: Longest side of one photograph in the image. Enlarged further, photographs would have less detail
#: per pixel than real ones of that size, and codecs are faster on smooth images.
_LONGEST_SIDE = 1000
#: Photographs of everyday scenes; microscope and telescope images are left out.
_TITLES = (
    "Motorcycle in a garage",
    "Coffee cup",
    "Chelsea (cat)",
    "Astronaut (portrait)",
    "Rocket on its pad",
)
#: Number of small images that `benchmark_cells` returns, and their side.
CELLS = 32
_CELL_SIDE = 160
_CELL_COLUMNS = 8


def benchmark_image(width: int, height: int) -> Image:
    """Image of that size: one photograph, or a grid of them if one would be blurred.

    Each photograph is scaled to cover its cell of the grid and cropped around its centre.

    Args:
        width: Columns of the image.
        height: Rows of the image.
    """
    columns, rows = math.ceil(width / _LONGEST_SIDE), math.ceil(height / _LONGEST_SIDE)
    across = [width * place // columns for place in range(columns + 1)]
    down = [height * place // rows for place in range(rows + 1)]
    image = np.empty((height, width, 3), np.uint8)
    for row in range(rows):
        for column in range(columns):
            left, right = across[column : column + 2]
            top, bottom = down[row : row + 2]
            title = _TITLES[(row * columns + column) % len(_TITLES)]
            image[top:bottom, left:right] = _covering(title, right - left, bottom - top)
    return image


@cache
def benchmark_cells() -> Image:
    """Small images cut from a large one, uint8, shape (CELLS, 160, 160, 3)."""
    rows, side = CELLS // _CELL_COLUMNS, _CELL_SIDE
    whole = benchmark_image(_CELL_COLUMNS * side, rows * side)
    cells = whole.reshape(rows, side, _CELL_COLUMNS, side, 3).swapaxes(1, 2)
    return np.ascontiguousarray(cells.reshape(CELLS, side, side, 3))


def _covering(title: str, width: int, height: int) -> Image:
    photograph = PIL.Image.fromarray(sample_images()[title])
    scale = max(width / photograph.width, height / photograph.height)
    cut_width, cut_height = width / scale, height / scale
    left, top = (photograph.width - cut_width) / 2, (photograph.height - cut_height) / 2
    box = (left, top, left + cut_width, top + cut_height)
    scaled = photograph.resize((width, height), PIL.Image.Resampling.LANCZOS, box=box)
    return np.asarray(scaled)
