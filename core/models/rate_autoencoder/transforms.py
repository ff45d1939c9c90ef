"""Encoder and decoder: the thesis' layers, with strides in place of pooling and doubling.

A layer of the thesis is a convolution, an activation and a 2x2 max-pooling; on the way back a
transposed convolution, an activation and a doubling by nearest neighbours. Here the convolutions
have stride 2 themselves: the same layers, kernels and latent grids. Max-pooling discards which of
four positions the maximum came from, and a doubled image has no content at half the sampling rate
of each doubling, so that with those no number of bits gives more than about 30 dB at 40x40 and
25 dB at 20x20. The latent has no activation: a leaky ReLU would make its negative values coarser.

The layers start as the Karhunen-Loeve transform of blocks without overlap: all but the last gather
pixels (which are never negative, so an activation leaves them as they are), and the last one
applies the basis. Filters that this leaves over start at random, with outgoing weights of zero.
"""

from typing import NamedTuple

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from core.models.autoencoder.network import LEAKY_SLOPE, UnitRange
from core.models.base import PEAK
from core.models.rate_autoencoder.config import RateAutoencoderConfig
from core.models.tensor import Tensor

_MAX_IMAGES = 1500
_COLORS = 3


class BlockBasis(NamedTuple):
    """Karhunen-Loeve basis of blocks of pixels on the scale 0..1.

    Attributes:
        vectors: Orthonormal columns by descending variance, shape (values of a block, channels);
            values are in the order of `gathered`.
        deviations: Standard deviation along each column.
        mean: Mean block.
    """

    vectors: NDArray[np.float64]
    deviations: NDArray[np.float64]
    mean: NDArray[np.float64]


def make_encoder(config: RateAutoencoderConfig) -> keras.Model:
    """Network from bytes to the latent."""
    images = keras.Input((None, None, _COLORS), dtype="uint8", name="images")
    values = layers.Rescaling(1.0 / PEAK, dtype=config.precision, name="unit_scale")(images)
    for depth, filters in enumerate((*config.filters[:-1], config.channels), start=1):
        values = layers.Conv2D(
            filters,
            config.kernel,
            strides=2,
            padding="same",
            kernel_initializer="he_normal",
            dtype=config.precision,
            name=f"convolution_{depth}",
        )(values)
        if depth < len(config.filters):
            values = _activated(values, config, depth)
    latent = layers.Activation("linear", dtype="float32", name="latent")(values)
    return keras.Model(images, latent, name="encoder")


def make_decoder(config: RateAutoencoderConfig) -> keras.Model:
    """Network from the latent to images on the scale 0..1."""
    latent = keras.Input((None, None, config.channels), name="decoded_latent")
    return keras.Model(latent, decoded_images(latent, config), name="decoder")


def decoded_images(latent: Tensor, config: RateAutoencoderConfig) -> Tensor:
    """Output of the decoder's layers, which are made here, for a latent."""
    values = latent
    for depth, filters in enumerate(reversed(config.filters), start=1):
        values = layers.Conv2DTranspose(
            filters,
            config.kernel,
            strides=2,
            padding="same",
            kernel_initializer="he_normal",
            dtype=config.precision,
            name=f"transposed_convolution_{depth}",
        )(values)
        values = _activated(values, config, depth)
    last = layers.Conv2D(
        _COLORS, config.kernel, padding="same", dtype=config.precision, name="to_image"
    )
    return UnitRange(dtype="float32", name="unit_range")(last(values))


def start_as_block_transform(
    encoder: keras.Model, decoder: keras.Model, basis: BlockBasis, config: RateAutoencoderConfig
) -> None:
    """Sets the kernels to the block transform and its inverse.

    Args:
        encoder: Network of `make_encoder`.
        decoder: Network of `make_decoder`.
        basis: Basis that `fit_block_basis` found.
        config: Their shape.
    """
    depths = len(config.filters)
    forward, back = basis.vectors, basis.vectors.T
    for depth in range(1, depths + 1):
        is_last = depth == depths
        inputs = _COLORS * 4 ** (depth - 1)
        matrix = forward if is_last else np.eye(4 * inputs)
        bias = -basis.mean @ forward if is_last else None
        _assign(encoder.get_layer(f"convolution_{depth}"), _by_position(matrix, inputs), bias)
        # The decoder goes the other way: its first layer applies the basis.
        outputs = _COLORS * 4 ** (depths - depth)
        rows = back if depth == 1 else np.eye(4 * outputs)
        kernel = _by_position(rows.T, outputs)
        bias = _mean_of_positions(basis.mean, outputs) if depth == 1 else None
        _assign(decoder.get_layer(f"transposed_convolution_{depth}"), kernel, bias, transposed=True)
    _assign_identity(decoder.get_layer("to_image"))


