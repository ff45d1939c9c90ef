"""The layers of an autoencoder of the thesis as the learned codec's transforms.

They stand where `core.models.bottleneck.transforms` stands otherwise, with the same inputs and
outputs, so that what the entropy model brings can be measured apart from what the transforms bring.
Their latent is finer than the codec's: the positions of each 16x16 block become channels. The
number of a position is the last digit of its channel, so each coding step codes other positions
of a block, and has those of the steps before as spatial context.
"""

from collections.abc import Mapping

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from core.models.base import PEAK
from core.models.bottleneck.karhunen_loeve import BLOCK, DepthToSpace, SpaceToDepth
from core.models.bottleneck.transforms import QualityPlane
from core.models.rate_autoencoder.config import RateAutoencoderConfig
from core.models.rate_autoencoder.transforms import (
    decoded_images,
    fit_block_basis,
    make_encoder,
    start_as_block_transform,
)
from core.models.tensor import Tensor
from core.training_records.model_layers import Layer, rate_autoencoder_layers


class PositionsToChannels(SpaceToDepth):
    """Moves blocks of positions into channels, in the order channel, row, column."""

    def call(self, inputs: Tensor) -> Tensor:
        """Output with rows and columns divided by `block`."""
        return _swapped(super().call(inputs), self.block**2, inputs.shape[-1])


class ChannelsToPositions(DepthToSpace):
    """Inverse of `PositionsToChannels`."""

    def call(self, inputs: Tensor) -> Tensor:
        """Output with rows and columns multiplied by `block`."""
        positions = self.block**2
        return super().call(_swapped(inputs, inputs.shape[-1] // positions, positions))


class ChannelUnits(layers.Layer):  # type: ignore[misc]
    """Multiplies each channel by a constant, which `assign` sets."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the constants, all ones."""
        self.units = self.add_weight(
            shape=(input_shape[-1],), initializer="ones", trainable=False, name="units"
        )

    def call(self, values: Tensor) -> Tensor:
        """The values in other units."""
        return values * self.units

    def assign(self, units: NDArray[np.float64]) -> None:
        """Replaces the constants; shape (channels,)."""
        self.units.assign(units)


class ThesisTransforms:
    """Analysis and synthesis with the layers of an autoencoder of the thesis.

    Args:
        layout: Its layers.
    """

    def __init__(self, layout: RateAutoencoderConfig) -> None:
        self.layout = layout
        self.analysis = _make_analysis(layout)
        self.synthesis = _make_synthesis(layout)

    def initialise(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Starts as a block transform; gives the latent's standard deviations, of pixels 0..255."""
        basis = fit_block_basis(images, self.layout)
        start_as_block_transform(self.analysis, self.synthesis, basis, self.layout)
        self.analysis.get_layer("analysis_units").assign(1.0 / basis.deviations)
        self.synthesis.get_layer("synthesis_units").assign(basis.deviations)
        return np.repeat(PEAK * basis.deviations, _side(self.layout) ** 2)

    def scaled_weights(self) -> dict[str, float]:
        """None: all weights are stored as they are."""
        return {}

    def layer_table(self, latent: tuple[int, int, int], *, stride: int) -> tuple[Layer, ...]:
        """Encoder and decoder, with the latent as they see it."""
        (rows, columns, channels), side = latent, _side(self.layout)
        return rate_autoencoder_layers(
            self.layout.filters,
            (rows * side, columns * side, channels // side**2),
            stride=stride // side,
            activation=self.layout.activation,
            kernel=self.layout.kernel,
        )

    def receptive_field(self) -> Mapping[str, int]:
        """Radius of both networks, rounded up to twice a block: all their kernels are small."""
        return {"analysis_pixels": 2 * BLOCK, "synthesis_positions": 2}


def _make_analysis(layout: RateAutoencoderConfig) -> keras.Model:
    """Network from uint8 images to latents in standard deviations, and a plane of ones."""
    encoder = make_encoder(layout)
    values = ChannelUnits(dtype="float32", name="analysis_units")(encoder.output)
    latents = PositionsToChannels(_side(layout), dtype="float32", name="latents")(values)
    planes = QualityPlane(dtype="float32", name="quality_plane")(latents)
    return keras.Model(encoder.input, planes, name="analysis")


def _make_synthesis(layout: RateAutoencoderConfig) -> keras.Model:
    """Network from decoded latents and a plane, which it ignores, to images in 0..1."""
    channels = layout.channels * _side(layout) ** 2
    planes = keras.Input((None, None, channels + 1), name="planes")
    cells = ChannelsToPositions(_side(layout), dtype="float32", name="positions")
    values = ChannelUnits(dtype="float32", name="synthesis_units")(cells(planes[..., :channels]))
    return keras.Model(planes, decoded_images(values, layout), name="synthesis")


def _side(layout: RateAutoencoderConfig) -> int:
    """Positions of the thesis' latent along the side of a block."""
    return BLOCK // layout.block


def _swapped(values: Tensor, first: int, second: int) -> Tensor:
    """Channels in the order (first, second) in the order (second, first)."""
    _, rows, columns, _ = ops.shape(values)
    split = ops.reshape(values, (-1, rows, columns, first, second))
    merged = ops.transpose(split, (0, 1, 2, 4, 3))
    return ops.reshape(merged, (-1, rows, columns, first * second))
