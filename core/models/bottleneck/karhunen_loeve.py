"""The Karhunen-Loeve transform of image blocks, as trainable layers.

A learned codec with random initial weights needs about a hundred thousand images to become as good
as a discrete cosine transform. One that is initialised with this basis starts there.
"""

from typing import Any, NamedTuple

import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from core.models.tensor import Tensor

#: Side of a block in pixels.
BLOCK = 16

_MAX_IMAGES = 3000
_BATCH = 100


class Basis(NamedTuple):
    """Principal components of image blocks.

    Attributes:
        vectors: Orthonormal columns, float32, shape (BLOCK * BLOCK * 3, channels), by descending
            variance; the rows are a block's values in the order row, column, colour.
        deviations: Standard deviation of the blocks along each column, float32.
        mean_colour: Mean of all pixels, float32, shape (3,).
    """

    vectors: NDArray[np.float32]
    deviations: NDArray[np.float32]
    mean_colour: NDArray[np.float32]


def fit_basis(images: NDArray[np.uint8], channels: int) -> Basis:
    """Karhunen-Loeve basis of the blocks of some images, values in 0..255.

    Args:
        images: uint8, shape (count, height, width, 3), sides a multiple of BLOCK; of a large
            set every n-th image is used.
        channels: Number of components to keep.
    """
    taken = images[:: -(-len(images) // _MAX_IMAGES)]
    mean_colour = np.mean([batch.mean(axis=(0, 1, 2)) for batch in _batches(taken)], axis=0)
    mean = np.tile(mean_colour, BLOCK * BLOCK).astype(np.float32)
    covariance, count = np.zeros((mean.size, mean.size)), 0
    for batch in _batches(taken):
        blocks = _blocks(batch) - mean
        covariance += blocks.T @ blocks
        count += len(blocks)
    variances, vectors = np.linalg.eigh(covariance / count)
    order = np.argsort(variances)[::-1][:channels]
    return Basis(
        vectors[:, order].astype(np.float32),
        np.sqrt(np.maximum(variances[order], 1e-2)).astype(np.float32),
        mean_colour.astype(np.float32),
    )


class _BlockTransform(layers.Layer):  # type: ignore[misc]
    """Weights that the forward and the inverse transform have in common.

    Args:
        channels: Channels of the latent.
        lr_scale: Learning rate of the basis relative to other weights. Adam's steps have the same
            size for every weight, which is too large for the small entries of a basis.
    """

    def __init__(self, channels: int, lr_scale: float, **options: Any) -> None:
        super().__init__(**options)
        self.channels = channels
        self.lr_scale = lr_scale

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights; `assign` sets their values."""
        shape = (BLOCK * BLOCK * 3, self.channels)
        self.scaled_basis = self.add_weight(shape=shape, initializer="orthogonal", name="basis")
        self.deviations = self.add_weight(
            shape=(self.channels,), initializer="ones", trainable=False, name="deviations"
        )
        self.mean_colour = self.add_weight(
            shape=(3,), initializer="zeros", trainable=False, name="mean_colour"
        )

    def assign(self, basis: Basis) -> None:
        """Sets the weights to a basis."""
        self.scaled_basis.assign(basis.vectors / self.lr_scale)
        self.deviations.assign(basis.deviations)
        self.mean_colour.assign(basis.mean_colour)

    def _mean_block(self) -> Tensor:
        return ops.tile(self.mean_colour, BLOCK * BLOCK)


class BlockAnalysis(_BlockTransform):
    """Forward transform: each block's coefficients, in units of their standard deviations."""

    def call(self, images: Tensor) -> Tensor:
        """Latents, shape (batch, height / BLOCK, width / BLOCK, channels)."""
        basis = self.scaled_basis * self.lr_scale / self.deviations
        blocks = ops.cast(space_to_depth(images, BLOCK), self.compute_dtype)
        coordinates = ops.conv(blocks, ops.reshape(basis, (1, 1, -1, self.channels)))
        # After the convolution, so that the ONNX runtime can fold the mean into its bias.
        return coordinates + ops.matmul(-self._mean_block(), basis)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the latents."""
        return (*_scaled_sides(input_shape, down=BLOCK), self.channels)


class BlockSynthesis(_BlockTransform):
    """Inverse of `BlockAnalysis`: images in 0..255, not clipped."""

    def call(self, latents: Tensor) -> Tensor:
        """Images, shape (batch, rows * BLOCK, columns * BLOCK, 3)."""
        basis = ops.transpose(self.scaled_basis * self.lr_scale)
        kernel = ops.reshape(basis, (1, 1, self.channels, -1))
        blocks = ops.conv(latents * self.deviations, kernel) + self._mean_block()
        return depth_to_space(blocks, BLOCK)

    def transposed(self, slopes: Tensor) -> Tensor:
        """Gradient with respect to the latents from that with respect to the images."""
        kernel = ops.reshape(self.scaled_basis * self.lr_scale, (1, 1, -1, self.channels))
        return ops.conv(space_to_depth(slopes, BLOCK), kernel) * self.deviations

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the images."""
        return (*_scaled_sides(input_shape, up=BLOCK), 3)


class SpaceToDepth(layers.Layer):  # type: ignore[misc]
    """Moves blocks of pixels into channels, in the order row, column, channel.

    Args:
        block: Side of a block in pixels.
    """

    def __init__(self, block: int, **options: Any) -> None:
        super().__init__(**options)
        self.block = block

    def call(self, inputs: Tensor) -> Tensor:
        """Output with height and width divided by `block`."""
        return space_to_depth(inputs, self.block)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the output, with unknown sizes left unknown."""
        sides = _scaled_sides(input_shape, down=self.block)
        return (*sides, self.block**2 * (input_shape[-1] or 0))


class DepthToSpace(SpaceToDepth):
    """Inverse of `SpaceToDepth`."""

    def call(self, inputs: Tensor) -> Tensor:
        """Output with height and width multiplied by `block`."""
        return depth_to_space(inputs, self.block)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the output, with unknown sizes left unknown."""
        sides = _scaled_sides(input_shape, up=self.block)
        return (*sides, (input_shape[-1] or 0) // self.block**2)


def space_to_depth(values: Tensor, block: int) -> Tensor:
    """Moves `block` x `block` positions into channels, in the order row, column, channel."""
    _, height, width, channels = ops.shape(values)
    rows, columns = height // block, width // block
    squares = ops.reshape(values, (-1, rows, block, columns, block, channels))
    ordered = ops.transpose(squares, (0, 1, 3, 2, 4, 5))
    return ops.reshape(ordered, (-1, rows, columns, block * block * channels))


def depth_to_space(values: Tensor, block: int) -> Tensor:
    """Inverse of `space_to_depth`."""
    _, rows, columns, depth = ops.shape(values)
    channels = depth // block**2
    squares = ops.reshape(values, (-1, rows, columns, block, block, channels))
    ordered = ops.transpose(squares, (0, 1, 3, 2, 4, 5))
    return ops.reshape(ordered, (-1, rows * block, columns * block, channels))


def _scaled_sides(
    shape: tuple[int | None, ...], *, up: int = 1, down: int = 1
) -> tuple[int | None, ...]:
    batch, height, width, _ = shape
    return (batch, *(None if side is None else side * up // down for side in (height, width)))


def _batches(images: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    return [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]


def _blocks(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    count, height, width, _ = images.shape
    squares = images.reshape(count, height // BLOCK, BLOCK, width // BLOCK, BLOCK, 3)
    flat = squares.transpose(0, 1, 3, 2, 4, 5).reshape(-1, BLOCK * BLOCK * 3)
    blocks: NDArray[np.float32] = flat.astype(np.float32)
    return blocks
