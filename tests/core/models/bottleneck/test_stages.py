import dataclasses

import numpy as np
import pytest

from core.models.bottleneck import network as bottleneck
from core.models.bottleneck.config import CONFIG
from core.models.bottleneck.network import Bottleneck, BottleneckConfig
from core.models.bottleneck.transforms import ZeroMean
from core.models.training.activity import ActivityProbe, activity
from core.models.training.checkpoints import weight_arrays
from tests.core.models.bottleneck.figures import figures_around
from tests.core.models.tiny import MINIATURE

TINY = dataclasses.replace(MINIATURE, learning_rate=2e-3, batch=4)
ENCODER = dataclasses.replace(TINY, stage="encoder")
ENTROPY = dataclasses.replace(TINY, stage="entropy")


@pytest.fixture(scope="module")
def scenes() -> np.ndarray:
    blocks = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 3), dtype=np.uint8)
    return blocks.repeat(8, axis=1).repeat(8, axis=2)


def _filled(config: BottleneckConfig) -> Bottleneck:
    """A model whose every weight matters, the same for every configuration."""
    model = bottleneck.build(config)
    random = np.random.default_rng(1)
    for weight in model.weights:
        weight.assign(np.asarray(weight) + 0.05 * random.normal(size=weight.shape))
    return model


def _trained_weights(model: Bottleneck, scenes: np.ndarray) -> set[str]:
    """Paths of the weights that a short training changes."""
    before = weight_arrays(model)
    model.plan(4)
    model.fit(scenes, batch_size=4, epochs=2, verbose=0)
    after = weight_arrays(model)
    return {name for name in before if not np.array_equal(before[name], after[name])}


def _silence(model: Bottleneck, layer: str, unit: int) -> None:
    bias = np.asarray(model.analysis.get_layer(layer).bias).copy()
    bias[unit] = -100.0
    model.analysis.get_layer(layer).bias.assign(bias)


@pytest.mark.slow
def test_an_encoder_stage_changes_nothing_that_a_decoder_or_the_model_id_depends_on(
    scenes: np.ndarray,
) -> None:
    model = _filled(ENCODER)
    changed = _trained_weights(model, scenes)

    assert changed
    assert all(
        name.startswith(("analysis", "block_analysis", "hyper_analysis")) for name in changed
    )
    assert "hyper_analysis_second/kernel" in changed
    assert "analysis_fine_0_middle/kernel" in changed
    assert model.frozen_files == {"synthesis.onnx", "entropy.npz"}
    assert not bottleneck.build(TINY).frozen_files


@pytest.mark.slow
def test_an_entropy_stage_changes_no_transform_and_no_quantiser_step(scenes: np.ndarray) -> None:
    model = _filled(ENTROPY)
    kept = (
        "analysis",
        "block_analysis",
        "hyper_analysis",
        "synthesis",
        "block_synthesis",
        "hyper_synthesis",
        "modulation",
    )
    changed = _trained_weights(model, scenes)

    assert not [name for name in changed if name.startswith(kept) or "log_gains" in name]
    for part in model.parts["probabilities"]:
        assert {weight.path for weight in part.trainable_weights} & changed, part.name


@pytest.mark.slow
def test_only_the_rate_falls_in_an_entropy_stage(scenes: np.ndarray) -> None:
    # A lattice decides by the predicted scales which values it quantises together.
    plan = {"max_shift": 0, "learning_rate": 5e-3, "ema_decay": 0.9, "lattice": False}
    config = dataclasses.replace(ENTROPY, **plan)
    before, after = figures_around(config, scenes, epochs=40)

    assert after["bits_per_pixel"] < 0.99 * before["bits_per_pixel"]
    assert after["psnr_db"] == pytest.approx(before["psnr_db"], abs=0.1)


