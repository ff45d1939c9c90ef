"""What a training of the learned codec in miniature changes in its figures."""

import keras
import numpy as np

from core.models.bottleneck import network as bottleneck
from core.models.bottleneck.config import BottleneckConfig

Figures = dict[str, float]


def figures_around(
    config: BottleneckConfig, scenes: np.ndarray, *, epochs: int
) -> tuple[Figures, Figures]:
    """Validation figures of the block transform it starts as, and after so many epochs."""
    keras.utils.set_random_seed(config.seed)
    model = bottleneck.build(config)
    model.initialise(scenes)
    before = _figures(model, scenes)
    model.plan(epochs)
    model.fit(scenes, batch_size=8, epochs=epochs, verbose=0)
    with model.averaged():
        return before, _figures(model, scenes)


def _figures(model: bottleneck.Bottleneck, scenes: np.ndarray) -> Figures:
    found = model.evaluate(scenes, batch_size=8, verbose=0, return_dict=True)
    return {name: float(value) for name, value in found.items()}
