"""Entropy model of the latent: quantises it and estimates its rate.

Quantisation, prediction and rate estimation are in float32 here, for training. The codec repeats
`EntropyModel.call` step by step with the same networks in integer arithmetic.
"""

from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from core.entropy.integer_model import SPATIAL_GAIN_LIMIT, STEPS
from core.models.bottleneck.coding_order import (
    merge_steps,
    split_into_steps,
    vector_of_steps,
)
from core.models.bottleneck.entropy_networks import (
    CONTEXT_BOUND,
    SIDE_BOUND,
    SPATIAL_GAIN_UNIT,
    EntropyShape,
    make_hyper_analysis,
    make_hyper_synthesis,
    make_spatial_gain,
    make_steps,
)
from core.models.bottleneck.lattice import PERIOD, Lattice, Scalars
from core.models.bottleneck.rate_model import bits, bounded_log_scale
from core.models.quality_levels import LevelTable
from core.models.straight_through import straight_through
from core.models.tensor import Tensor

_FIRST_SIDE_SCALE = 0.3


class Coded(NamedTuple):
    """Quantised latents as the decoder receives them, and their rate.

    Attributes:
        latents: Decoded latents, of the same shape as the latents.
        bits: Bits of each image, shape (batch,), side information included.
        side_bits: Bits of the side information alone.
        symbol_bits: Bits of each value, of the same shape as the latents.
    """

    latents: Tensor
    bits: Tensor
    side_bits: Tensor
    symbol_bits: Tensor


class _EntropyParameters(NamedTuple):
    features: Tensor
    means: Tensor
    log_scales: Tensor


