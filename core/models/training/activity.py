"""Counts the dead and rarely active ReLU units of a network."""

from collections.abc import Mapping
from typing import NamedTuple

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from core.models.base import ImageModel
from core.models.tensor import Tensor
from core.models.training.feed import spread_rows

#: A unit that is active (above zero) at a smaller share of the positions counts as rare.
RARE = 1e-3

#: Images on which dead units are counted: more than a hundred thousand positions in each.
IMAGES = 32


class Activity(NamedTuple):
    """Units of one layer.

    Attributes:
        units: Number of units.
        dead: Units that are active at no position.
        rare: Units that are active at less than a thousandth of the positions, without dead ones.
    """

    units: int
    dead: int
    rare: int


class ActivityProbe:
    """Measures the activity of the ReLU layers of a model's networks.

    Args:
        model: The model; each call of a method uses its current weights.
    """

    def __init__(self, model: ImageModel) -> None:
        self._model = model
        self._probes = {name: _probe(network) for name, network in model.networks().items()}

    def firing_rates(self, images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """Share of the positions at which each unit is active, by ReLU layer.

        A layer's name begins with that of its network.

        Args:
            images: uint8, shape (count, height, width, 3).
        """
        inputs = self._model.network_inputs(images)
        rates: dict[str, NDArray[np.float32]] = {}
        for name, probe in self._probes.items():
            found = {} if probe is None else probe.predict_on_batch(inputs[name])
            for layer, values in found.items():
                own = layer if layer.startswith(f"{name}_") else f"{name}_{layer}"
                rates[own] = np.asarray(values).mean(axis=0)
        return rates

    def columns(self, images: NDArray[np.uint8]) -> dict[str, float]:
        """Columns of a history: all units, and the dead and rare ones in total and per layer.

        Args:
            images: uint8, shape (count, height, width, 3); `IMAGES` of them are looked at, spread
                evenly, because they are sorted by class.
        """
        some = np.asarray(images[spread_rows(IMAGES, len(images))])
        layers_found = activity(self.firing_rates(some))
        if not layers_found:
            return {}
        totals = np.array(list(layers_found.values())).sum(axis=0)
        row = dict(zip(("units", "dead_units", "rare_units"), map(int, totals), strict=True))
        for layer, found in layers_found.items():
            row |= {f"dead_units_{layer}": found.dead, f"rare_units_{layer}": found.rare}
        return {name: float(value) for name, value in row.items()}


def activity(rates: Mapping[str, NDArray[np.float32]]) -> dict[str, Activity]:
    """Dead and rare units of each layer, from the share of positions at which each unit fires."""
    return {
        layer: Activity(
            units=values.size,
            dead=int((values == 0).sum()),
            rare=int(((values > 0) & (values < RARE)).sum()),
        )
        for layer, values in rates.items()
    }


def _probe(network: keras.Model) -> keras.Model | None:
    """Network from the same inputs to the firing rates in each image, shape (batch, units)."""
    rectifiers = [
        layer for layer in network.layers if isinstance(layer, layers.ReLU | layers.LeakyReLU)
    ]
    if not rectifiers:
        return None
    rates = {layer.name: _rate(layer.output) for layer in rectifiers}
    return keras.Model(network.inputs, rates)


def _rate(values: Tensor) -> Tensor:
    return ops.mean(ops.cast(values > 0, "float32"), axis=(1, 2))
