"""The same networks train on TensorFlow and on JAX, each in a process of its own."""

import importlib.util

import pytest

from tests.core.models.backends import answer_on

_TWO_STEPS = """
import json
import keras, numpy as np
from core.models import get_model
from core.models.autoencoder.network import AutoencoderConfig

random = np.random.default_rng(0)
images = random.integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
found = {}
for name in ("ae20", "ae80"):
    model = get_model(name).build(get_model(name).config)
    shapes = [weight.shape for weight in model.weights]
    model.set_weights([0.05 * random.normal(size=shape) for shape in shapes])
    found[name] = [model.train_on_batch(images, return_dict=True)["loss"] for _ in range(2)]
    found[name].append(model.evaluate(images, verbose=0, return_dict=True)["loss"])
    found[name].append(model.reconstructions(images).mean())
print(json.dumps([keras.backend.backend(), {k: [float(x) for x in v] for k, v in found.items()}]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not importlib.util.find_spec("jax"), reason="JAX is not installed")
def test_two_steps_give_the_same_losses_on_tensorflow_and_jax() -> None:
    ours, theirs = (answer_on(backend, _TWO_STEPS) for backend in ("tensorflow", "jax"))

    for name in ("ae20", "ae80"):
        assert ours[name] == pytest.approx(theirs[name], rel=1e-4)
        assert ours[name][2] < ours[name][0]