class EntropyModel(layers.Layer):  # type: ignore[misc]
    """Quantises latents, predicts them in four steps, and estimates their bits.

    A value is divided by its channel's quantiser step, the predicted mean is subtracted, and the
    residual is quantised (`core.models.bottleneck.lattice`). Log gains are the logarithms of
    1 / step, per level and channel, in units of the channels' standard deviations. They also equal
    the logarithm of each channel's standard deviation in quantiser steps, to which the predicted
    log scales are added. Side information can scale the steps of each position (spatial gain).

    Args:
        shape: Layer sizes of the networks.
        seed: Seed of the noise.
    """

    def __init__(self, shape: EntropyShape, *, seed: int, **options: Any) -> None:
        super().__init__(**options)
        self.shape = shape
        self.hyper_analysis = make_hyper_analysis(shape)
        self.hyper_synthesis = make_hyper_synthesis(shape)
        self.spatial_gain = make_spatial_gain(shape)
        self.steps = make_steps(shape)
        self.log_gains = _table(shape.levels, shape.channels, "log_gains")
        self.restored_log_gains = _table(shape.levels, shape.channels, "restored_log_gains")
        self.side_means = _table(shape.levels, shape.side_channels, "side_means")
        self.side_log_scales = _table(shape.levels, shape.side_channels, "side_log_scales")
        start = np.full((shape.levels, shape.side_channels), np.log(_FIRST_SIDE_SCALE))
        self.side_log_scales.assign(start)
        self.noise = keras.random.SeedGenerator(seed, name="quantisation_noise")
        self.built = True

    @property
    def parts(self) -> dict[str, tuple[layers.Layer, ...]]:
        """Layers of each part that a stage of the training may leave as it is."""
        return {
            "hyper_analysis": (self.hyper_analysis,),
            # The steps of the quantiser, which the hyper-synthesis gives for each position.
            "gains": (
                self.log_gains,
                self.restored_log_gains,
                self.hyper_synthesis,
                self.spatial_gain,
            ),
            "probabilities": (*self.steps, self.side_means, self.side_log_scales),
        }

    def assign_gains(self, log_gains: NDArray[np.floating[Any]]) -> None:
        """Sets the gains of encoder and decoder, shape (levels, channels)."""
        self.log_gains.assign(log_gains)
        self.restored_log_gains.assign(log_gains)

    def call(self, latents: Tensor, levels: Tensor, training: bool = False) -> Coded:
        """Quantised latents and their rate at a quality.

        Args:
            latents: In standard deviations, shape (batch, rows, columns, channels), rows and
                columns even.
            levels: Level weights of the quality, shape (batch, levels).
            training: Whether the rate is estimated with additive uniform noise instead of rounding,
                which makes it differentiable.
        """
        side, side_bits = self._side_information(latents, levels, training)
        features, context = self.hyper_synthesis([side, levels]), None
        spatial_gain = self._spatial_gain(features)
        log_gains = [x + spatial_gain for x in vector_of_steps(self.log_gains(levels))]
        decoded, costs = [], []
        for step, values in enumerate(split_into_steps(latents)):
            gains = ops.exp(log_gains[step])
            found = self._entropy_parameters(step, features, levels, context)
            features, means = found.features, found.means * gains
            offsets = values * gains - means
            log_scales = bounded_log_scale(found.log_scales + log_gains[step])
            quantiser = Lattice(log_scales) if self.shape.lattice else Scalars(log_scales)
            symbols = quantiser.quantised(offsets)
            if training:
                costs.append(bits(offsets + self._noise(quantiser, offsets), log_scales))
            else:
                costs.append(quantiser.bits(symbols))
            restored = straight_through(offsets, symbols) + means
            context = ops.clip(restored / gains, -CONTEXT_BOUND, CONTEXT_BOUND)
            if not self.shape.context:
                context = ops.zeros_like(context)
            decoded.append(restored / ops.exp(spatial_gain))
        restored_gains = ops.exp(self.restored_log_gains(levels))
        restored_latents, symbol_bits = merge_steps(decoded) / restored_gains, merge_steps(costs)
        return Coded(restored_latents, side_bits + _sum(symbol_bits), side_bits, symbol_bits)

    def _spatial_gain(self, features: Tensor) -> Tensor:
        """Log gains of the positions (spatial gain), in the shape of each step's maps."""
        octaves = self.spatial_gain(features) / SPATIAL_GAIN_UNIT
        multiples = straight_through(octaves, ops.round(octaves))
        log_gains = SPATIAL_GAIN_UNIT * ops.clip(multiples, -SPATIAL_GAIN_LIMIT, SPATIAL_GAIN_LIMIT)
        return ops.repeat(log_gains, self.log_gains.channels // STEPS, axis=-1)

    def _side_information(
        self, latents: Tensor, levels: Tensor, training: bool
    ) -> tuple[Tensor, Tensor]:
        side = self.hyper_analysis([ops.clip(latents, -CONTEXT_BOUND, CONTEXT_BOUND), levels])
        side = ops.clip(side, -SIDE_BOUND, SIDE_BOUND)
        log_scales = bounded_log_scale(self.side_log_scales(levels))
        rounded = straight_through(side, ops.round(side))
        # Noise replaces integer rounding; the mean shifts the table, not the quantiser's grid.
        noisy = rounded
        if training:
            noisy = side + keras.random.uniform(ops.shape(side), -0.5, 0.5, seed=self.noise)
        offsets = noisy - self.side_means(levels)
        side_bits = _sum(bits(offsets, log_scales + ops.zeros_like(offsets)))
        return rounded, side_bits

    def _entropy_parameters(
        self, step: int, features: Tensor, levels: Tensor, context: Tensor
    ) -> _EntropyParameters:
        known = [features, levels] if context is None else [features, levels, context]
        features, means, log_scales = self.steps[step](known)
        means = ops.clip(means, -CONTEXT_BOUND, CONTEXT_BOUND)
        return _EntropyParameters(features, means, log_scales)

    def _noise(self, quantiser: Lattice | Scalars, values: Tensor) -> Tensor:
        """Random quantisation errors, as of values spread uniformly over the cells."""
        anywhere = keras.random.uniform(ops.shape(values), 0.0, PERIOD, seed=self.noise)
        return ops.stop_gradient(anywhere - quantiser.quantised(anywhere))


def _table(levels: int, channels: int, name: str) -> LevelTable:
    table = LevelTable(levels, channels, name=name)
    table.build()
    table.built = True
    return table


def _sum(values: Tensor) -> Tensor:
    return ops.sum(values, axis=(1, 2, 3))
