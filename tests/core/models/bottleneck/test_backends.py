"""The learned codec's network trains on TensorFlow and on JAX, each in a process of its own."""

import importlib.util

import pytest

from tests.core.models.backends import answer_on

_TWO_STEPS = """
import json
import keras, numpy as np
from core.models.bottleneck import network as bottleneck
from core.models.bottleneck.network import BottleneckConfig
from core.training_records.previews import PREVIEW_QUALITY

draw = keras.random.uniform
# Each backend has chance of its own: it is drawn, and a value that both have is taken instead.
keras.random.uniform = lambda shape, low=0.0, high=1.0, seed=None: (
    0 * draw(shape, low, high, seed=seed) + low + 0.3 * (high - low)
)
config = BottleneckConfig(
    learning_rate=1e-3, channels=16, width=8, deep_width=8, analysis_blocks=(1, 1),
    synthesis_blocks=(1, 1), entropy_width=8, side_channels=4, levels=3, max_shift=0,
    precision="mixed_bfloat16",
)
keras.utils.set_random_seed(0)
random = np.random.default_rng(0)
images = random.integers(0, 256, (4, 8, 8, 3), dtype=np.uint8).repeat(8, 1).repeat(8, 2)
model = bottleneck.build(config)
model.initialise(images)
model.plan(2)
start = model.evaluate(images, verbose=0, return_dict=True)
steps = [model.train_on_batch(images, return_dict=True)["loss"] for _ in range(2)]
ends = []
for _ in range(2):
    with model.averaged():
        ends.append(model.evaluate(images, verbose=0, return_dict=True)["loss"])
        psnr_db = model.evaluate(images, verbose=0, return_dict=True)[f"psnr_db_{PREVIEW_QUALITY}"]
        squares = np.square(model.reconstructions(images).astype(float) - images)
        again = np.mean(10 * np.log10(255**2 / squares.mean(axis=(1, 2, 3))))
        assert abs(again - psnr_db) < 0.01, (again, psnr_db)
    model.fit(images, batch_size=4, epochs=1, verbose=0)
figures = [start["loss"], start["bits_per_pixel_45"], start["psnr_db_45"], *steps, *ends]
print(json.dumps([keras.backend.backend(), [float(x) for x in figures]]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not importlib.util.find_spec("jax"), reason="JAX is not installed")
def test_tensorflow_and_jax_start_from_the_same_codec_and_both_train_it() -> None:
    ours, theirs = (answer_on(backend, _TWO_STEPS) for backend in ("tensorflow", "jax"))

    # The start is the block transform, but its side information has chance in.
    assert ours[2] == pytest.approx(theirs[2], rel=1e-4)
    assert ours[:2] == pytest.approx(theirs[:2], rel=0.03)
    assert ours[3:] == pytest.approx(theirs[3:], rel=0.1)
    assert len({ours[0], *ours[-2:]}) == 3
