"""PSNR-HVS-M: the error of DCT coefficients, weighted by what an observer sees."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.images import Image
from core.metrics.last_reference import LastReference
from core.metrics.pair import check_pair

NAME = "psnr_hvs_m"
LABEL = "PSNR-HVS-M (dB)"
ORDER = 6
HIGHER_IS_BETTER = True
RANGE = (0.0, 100.0)
ON_SUBSET_ONLY = True
DEFINITION = (
    "PSNR-HVS-M (Ponomarenko et al. 2007): PSNR of the luma 0.299 R + 0.587 G + 0.114 B in 0..255, "
    "where the error is that of the DCT coefficients of its whole 8x8 blocks, each weighted by the "
    "contrast sensitivity to it and less what the block masks; at most 100 dB (equal images)."
)

SMALLEST_SIDE = 8
_BLOCK = 8
_HIGHEST = 100.0
_LUMA = np.array([0.299, 0.587, 0.114])

#: Contrast sensitivity to each coefficient; `CSFCof` of the authors' `psnrhvsm.m`.
_SENSITIVITY = np.array(
    [
        [1.608443, 2.339554, 2.573509, 1.608443, 1.072295, 0.643377, 0.504610, 0.421887],
        [2.144591, 2.144591, 1.838221, 1.354478, 0.989811, 0.443708, 0.428918, 0.467911],
        [1.838221, 1.979622, 1.608443, 1.072295, 0.643377, 0.451493, 0.372972, 0.459555],
        [1.838221, 1.513829, 1.169777, 0.887417, 0.504610, 0.295806, 0.321689, 0.415082],
        [1.429727, 1.169777, 0.695543, 0.459555, 0.378457, 0.236102, 0.249855, 0.334222],
        [1.072295, 0.735288, 0.467911, 0.402111, 0.317717, 0.247453, 0.227744, 0.279729],
        [0.525206, 0.402111, 0.329937, 0.295806, 0.249855, 0.212687, 0.214459, 0.254803],
        [0.357432, 0.279729, 0.270896, 0.262603, 0.229778, 0.257351, 0.249855, 0.259950],
    ]
)
#: Part that each coefficient has in masking; `MaskCof` of the same file.
_MASKING = np.array(
    [
        [0.390625, 0.826446, 1.000000, 0.390625, 0.173611, 0.062500, 0.038447, 0.026874],
        [0.694444, 0.694444, 0.510204, 0.277008, 0.147929, 0.029727, 0.027778, 0.033058],
        [0.510204, 0.591716, 0.390625, 0.173611, 0.062500, 0.030779, 0.021004, 0.031888],
        [0.510204, 0.346021, 0.206612, 0.118906, 0.038447, 0.013212, 0.015625, 0.026015],
        [0.308642, 0.206612, 0.073046, 0.031888, 0.021626, 0.008417, 0.009426, 0.016866],
        [0.173611, 0.081633, 0.033058, 0.024414, 0.015242, 0.009246, 0.007831, 0.011815],
        [0.041649, 0.024414, 0.016437, 0.013212, 0.009426, 0.006830, 0.006944, 0.009803],
        [0.019290, 0.011815, 0.011080, 0.010412, 0.007972, 0.010000, 0.009426, 0.010203],
    ]
)

Blocks = NDArray[np.float64]


class _Coded(NamedTuple):
    coefficients: Blocks
    masking: Blocks


def measure(reference: Image, image: Image) -> float:
    """PSNR-HVS-M of the luma in decibels, at most 100.

    N. Ponomarenko, F. Silvestri, K. Egiazarian, M. Carli, J. Astola, V. Lukin, "On
    between-coefficient contrast masking of DCT basis functions", VPQM 2007,
    https://www.ponomarenko.info/psnrhvsm.htm. The blocks do not overlap; rows and columns beyond
    the last whole block are not seen. Different here: the luma is not rounded.

    Raises:
        ValueError: The images are not uint8 RGB of one shape, or a side is below 8 pixels.
    """
    check_pair(reference, image, smallest_side=SMALLEST_SIDE)
    ours, theirs = _of_reference(reference), _coded(image)
    error = np.abs(ours.coefficients - theirs.coefficients)
    threshold = np.maximum(ours.masking, theirs.masking)[:, None, None] / _MASKING
    threshold[:, 0, 0] = 0.0  # nothing masks the mean of a block
    visible = np.maximum(error - threshold, 0.0) * _SENSITIVITY
    mean_squared_error = float(np.mean(visible**2))
    if mean_squared_error == 0.0:
        return _HIGHEST
    return min(_HIGHEST, 10.0 * math.log10(255.0**2 / mean_squared_error))


def _coded(image: Image) -> _Coded:
    """Coefficients of each block, and how much error at any coefficient it masks."""
    from scipy.fft import dctn  # a second that a page without measurements need not wait

    blocks = _blocks(np.asarray(image @ _LUMA, dtype=np.float64))
    coefficients: Blocks = dctn(blocks, axes=(1, 2), norm="ortho")
    energy = np.sum(coefficients**2 * _MASKING, axis=(1, 2))
    energy -= coefficients[:, 0, 0] ** 2 * _MASKING[0, 0]
    whole = _spread(blocks)
    half = _BLOCK // 2
    parts = (slice(None, half), slice(half, None))
    quarters = sum(_spread(blocks[:, rows, columns]) for rows in parts for columns in parts)
    # An edge masks less than a texture: its quarters vary less than the whole.
    texture = np.divide(quarters, whole, out=np.zeros_like(whole), where=whole > 0.0)
    return _Coded(coefficients, np.sqrt(np.maximum(energy, 0.0) * texture) / 32.0)


def _spread(blocks: Blocks) -> Blocks:
    """Sample variance of each block times its number of pixels, as in the authors' `vari`."""
    count = blocks[0].size
    return np.asarray(blocks.var(axis=(1, 2), ddof=1) * count)


def _blocks(plane: Blocks) -> Blocks:
    height, width = (side // _BLOCK * _BLOCK for side in plane.shape)
    rows = plane[:height, :width].reshape(height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK)
    return rows.transpose(0, 2, 1, 3).reshape(-1, _BLOCK, _BLOCK)


_of_reference = LastReference(_coded)