@pytest.mark.slow
def test_an_encoder_stage_begins_with_the_same_output_and_no_dead_units(
    scenes: np.ndarray,
) -> None:
    model = _filled(ENCODER)
    for layer in ("analysis_fine_0_in", "analysis_fine_0_middle", "analysis_deep_0_middle"):
        _silence(model, layer, 2)
    before = np.asarray(model.analysis(scenes))
    dead = activity(ActivityProbe(model).firing_rates(scenes))
    model.begin_stage(scenes)

    found = activity(ActivityProbe(model).firing_rates(scenes))
    np.testing.assert_allclose(model.analysis(scenes), before, atol=1e-4)
    assert dead["analysis_fine_0_relu_middle"].dead >= 1
    assert dead["analysis_deep_0_relu_middle"].dead >= 1
    assert all(
        found[name].dead == 0 for name in found if name.startswith("analysis") and dead[name].dead
    )


def test_units_that_leak_are_left_as_they_are_by_an_encoder_stage(scenes: np.ndarray) -> None:
    model = _filled(dataclasses.replace(ENCODER, analysis_slope=0.1))
    _silence(model, "analysis_fine_0_in", 2)
    before = weight_arrays(model)
    model.begin_stage(scenes)

    for name, array in weight_arrays(model).items():
        np.testing.assert_array_equal(array, before[name], err_msg=name)


def test_the_activity_counts_dead_and_rare_units_of_each_rectifier(scenes: np.ndarray) -> None:
    model = _filled(TINY)
    _silence(model, "analysis_fine_0_middle", 1)
    columns = ActivityProbe(model).columns(scenes)

    assert columns["dead_units_analysis_fine_0_relu_middle"] >= 1
    assert columns["units"] == 8 * 4
    per_layer = [value for name, value in columns.items() if name.startswith("dead_units_")]
    assert columns["dead_units"] == sum(per_layer)
    assert len(per_layer) == 8


def test_a_rate_below_a_thousandth_is_rare_and_zero_is_dead() -> None:
    (found,) = activity({"layer": np.array([0.0, 5e-4, 0.5], np.float32)}).values()

    assert found == (3, 1, 1)


@pytest.mark.slow
def test_centred_kernels_keep_a_mean_of_zero_per_output_through_training(
    scenes: np.ndarray,
) -> None:
    config = dataclasses.replace(
        TINY, analysis_slope=0.1, synthesis_slope=0.1, centred_kernels=True
    )
    model = bottleneck.build(config)
    model.initialise(scenes)
    model.plan(4)
    model.fit(scenes, batch_size=4, epochs=2, verbose=0)

    kernels = [
        np.asarray(weight) for weight in model.weights if weight.path.endswith("_middle/kernel")
    ]
    assert len(kernels) == 4
    for kernel in kernels:
        np.testing.assert_allclose(kernel.mean(axis=(0, 1, 2)), 0.0, atol=1e-6)
        assert np.abs(kernel).max() > 0.01


def test_centring_subtracts_each_outputs_own_mean() -> None:
    kernel = np.random.default_rng(0).normal(1.0, 2.0, (3, 3, 4, 5)).astype(np.float32)
    centred = np.asarray(ZeroMean()(kernel))

    np.testing.assert_allclose(centred.mean(axis=(0, 1, 2)), 0.0, atol=1e-6)
    np.testing.assert_allclose(
        kernel - centred, (kernel - centred)[:1, :1, :1] * np.ones_like(kernel), atol=1e-5
    )


def test_a_new_training_leaks() -> None:
    assert (CONFIG.analysis_slope, CONFIG.synthesis_slope, CONFIG.centred_kernels) == (
        0.1,
        0.1,
        True,
    )


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("stage", "decoder", "stage must be one of all, encoder, entropy; received 'decoder'"),
        ("analysis_slope", 1.0, r"analysis_slope must lie in 0\.\.1"),
        ("synthesis_slope", -0.1, r"synthesis_slope must lie in 0\.\.1"),
    ],
)
def test_a_wrong_stage_or_slope_is_named(field: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(TINY, **{field: value})
