"""Analysis and synthesis: a Karhunen-Loeve transform with a convolutional branch beside it.

The last layer of each branch starts at zero, so that both begin as the block transform and train
from there. The branches work at an eighth and a sixteenth of the image's size, on plain narrow
3x3 convolutions, which CPUs are fastest at.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from core.models.autoencoder.network import UnitRange
from core.models.base import PEAK
from core.models.bottleneck.karhunen_loeve import (
    BLOCK,
    BlockAnalysis,
    BlockSynthesis,
    DepthToSpace,
    SpaceToDepth,
    fit_basis,
)
from core.models.quality_levels import LevelTable, level_weights
from core.models.tensor import Tensor
from core.training_records.model_layers import Layer, transform_codec_layers

#: Side of the pixel patches that are the branches' input and output.
PATCH = 8

#: Output unit of the synthesis branch, on the scale 0..255.
PIXEL_UNIT = 64.0

#: Initial gain of the last layer of a residual block, so that the sum over blocks stays small.
_RESIDUAL_SCALE = 0.1


@dataclass(frozen=True)
class TransformShape:
    """Sizes of the two transforms.

    Attributes:
        channels: Channels of the latent.
        width: Channels of the branches at an eighth of the image's size.
        deep_width: Channels of the branches at a sixteenth.
        analysis_blocks: Residual blocks of the analysis at the two sizes.
        synthesis_blocks: Residual blocks of the synthesis at the two sizes.
        levels: Quality levels of the synthesis.
        basis_lr_scale: Learning rate of the bases, see `core.models.bottleneck.karhunen_loeve`.
        precision: Keras dtype policy of the branches in training.
        analysis_slope: Negative slope of the analysis' leaky ReLUs.
        synthesis_slope: Negative slope of the synthesis' leaky ReLUs.
        centred_kernels: Whether the blocks' 3x3 kernels are constrained to zero mean per output.
    """

    channels: int
    width: int
    deep_width: int
    analysis_blocks: tuple[int, int]
    synthesis_blocks: tuple[int, int]
    levels: int
    basis_lr_scale: float
    precision: str
    analysis_slope: float = 0.0
    synthesis_slope: float = 0.0
    centred_kernels: bool = False

    @property
    def analysis_receptive_field(self) -> int:
        """Receptive field of the analysis on each side of a block in pixels, in whole blocks."""
        fine, deep = self.analysis_blocks
        return BLOCK * math.ceil((PATCH * (fine + 1) + BLOCK * deep) / BLOCK)

    @property
    def synthesis_receptive_field(self) -> int:
        """Receptive field of the synthesis on each side of a latent position, in positions."""
        fine, deep = self.synthesis_blocks
        return math.ceil((PATCH * (fine + 1) + BLOCK * deep) / BLOCK)


class ResidualTransforms:
    """Analysis and synthesis with residual blocks beside the block transform.

    Args:
        shape: Their sizes.
    """

    def __init__(self, shape: TransformShape) -> None:
        self.shape = shape
        self.analysis = make_analysis(shape)
        self.synthesis = make_synthesis(shape)

    def initialise(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Starts as a block transform; gives the latent's standard deviations, of pixels 0..255."""
        basis = fit_basis(images, self.shape.channels)
        for layer in self._block_transforms():
            layer.assign(basis)
        return basis.deviations.astype(np.float64)

    def scaled_weights(self) -> dict[str, float]:
        """The bases and their scales, see `core.models.bottleneck.karhunen_loeve`."""
        return {layer.scaled_basis.path: layer.lr_scale for layer in self._block_transforms()}

    def layer_table(self, latent: tuple[int, int, int], *, stride: int) -> tuple[Layer, ...]:
        """Analysis and synthesis."""
        return transform_codec_layers(latent, stride=stride, config=vars(self.shape))

    def receptive_field(self) -> Mapping[str, int]:
        """Radius of the analysis in pixels, and of the synthesis in positions of the latent."""
        return {
            "analysis_pixels": self.shape.analysis_receptive_field,
            "synthesis_positions": self.shape.synthesis_receptive_field,
        }

    def _block_transforms(self) -> tuple[layers.Layer, layers.Layer]:
        return (
            self.analysis.get_layer("block_analysis"),
            self.synthesis.get_layer("block_synthesis"),
        )


class QualityPlane(layers.Layer):  # type: ignore[misc]
    """Appends the quality plane of the synthesis, set to the best quality."""

    def call(self, latents: Tensor) -> Tensor:
        """Latents with one more channel, all ones."""
        return ops.concatenate([latents, ops.ones_like(latents[..., :1])], axis=-1)


