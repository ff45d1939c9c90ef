"""SSIMULACRA2 as a differentiable loss.

J. Sneyers, "SSIMULACRA 2", https://github.com/cloudinary/ssimulacra2, as the Python library
`ssimulacra2` computes it, which `core.metrics.ssimulacra2` measures with: its handling of the
borders is kept. Reconstructions need not be rounded to bytes here.

Where a side has fewer than 225 pixels, an image has fewer than six scales. The published score then
takes the first of its weights, which belong to other scales and channels: a codec that was trained
for it on small images rises in it, and falls in that of large ones.
"""

from typing import NamedTuple

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from core.models.base import PEAK
from core.models.bottleneck.ssimulacra2_weights import WEIGHTS
from core.models.tensor import Tensor

SCALES = 6

#: Scales with a smaller side are left out.
MIN_SIDE = 8

#: Opsin absorbance of libjxl: response of each receptor to linear red, green and blue.
_ABSORBANCE = (
    (0.30, 1.0 - 0.078 - 0.30, 0.078),
    (0.23, 1.0 - 0.078 - 0.23, 0.078),
    (0.24342268924547819, 0.20476744424496821, 1.0 - 0.24342268924547819 - 0.20476744424496821),
)
_BIAS = 0.0037930732552754493
_C2 = 0.0009

_SIGMA = 1.5
_RADIUS = 5

#: Keeps the fourth root differentiable where nothing differs; its own root is 1e-7.
_FLOOR = 1e-28


class Scores(NamedTuple):
    """Scores of each reconstruction, at most 100, shape (batch,).

    Attributes:
        published: SSIMULACRA2 as it is measured.
        aligned: The same with each weight at the scale and channel that it was fitted to: what
            images of few scales contribute to the score of a large one. Equal to `published`
            where there are six scales.
    """

    published: Tensor
    aligned: Tensor


def ssimulacra2(images: Tensor, reconstructions: Tensor) -> Scores:
    """SSIMULACRA2 of each reconstruction.

    Args:
        images: Floats in 0..255, shape (batch, height, width, 3), sides of at least 8, known when
            the graph is made.
        reconstructions: Likewise; clipped to the range, but not rounded.
    """
    ours, theirs = _linear(images), _linear(reconstructions)
    scales = []
    for scale in range(SCALES):
        if min(ours.shape[1:3]) < MIN_SIDE:
            break
        if scale:
            ours, theirs = _halved(ours), _halved(theirs)
            if min(ours.shape[1:3]) < MIN_SIDE:
                break
        scales.append(_errors(_xyb(ours), _xyb(theirs)))
    # Shape (batch, channel, scale, norm, map): the order of the weights.
    errors = ops.stack(scales, axis=2)
    aligned = WEIGHTS.reshape(3, SCALES, 2, 3)[:, : len(scales)]
    # With fewer scales the first weights are used, as in the reference implementation.
    published = WEIGHTS[: aligned.size].reshape(aligned.shape)
    return Scores(*(_score(errors, weights) for weights in (published, aligned)))


def _score(errors: Tensor, weights: NDArray[np.float64]) -> Tensor:
    error = 0.9562382616834844 * ops.sum(errors * weights.astype(np.float32), axis=(1, 2, 3, 4))
    cubic = (
        2.326765642916932 * error
        - 0.020884521182843837 * error**2
        + 6.248496625763138e-05 * error**3
    )
    return 100.0 - 10.0 * ops.power(ops.maximum(cubic, 1e-9), 0.6276336467831387)


def _linear(values: Tensor) -> Tensor:
    """Linear light of sRGB values."""
    signal = ops.clip(ops.cast(values, "float32") / PEAK, 0.0, 1.0)
    curve = ops.power((ops.maximum(signal, 0.04045) + 0.055) / 1.055, 2.4)
    return ops.where(signal <= 0.04045, signal / 12.92, curve)


def _xyb(linear: Tensor) -> Tensor:
    """Opponent colours, all made positive."""
    red, green, blue = ops.split(linear, 3, axis=-1)
    # Sums instead of a matrix product, whose inputs accelerators round to fewer bits.
    roots = [
        ops.power(a * red + b * green + c * blue + _BIAS, 1.0 / 3.0) - _BIAS ** (1.0 / 3.0)
        for a, b, c in _ABSORBANCE
    ]
    x, y = 0.5 * (roots[0] - roots[1]), 0.5 * (roots[0] + roots[1])
    return ops.concatenate([14.0 * x + 0.42, y + 0.01, roots[2] - y + 0.55], axis=-1)


def _halved(linear: Tensor) -> Tensor:
    """Means of 2x2 pixels; at an odd border, of the pixels inside the image."""
    return ops.average_pool(linear, 2, strides=2, padding="same")


def _errors(ours: Tensor, theirs: Tensor) -> Tensor:
    """Errors of one scale, shape (batch, channel, norm, map)."""
    our_means, their_means = _blurred(ours), _blurred(theirs)
    products = our_means * their_means
    squares = ops.square(our_means) + ops.square(their_means)
    luminance = 1.0 - ops.square(our_means - their_means)
    covariance = 2.0 * (_blurred(ours * theirs) - products) + _C2
    variances = _blurred(ops.square(ours) + ops.square(theirs)) - squares + _C2
    structure = ops.relu(1.0 - luminance * covariance / variances)
    edges = (1.0 + ops.abs(theirs - their_means)) / (1.0 + ops.abs(ours - our_means)) - 1.0
    maps = [structure, ops.relu(edges), ops.relu(-edges)]
    means = [ops.mean(values, axis=(1, 2)) for values in maps]
    norms = [
        ops.power(ops.mean(ops.square(ops.square(values)), axis=(1, 2)) + _FLOOR, 0.25)
        for values in maps
    ]
    return ops.stack([ops.stack(means, axis=-1), ops.stack(norms, axis=-1)], axis=2)


def _blurred(values: Tensor) -> Tensor:
    """Gaussian blur: zeros beyond the left and right border, mirrored rows above and below."""
    none, margin = (0, 0), (_RADIUS, _RADIUS)
    tall = ops.pad(values, (none, margin, none, none), mode="symmetric")
    values = _weighted(tall, axis=1)
    wide = ops.pad(values, (none, none, margin, none))
    return _weighted(wide, axis=2)


def _weighted(values: Tensor, *, axis: int) -> Tensor:
    """Weighted sum of the eleven shifted copies along an axis."""
    if keras.backend.backend() != "jax":
        shape = (-1, 1, 1, 1) if axis == 1 else (1, -1, 1, 1)
        kernel = np.array(_gaussian(), np.float32).reshape(shape)
        return ops.depthwise_conv(values, kernel.repeat(values.shape[-1], axis=2))
    # JAX fuses the sum, and its convolutions round their inputs to fewer bits on accelerators.
    length = values.shape[axis] - 2 * _RADIUS
    shifted = (
        values[:, start : start + length] if axis == 1 else values[:, :, start : start + length]
        for start in range(2 * _RADIUS + 1)
    )
    return sum(weight * part for weight, part in zip(_gaussian(), shifted, strict=True))


def _gaussian() -> list[float]:
    distances = np.arange(-_RADIUS, _RADIUS + 1)
    weights = np.exp(-0.5 * (distances / _SIGMA) ** 2)
    return [float(weight) for weight in weights / weights.sum()]
