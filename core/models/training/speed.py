"""Measures training speed: epochs of Keras' `fit`, timed after the first."""

import dataclasses
from functools import cache

import numpy as np

from core.evaluation.evaluate import timed
from core.models import get_model
from core.models.base import ImageModel, build_seeded
from core.models.training.feed import ImageFeed
from core.timing.images import benchmark_cells

#: Steps of one measurement.
STEPS = 4


def seconds_per_image(name: str) -> float:
    """Training time per 160x160 image in seconds, without validation.

    The first call for a model builds it and trains one untimed epoch, in which its graph is traced.

    Args:
        name: The model.
    """
    network, batch = _warm(name)
    images = STEPS * batch
    return timed(_epoch, network, batch).seconds / images


@cache
def _warm(name: str) -> tuple[ImageModel, int]:
    model = get_model(name)
    config = dataclasses.replace(model.config, epochs=1)
    network = build_seeded(model, config)
    network.plan(1000 * STEPS)
    network.initialise(benchmark_cells())
    _epoch(network, config.batch)
    return network, config.batch


def _epoch(network: ImageModel, batch: int) -> None:
    order = np.arange(STEPS * batch) % len(benchmark_cells())
    network.fit(ImageFeed(benchmark_cells(), order, batch=batch), shuffle=False, verbose=0)