class PlaneLevels(layers.Layer):  # type: ignore[misc]
    """Level weights of the quality in the last channel of the latents.

    Args:
        levels: Quality levels.
    """

    def __init__(self, levels: int, **options: Any) -> None:
        super().__init__(**options)
        self.levels = levels

    def call(self, latents: Tensor) -> Tensor:
        """Weights, shape (batch, levels)."""
        return level_weights(latents[:, 0, 0, -1], self.levels)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the weights."""
        return (input_shape[0], self.levels)


def make_analysis(shape: TransformShape) -> keras.Model:
    """Network from uint8 images to latents in units of each channel's standard deviation.

    The sides must be multiples of 16. The last of the `channels + 1` planes is the quality for the
    synthesis, in 0..1; the analysis sets it to 1.
    """
    dtype = shape.precision
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    patches = SpaceToDepth(PATCH, dtype=dtype, name="analysis_patches")(images)
    values = layers.Rescaling(1 / 64.0, -2.0, dtype=dtype, name="analysis_scale")(patches)
    values = _convolution(values, shape.width, 1, shape, "analysis_first")
    for index in range(shape.analysis_blocks[0]):
        values = _residual(values, shape.width, shape, f"analysis_fine_{index}")
    values = _convolution(values, shape.deep_width, 3, shape, "analysis_down", strides=2)
    for index in range(shape.analysis_blocks[1]):
        values = _residual(values, shape.deep_width, shape, f"analysis_deep_{index}")
    correction = _convolution(values, shape.channels, 1, shape, "analysis_last", start="zeros")
    transform = BlockAnalysis(
        shape.channels, shape.basis_lr_scale, dtype="float32", name="block_analysis"
    )
    latents = layers.Add(dtype="float32", name="latents")([transform(images), correction])
    latents = QualityPlane(dtype="float32", name="quality_plane")(latents)
    return keras.Model(images, latents, name="analysis")


def make_synthesis(shape: TransformShape) -> keras.Model:
    """Network from decoded latents, the quality as their last plane, to images in 0..1."""
    dtype = shape.precision
    planes = keras.Input((None, None, shape.channels + 1), name="planes")
    latents = planes[..., : shape.channels]
    levels = PlaneLevels(shape.levels, dtype="float32", name="plane_levels")(planes)
    values = _convolution(latents, shape.deep_width, 1, shape, "synthesis_first")
    for index in range(shape.synthesis_blocks[1]):
        values = _residual(values, shape.deep_width, shape, f"synthesis_deep_{index}", levels)
    values = _convolution(values, 4 * shape.width, 1, shape, "synthesis_up")
    values = DepthToSpace(BLOCK // PATCH, dtype=dtype, name="synthesis_doubled")(values)
    for index in range(shape.synthesis_blocks[0]):
        values = _residual(values, shape.width, shape, f"synthesis_fine_{index}", levels)
    values = _convolution(values, 3 * PATCH**2, 3, shape, "synthesis_last", start="zeros")
    values = DepthToSpace(PATCH, dtype="float32", name="synthesis_pixels")(values)
    correction = layers.Rescaling(PIXEL_UNIT, dtype="float32", name="pixel_unit")(values)
    transform = BlockSynthesis(
        shape.channels, shape.basis_lr_scale, dtype="float32", name="block_synthesis"
    )
    images = layers.Add(dtype="float32", name="levels")([transform(latents), correction])
    images = layers.Rescaling(1.0 / PEAK, dtype="float32", name="synthesis_scale")(images)
    return keras.Model(planes, UnitRange(dtype="float32", name="clipped")(images), name="synthesis")


class ZeroMean(keras.constraints.Constraint):  # type: ignore[misc]
    """Constrains the weights of each output of a kernel to a mean of zero.

    After a ReLU all inputs are non-negative, so a step that lowers all weights of a unit shifts its
    output strongly. Without the constraint the output can become negative everywhere, and the unit
    dies: it gets no gradient any more.
    """

    def __call__(self, kernel: Tensor) -> Tensor:
        """The kernel, shape (rows, columns, inputs, outputs), less its means."""
        return kernel - ops.mean(kernel, axis=(0, 1, 2), keepdims=True)


def _residual(
    values: Tensor, width: int, shape: TransformShape, name: str, levels: Tensor = None
) -> Tensor:
    """Bottleneck residual block of half the width; in the synthesis conditioned on quality."""
    slope = shape.analysis_slope if levels is None else shape.synthesis_slope
    inner = _convolution(values, width // 2, 1, shape, f"{name}_in")
    if levels is not None:
        table = LevelTable(shape.levels, width // 2, dtype=shape.precision, name=f"{name}_quality")
        inner = layers.Add(dtype=shape.precision, name=f"{name}_told")([inner, table(levels)])
    inner = _rectifier(slope, shape, f"{name}_relu_in")(inner)
    centred = ZeroMean() if shape.centred_kernels else None
    inner = _convolution(inner, width // 2, 3, shape, f"{name}_middle", constraint=centred)
    inner = _rectifier(slope, shape, f"{name}_relu_middle")(inner)
    start = keras.initializers.VarianceScaling(_RESIDUAL_SCALE)
    inner = _convolution(inner, width, 1, shape, f"{name}_out", start=start)
    return layers.Add(dtype=shape.precision, name=name)([values, inner])


def _rectifier(slope: float, shape: TransformShape, name: str) -> layers.Layer:
    if slope:
        return layers.LeakyReLU(negative_slope=slope, dtype=shape.precision, name=name)
    return layers.ReLU(dtype=shape.precision, name=name)


def _convolution(
    values: Tensor,
    filters: int,
    size: int,
    shape: TransformShape,
    name: str,
    *,
    strides: int = 1,
    start: Any = "he_normal",
    constraint: keras.constraints.Constraint | None = None,
) -> Tensor:
    layer = layers.Conv2D(
        filters,
        size,
        strides=strides,
        padding="same",
        kernel_initializer=start,
        kernel_constraint=constraint,
        dtype=shape.precision,
        name=name,
    )
    return layer(values)
