"""Reinitialises the dead units of a trained analysis without a change of its output.

A unit that never fires contributes nothing to the output, and a plain ReLU gives it no gradient.
Its incoming weights can therefore be drawn anew if its outgoing weights are set to zero.
"""

from collections.abc import Mapping

import keras
import numpy as np
from numpy.typing import NDArray


def revive(network: keras.Model, rates: Mapping[str, NDArray[np.float32]], *, seed: int) -> int:
    """Reinitialises dead units and returns how many there were.

    Args:
        network: Analysis or synthesis; changed in place.
        rates: Share of the positions at which each unit fires, by the ReLU layers of the residual
            blocks.
        seed: Seed of the new weights.
    """
    random = np.random.default_rng(seed)
    blocks = [name.removesuffix("_relu_in") for name in rates if name.endswith("_relu_in")]
    count = 0
    for block in blocks:
        if f"{block}_relu_middle" in rates:
            pairs = (("relu_in", "in", "middle"), ("relu_middle", "middle", "out"))
            for rectifier, before, after in pairs:
                dead = rates[f"{block}_{rectifier}"] == 0
                _renew(network, f"{block}_{before}", f"{block}_{after}", dead, random)
                count += int(dead.sum())
    return count


def _renew(
    network: keras.Model,
    before: str,
    after: str,
    dead: NDArray[np.bool_],
    random: np.random.Generator,
) -> None:
    """Draws zero-mean incoming weights for the dead units and zeroes their outgoing weights."""
    incoming, outgoing = network.get_layer(before), network.get_layer(after)
    kernel, bias = (np.asarray(weights).copy() for weights in (incoming.kernel, incoming.bias))
    fresh = random.normal(size=kernel.shape) * np.sqrt(2.0 / np.prod(kernel.shape[:3]))
    fresh -= fresh.mean(axis=(0, 1, 2))
    kernel[..., dead] = fresh[..., dead]
    bias[dead] = 0.0
    next_kernel = np.asarray(outgoing.kernel).copy()
    next_kernel[:, :, dead, :] = 0.0
    incoming.kernel.assign(kernel)
    incoming.bias.assign(bias)
    outgoing.kernel.assign(next_kernel)
