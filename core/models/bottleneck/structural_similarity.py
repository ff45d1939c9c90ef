"""The thesis' SSIM as a differentiable loss."""

import numpy as np
from keras import ops

from core.metrics.ssim import GREY_WEIGHTS, WINDOW
from core.models.tensor import Tensor

_C1 = (0.01 * 255.0) ** 2
_C2 = (0.03 * 255.0) ** 2
_TO_SAMPLE = WINDOW**2 / (WINDOW**2 - 1.0)

#: Subtracted before squaring, so that the differences of squares stay exact in float32.
_GREY_MIDDLE = 128.0


def structural_similarity(images: Tensor, reconstructions: Tensor, *, stride: int = 1) -> Tensor:
    """SSIM of each image as `core.metrics.ssim` defines it, shape (batch,).

    Args:
        images: Floats in 0..255, shape (batch, height, width, 3), sides of at least 7.
        reconstructions: Likewise; neither clipped nor rounded here.
        stride: Stride of the windows; at 1, all windows count.
    """
    ours, theirs = _grey(images), _grey(reconstructions)
    planes = [ours, theirs, ours * ours, theirs * theirs, ours * theirs]
    stacked = ops.concatenate(planes, axis=-1)
    means = ops.average_pool(stacked, (WINDOW, 1), strides=(stride, 1), padding="valid")
    means = ops.average_pool(means, (1, WINDOW), strides=(1, stride), padding="valid")
    our_mean, their_mean, our_square, their_square, product = ops.split(means, 5, axis=-1)
    our_variance = _TO_SAMPLE * (our_square - our_mean * our_mean)
    their_variance = _TO_SAMPLE * (their_square - their_mean * their_mean)
    covariance = _TO_SAMPLE * (product - our_mean * their_mean)
    our_mean, their_mean = our_mean + _GREY_MIDDLE, their_mean + _GREY_MIDDLE
    numerator = (2.0 * our_mean * their_mean + _C1) * (2.0 * covariance + _C2)
    denominator = (our_mean**2 + their_mean**2 + _C1) * (our_variance + their_variance + _C2)
    return ops.mean(numerator / denominator, axis=(1, 2, 3))


def _grey(images: Tensor) -> Tensor:
    weighted = images * np.asarray(GREY_WEIGHTS, dtype=np.float32)
    return ops.sum(weighted, axis=-1, keepdims=True) - _GREY_MIDDLE
