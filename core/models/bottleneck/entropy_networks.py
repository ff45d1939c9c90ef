"""The networks that predict the latent, made of operations that integers can compute exactly.

They consist of 1x1 and 3x3 convolutions, additions and clipped ReLUs. Their inputs, decoded values
and side information, are bounded; the quality acts through one vector per level that is added or
multiplied. So after training each is converted to a network of 16-bit integers that gives the same
predictions on every machine.

One position of these networks is a cell of 2x2 latent positions
(`core.models.bottleneck.coding_order`).
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from core.entropy.integer_model import CELL, SIDE_LIMIT, SPATIAL_GAIN_BITS, STEPS
from core.models.bottleneck.karhunen_loeve import SpaceToDepth
from core.models.quality_levels import LevelTable
from core.models.tensor import Tensor

#: Upper bound of the clipped ReLUs.
ACTIVATION_BOUND = 8.0
#: Bound on the absolute value of context latents and of predicted means, in standard deviations.
CONTEXT_BOUND = 8.0
#: Largest absolute value of the side information.
SIDE_BOUND = float(SIDE_LIMIT)
#: Spatial log gains are integer multiples of this.
SPATIAL_GAIN_UNIT = math.log(2.0) / 2**SPATIAL_GAIN_BITS

_SMALL_START = 0.1


@dataclass(frozen=True)
class EntropyShape:
    """Layer sizes of the entropy networks.

    Attributes:
        channels: Channels of the latent.
        width: Channels inside the networks.
        side_channels: Channels of the side information.
        levels: Quality levels.
        context: Whether a step sees what the steps before it decoded. Without, the hyperprior alone
            predicts the latent.
        lattice: Whether values of large scale are quantised together.
    """

    channels: int
    width: int
    side_channels: int
    levels: int
    context: bool = True
    lattice: bool = True


def make_hyper_analysis(shape: EntropyShape) -> keras.Model:
    """Network from latents and level weights to side information, one vector per cell.

    Only the encoder runs it, so it need not be exact across machines. The side information takes
    only about 0.01 bits per pixel, so the layers with the largest kernels are narrow.
    """
    latents = keras.Input((None, None, shape.channels), name="hyper_latents")
    levels = keras.Input((shape.levels,), name="hyper_levels")
    narrow = dataclasses.replace(shape, width=shape.width // 4)
    values = _convolution(latents, narrow.width, 1, "hyper_analysis_first")
    values = _hidden(values, levels, narrow, "hyper_analysis_first")
    values = SpaceToDepth(CELL, name="hyper_analysis_cells")(values)
    values = _convolution(values, shape.width, 3, "hyper_analysis_second")
    values = _hidden(values, levels, shape, "hyper_analysis_second")
    start = keras.initializers.VarianceScaling(_SMALL_START)
    side = _convolution(values, shape.side_channels, 1, "hyper_analysis_last", start=start)
    return keras.Model([latents, levels], side, name="hyper_analysis")


def make_hyper_synthesis(shape: EntropyShape) -> keras.Model:
    """Network from rounded side information and level weights to the first step's features."""
    side = keras.Input((None, None, shape.side_channels), name="side")
    levels = keras.Input((shape.levels,), name="side_levels")
    values = _convolution(side, shape.width, 3, "hyper_synthesis_first")
    features = _hidden(values, levels, shape, "hyper_synthesis_first")
    return keras.Model([side, levels], features, name="hyper_synthesis")


def make_spatial_gain(shape: EntropyShape) -> keras.Model:
    """Spatial gain: network from the first step's features to a log gain per latent position.

    It lets the encoder spend more bits on some regions, such as smooth areas, which raises SSIM.
    The output has one channel per position of a cell and starts at zero. In the published weights
    the layer is called `modulation`.
    """
    features = keras.Input((None, None, shape.width), name="modulation_features")
    log_gains = layers.Conv2D(CELL**2, 1, kernel_initializer="zeros", name="modulation")(features)
    return keras.Model(features, log_gains, name="modulation_network")


def make_step(shape: EntropyShape, step: int) -> keras.Model:
    """Network of one coding step.

    It maps features, level weights and, after the first step, the values that the previous step
    decoded, to new features and to the means and log scales of this step's values. Layers have the
    names of the published weights, which are stored by them: `mixed` is the context fusion,
    `spatial` the spatial context, and `prediction` gives the entropy parameters.
    """
    name = f"step_{step}"
    features = keras.Input((None, None, shape.width), name=f"{name}_features")
    levels = keras.Input((shape.levels,), name=f"{name}_levels")
    inputs, values = [features, levels], features
    if step:
        decoded = keras.Input((None, None, shape.channels), name=f"{name}_decoded")
        inputs.append(decoded)
        values = layers.Concatenate(name=f"{name}_known")([features, decoded])
        values = _convolution(values, shape.width, 1, f"{name}_mixed")
        values = _hidden(values, levels, shape, f"{name}_mixed")
    values = _convolution(values, shape.width, 3, f"{name}_spatial")
    values = _hidden(values, levels, shape, f"{name}_spatial")
    entropy_parameters = layers.Conv2D(
        2 * shape.channels, 1, kernel_initializer="zeros", name=f"{name}_prediction"
    )(values)
    means, log_scales = (
        entropy_parameters[..., : shape.channels],
        entropy_parameters[..., shape.channels :],
    )
    return keras.Model(inputs, [values, means, log_scales], name=name)


def make_steps(shape: EntropyShape) -> list[keras.Model]:
    """Networks of all coding steps."""
    return [make_step(shape, step) for step in range(STEPS)]


def _convolution(
    values: Tensor, filters: int, size: int, name: str, *, start: Any = "he_normal"
) -> Tensor:
    layer = layers.Conv2D(
        filters, size, padding="same", use_bias=False, kernel_initializer=start, name=name
    )
    return layer(values)


def _hidden(values: Tensor, levels: Tensor, shape: EntropyShape, name: str) -> Tensor:
    """Adds a bias that depends on the quality, then applies the activation."""
    bias = LevelTable(shape.levels, shape.width, name=f"{name}_bias")(levels)
    values = layers.Add(name=f"{name}_biased")([values, bias])
    return layers.ReLU(max_value=ACTIVATION_BOUND, name=f"{name}_relu")(values)
