import dataclasses

import keras
import numpy as np
import pytest
from keras import ops

from core.dataset.splits import sample_images
from core.metrics import psnr_db, ssim, ssimulacra2
from core.models.bottleneck.config import (
    COMPACT,
    COMPACT_VISUAL,
    FINETUNE,
    PRESETS,
    VISUAL,
)
from core.models.bottleneck.distortion import SSIM_UNIT, VISUAL_UNIT, distortion
from tests.core.models.backends import answer_on
from tests.core.models.bottleneck.figures import figures_around
from tests.core.models.tiny import TINY

SHARES = {"ssim_share": 0.1, "visual_share": 0.6, "aligned_share": 0.25}


@pytest.fixture(scope="module")
def scenes() -> np.ndarray:
    """Eight pieces of photographs, 64x64."""
    photographs = [p for p in sample_images().values() if min(p.shape[:2]) >= 290]
    return np.stack([p[t : t + 64, 100:164] for p in photographs for t in (0, 64, 128)][:8])


def _noisy(scenes: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0.0, 9.0, scenes.shape)
    return np.clip(np.rint(scenes + noise), 0, 255).astype(np.uint8)


def test_the_loss_mixes_what_the_metrics_measure_by_their_shares(scenes: np.ndarray) -> None:
    others = _noisy(scenes)
    config = dataclasses.replace(TINY, **SHARES)
    found = distortion(scenes, others, config, training=False)

    for number, (image, other) in enumerate(zip(scenes, others, strict=True)):
        score = ssimulacra2.measure(image, other)
        assert float(found.metrics["ssimulacra2"][number]) == pytest.approx(score, abs=1.0)
        assert float(found.metrics["psnr_db"][number]) == pytest.approx(
            psnr_db.measure(image, other), abs=1e-3
        )
        similarity = ssim.measure(image, other)
        assert float(found.metrics["ssim"][number]) == pytest.approx(similarity, abs=1e-3)
        error = np.mean((image.astype(float) - other) ** 2)
        mixed = 0.3 * error + 0.1 * SSIM_UNIT * (1 - similarity)
        names = ("ssimulacra2", "ssimulacra2_aligned")
        published, aligned = ((100 - float(found.metrics[name][number])) ** 2 for name in names)
        assert abs(published - aligned) > 1
        visual = 0.6 * VISUAL_UNIT * (0.75 * published + 0.25 * aligned)
        assert float(found.loss[number]) == pytest.approx(mixed + visual, rel=1e-2)


def test_without_a_share_ssimulacra2_is_not_computed(scenes: np.ndarray) -> None:
    found = distortion(scenes, _noisy(scenes), TINY, training=True)

    assert set(found.metrics) == {"psnr_db", "ssim"}
    assert TINY.error_share == 1 - TINY.ssim_share


def test_reconstructions_in_fewer_bits_are_judged_in_float32(scenes: np.ndarray) -> None:
    config = dataclasses.replace(TINY, **SHARES)
    coarse = ops.cast(_noisy(scenes), "bfloat16")
    found = distortion(scenes, coarse, config, training=False)
    exact = distortion(scenes, ops.cast(coarse, "float32"), config, training=False)

    assert keras.backend.standardize_dtype(found.loss.dtype) == "float32"
    np.testing.assert_array_equal(found.loss, exact.loss)


@pytest.mark.slow
def test_a_training_for_the_eye_in_bfloat16_raises_ssimulacra2(scenes: np.ndarray) -> None:
    plan = {"max_shift": 0, "ema_decay": 0.9, "learning_rate": 5e-3, "precision": "mixed_bfloat16"}
    config = dataclasses.replace(TINY, ssim_share=0.0, visual_share=0.75, **plan)
    before, after = figures_around(config, scenes, epochs=24)

    assert after["loss"] < before["loss"]
    assert after["ssimulacra2"] > before["ssimulacra2"]
    assert after["bits_per_pixel"] < 1.02 * before["bits_per_pixel"]


#: Largest gradient of the loss with respect to reconstructions: of equal and of flat images.
PROGRAM = """
import dataclasses, json, keras, numpy as np
from keras import ops
from core.models.bottleneck.distortion import distortion
from tests.core.models.tiny import TINY

config = dataclasses.replace(TINY, ssim_share=0.1, visual_share=0.6)
noise = np.random.default_rng(0).integers(0, 256, (1, 32, 40, 3)).astype(np.float32)
flat = np.full_like(noise, 90.0)
pairs = {"equal": (noise, noise), "flat": (flat, flat), "near": (flat, flat + 1),
         "blurred": (noise, flat), "black": (0 * flat, 0 * flat), "beyond": (flat, 400 - noise)}

def lost(other, image):
    return ops.sum(distortion(image, other, config, training=True).loss)

if keras.backend.backend() == "jax":
    import jax
    gradient = jax.jit(jax.grad(lost))
else:
    import tensorflow as tf

    def gradient(other, image):
        with tf.GradientTape() as tape:
            variable = tf.Variable(other)
            value = lost(variable, image)
        return tape.gradient(value, variable)

found = {name: float(np.abs(np.asarray(gradient(other, image))).max())
         for name, (image, other) in pairs.items()}
print(json.dumps([keras.backend.backend(), found]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_the_gradient_is_finite_also_where_images_are_flat_or_equal(backend: str) -> None:
    pytest.importorskip(backend)
    found = answer_on(backend, PROGRAM)

    assert np.isfinite(list(found.values())).all()
    assert found["equal"] < 1e-3
    assert found["near"] > 0
    assert max(found.values()) < 1e3


def test_the_share_may_change_between_stages_and_the_network_may_not() -> None:
    assert "visual_share" in TINY.plan_fields()
    for plan, base in ((VISUAL, FINETUNE), (COMPACT_VISUAL, COMPACT)):
        ours, theirs = plan.identity(), base.identity()
        changed = {name for name in ours if ours[name] != theirs[name]}
        assert {"ssim_share", "visual_share", "aligned_share"} <= changed
        assert not changed & plan.network_fields()
        assert plan.visual_share > 0.5
    assert {"visual", "compact_visual"} <= PRESETS.keys()


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"visual_share": 1.0}, r"visual_share must lie in 0\.\.1; received 1\.0"),
        ({"visual_share": -0.1}, r"visual_share must lie in 0\.\.1"),
        ({"aligned_share": 1.1}, r"aligned_share must lie in 0\.\.1; received 1\.1"),
        ({"visual_share": 0.9, "ssim_share": 0.1}, "leave a share to the squared error"),
    ],
)
def test_shares_that_leave_nothing_to_the_squared_error_are_refused(
    shares: dict[str, float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(TINY, **shares)