def fit_block_basis(images: NDArray[np.uint8], config: RateAutoencoderConfig) -> BlockBasis:
    """Karhunen-Loeve basis of the blocks of some images; of many, every n-th is used."""
    taken = np.asarray(images[:: -(-len(images) // _MAX_IMAGES)])
    size = _COLORS * config.block**2
    total, products, count = np.zeros(size), np.zeros((size, size)), 0
    for start in range(0, len(taken), 100):
        blocks = gathered(taken[start : start + 100] / PEAK, config.block).reshape(-1, size)
        total += blocks.sum(axis=0)
        products += blocks.T @ blocks
        count += len(blocks)
    mean = total / count
    variances, vectors = np.linalg.eigh(products / count - np.outer(mean, mean))
    order = np.argsort(variances)[::-1][: config.channels]
    deviations = np.sqrt(np.maximum(variances[order], 1e-6))
    return BlockBasis(vectors[:, order], deviations, mean)


def gathered(values: NDArray[np.float64], block: int) -> NDArray[np.float64]:
    """Blocks of pixels as vectors, gathered 2x2 by 2x2 as a chain of layers does."""
    while block > 1:
        count, height, width, channels = values.shape
        squares = values.reshape(count, height // 2, 2, width // 2, 2, channels)
        values = squares.transpose(0, 1, 3, 2, 4, 5)
        values = values.reshape(count, height // 2, width // 2, 4 * channels)
        block //= 2
    return values


def _activated(values: Tensor, config: RateAutoencoderConfig, depth: int) -> Tensor:
    slope = LEAKY_SLOPE if config.activation == "leaky_relu" else 0.0
    name = f"activation_{depth}"
    return layers.LeakyReLU(negative_slope=slope, dtype=config.precision, name=name)(values)


def _by_position(matrix: NDArray[np.float64], inputs: int) -> NDArray[np.float64]:
    """Matrix of a 2x2 square of values, shape (4 * inputs, outputs), as (2, 2, inputs, outputs)."""
    square: NDArray[np.float64] = matrix.reshape(2, 2, inputs, -1)
    return square


def _mean_of_positions(mean: NDArray[np.float64], outputs: int) -> NDArray[np.float64]:
    """Bias of the first decoder layer: it has one per channel, not per position."""
    bias: NDArray[np.float64] = mean.reshape(4, outputs).mean(axis=0)
    return bias


def _assign(
    layer: layers.Layer,
    square: NDArray[np.float64],
    bias: NDArray[np.float64] | None,
    *,
    transposed: bool = False,
) -> None:
    """Sets the weights between the filters that the block transform uses.

    Args:
        layer: Convolution of stride 2, or transposed one.
        square: Weights at the 2x2 positions that belong to an output (of a transposed
            convolution: input), shape (2, 2, channels at high resolution, at low resolution).
        bias: Of the filters that are used; zero when None.
        transposed: Whether the layer raises the resolution; both kinds keep the channels at high
            resolution on the third axis of the kernel.
    """
    kernel, offsets = np.asarray(layer.kernel).copy(), np.asarray(layer.bias).copy()
    high, low = square.shape[2:]
    first = (kernel.shape[0] - 2) // 2
    if transposed:
        # Inputs: the filters of the layer below, of which some are left over.
        kernel[:, :, :, low:] = 0.0
        kernel[:, :, :high] = 0.0
    else:
        kernel[:, :, high:] = 0.0
        kernel[:, :, :, :low] = 0.0
    kernel[first : first + 2, first : first + 2, :high, :low] = square
    used = high if transposed else low
    offsets[:used] = 0.0 if bias is None else bias
    layer.kernel.assign(kernel)
    layer.bias.assign(offsets)


def _assign_identity(layer: layers.Layer) -> None:
    kernel = np.zeros(layer.kernel.shape)
    centre = kernel.shape[0] // 2
    kernel[centre, centre, :_COLORS, :_COLORS] = np.eye(_COLORS)
    layer.kernel.assign(kernel)
