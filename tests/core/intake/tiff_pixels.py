"""One gradient in the depths and layouts of TIFF."""

import numpy as np

HEIGHT, WIDTH = 48, 64


Y, X = np.mgrid[0:HEIGHT, 0:WIDTH]


COLORS = np.stack([4 * X, 5 * Y, 2 * X + 2 * Y], axis=-1).clip(0, 255).astype(np.uint8)


GREY = COLORS[..., 0]


DEEP = COLORS.astype(np.uint16) * 257


DEEP_GREY = GREY.astype(np.uint16) * 257


def planes(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(array, -1, 0))
