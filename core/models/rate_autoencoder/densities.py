"""Factorised entropy model: one trained symmetric density per channel of the latent.

The density is a mixture of logistic distributions around zero, in units of the latent. A quality
only changes the quantiser step, so one density gives the probabilities at every quality. It stands
in for the piecewise-trained density of Balle et al., "Variational image compression with a scale
hyperprior", ICLR 2018, appendix 6.1, https://arxiv.org/abs/1802.01436.
"""

import math
from typing import Any

import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from core.entropy.channel_tables import MAX_SYMBOL, ChannelTables
from core.entropy.fixed_point import QUALITIES
from core.entropy.value_tables import Coset, entries_of
from core.models.tensor import Tensor

#: Scales at which the components start, in standard deviations of the channel.
_FIRST_SCALES = (0.08, 0.28, 0.9)
#: Least probability: that of a symbol that needs the escape.
_FLOOR = 2.0**-24
#: Probability on either side that a table leaves to its escape.
_OUTSIDE = 2.0**-19


class ChannelDensities(layers.Layer):  # type: ignore[misc]
    """Trained densities of all channels.

    Args:
        channels: Channels of the latent.
    """

    def __init__(self, channels: int, **options: Any) -> None:
        super().__init__(**options)
        shape = (len(_FIRST_SCALES), channels)
        self.log_scales = self.add_weight(shape=shape, initializer="zeros", name="log_scales")
        self.logits = self.add_weight(shape=shape, initializer="zeros", name="logits")
        self.built = True

    def assign(self, deviations: NDArray[np.floating[Any]]) -> None:
        """Sets the densities for channels of these standard deviations."""
        self.log_scales.assign(np.log(np.outer(_FIRST_SCALES, deviations)))

    def call(self, offsets: Tensor, log_gains: Tensor) -> Tensor:
        """Information of each symbol in bits.

        Args:
            offsets: Symbols, or in training values with noise, shape (..., channels).
            log_gains: Logarithms of the quantiser steps per unit, of a shape that fits.
        """
        distances = ops.abs(offsets)
        shares = ops.softmax(self.logits, axis=0)
        total = 0.0
        for component in range(len(_FIRST_SCALES)):
            narrow = ops.exp(-self.log_scales[component] - log_gains)
            upper = ops.sigmoid((0.5 - distances) * narrow)
            lower = ops.sigmoid((-0.5 - distances) * narrow)
            total = total + shares[component] * (upper - lower)
        return -ops.log(ops.maximum(total, _FLOOR)) / math.log(2.0)


def channel_tables(
    densities: ChannelDensities,
    log_gains: NDArray[np.float64],
    log_restored_gains: NDArray[np.float64],
) -> ChannelTables:
    """Integer tables of trained densities.

    Args:
        densities: The densities.
        log_gains: Logarithms of the gains at all qualities, shape (QUALITIES, channels).
        log_restored_gains: The same for the way back.
    """
    scales = np.exp(np.asarray(densities.log_scales).astype(np.float64))
    shares = np.exp(np.asarray(densities.logits).astype(np.float64))
    shares /= shares.sum(axis=0)
    half_widths = np.empty(log_gains.shape, np.int32)
    entries = []
    for quality in range(QUALITIES):
        for channel, gain in enumerate(np.exp(log_gains[quality])):
            narrow = scales[:, channel] * gain
            table = _table(narrow, shares[:, channel])
            half_widths[quality, channel] = len(table) - 2
            entries.append(table)
    return ChannelTables(
        gains=np.exp(log_gains).astype(np.float32),
        steps=np.exp(-log_restored_gains).astype(np.float32),
        half_widths=half_widths,
        entries=np.concatenate(entries),
    )


def _table(scales: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.int32]:
    """Half table of a mixture whose scales are in quantiser steps."""
    edge = float(scales.max()) * math.log(1.0 / _OUTSIDE)
    values = np.arange(min(MAX_SYMBOL, max(1, math.ceil(edge))) + 1.0)[:, np.newaxis]
    found = (_tail((values - 0.5) / scales) - _tail((values + 0.5) / scales)) @ shares
    outside = _tail((values[:, 0, np.newaxis] + 0.5) / scales) @ shares
    half_width = max(1, int(np.searchsorted(-outside, -_OUTSIDE)))
    return entries_of(Coset.EVEN, found[: half_width + 1])


def _tail(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Survival function of the logistic distribution."""
    tails: NDArray[np.float64] = np.exp(-np.logaddexp(0.0, values))
    return tails
