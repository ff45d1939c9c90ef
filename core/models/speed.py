"""How fast a model trains here: epochs of Keras' own `fit`, timed after the first."""

import dataclasses
from functools import cache

import numpy as np

from core.benchmark_pictures import benchmark_cells
from core.evaluation import timed
from core.models import get_model
from core.models.base import PictureModel, build_seeded
from core.models.feed import PictureFeed

#: Steps of one measurement.
STEPS = 4


def seconds_per_picture(name: str) -> float:
    """Time that a training on pictures of 160x160 takes per picture, validation not counted.

    The first call for a model builds it and trains one untimed epoch, in which its graph is made.

    Args:
        name: The model.
    """
    network, batch = _warm(name)
    pictures = STEPS * batch
    return timed(_epoch, network, batch).seconds / pictures


@cache
def _warm(name: str) -> tuple[PictureModel, int]:
    module = get_model(name)
    config = dataclasses.replace(module.CONFIG, epochs=1)
    network = build_seeded(module, config)
    network.plan(1000 * STEPS)
    network.initialise(benchmark_cells())
    _epoch(network, config.batch)
    return network, config.batch


def _epoch(network: PictureModel, batch: int) -> None:
    order = np.arange(STEPS * batch) % len(benchmark_cells())
    network.fit(PictureFeed(benchmark_cells(), order, batch=batch), shuffle=False, verbose=0)
