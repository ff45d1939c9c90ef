import dataclasses
import io
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from core.dataset.splits import sample_images
from core.models import get_model
from core.models.base import build_seeded
from core.models.bottleneck import network as bottleneck
from core.models.bottleneck.coding_order import merge_steps, split_into_steps
from core.models.bottleneck.network import VALIDATED_QUALITIES, Bottleneck, BottleneckConfig
from core.models.quality_levels import level_weights
from core.models.training.checkpoints import Checkpoints, state_arrays, weight_arrays
from core.models.training.feed import Images
from core.models.training.history import History
from core.models.training.loop import Training
from core.models.training.monitor import Monitor
from core.stop_request import StopRequest
from core.store import ArtifactStore
from core.training_records.previews import (
    PREVIEW_QUALITY,
    join_preview,
    preview_originals,
    preview_psnr_db,
    read_previews,
)
from tests.core.models.tiny import TINY


@pytest.fixture(scope="module")
def scenes() -> Images:
    """Twenty-four pieces of photographs, 64x64."""
    photographs = list(sample_images().values())
    places = [(top, left) for top in (64, 160, 256) for left in (32, 96, 160, 224, 288, 352)]
    pieces = [
        photograph[top : top + 64, left : left + 64]
        for photograph in photographs
        for top, left in places
    ]
    whole = [piece for piece in pieces if piece.shape == (64, 64, 3)]
    return np.stack(whole[:: len(whole) // 24][:24])


@pytest.fixture(scope="module")
def started(scenes: Images) -> Bottleneck:
    keras.utils.set_random_seed(TINY.seed)
    model = bottleneck.build(TINY)
    model.initialise(scenes)
    return model


def _figures(model: Bottleneck, scenes: Images) -> dict[str, float]:
    found = model.evaluate(scenes[:8], batch_size=8, verbose=0, return_dict=True)
    return {name: float(value) for name, value in found.items()}


def _training(folder: Path, config: BottleneckConfig, scenes: Images) -> Training:
    store = ArtifactStore(folder)
    history = History(store, "bottleneck", config)
    keras.utils.set_random_seed(config.seed)
    model = bottleneck.build(config)
    random = np.random.default_rng(0)
    model.set_weights([0.1 * random.normal(size=weight.shape) for weight in model.weights])
    checkpoints = Checkpoints(store, "bottleneck", config, "data")
    monitor = Monitor(history, config.epochs, io.StringIO())
    return Training(
        model, config, scenes[:20], scenes[20:], checkpoints, history, monitor, StopRequest()
    )


@pytest.mark.slow
def test_every_weight_has_a_name_of_its_own(started: Bottleneck) -> None:
    state = state_arrays(started)

    assert len(weight_arrays(started)) == len(started.weights)
    assert len(state) == len(started.variables) + len(started.optimizer.variables)


@pytest.mark.slow
def test_the_start_is_a_block_transform_codec(started: Bottleneck, scenes: Images) -> None:
    found = _figures(started, scenes)
    rates = [found[f"bits_per_pixel_{quality}"] for quality in VALIDATED_QUALITIES]
    distances = [found[f"psnr_db_{quality}"] for quality in VALIDATED_QUALITIES]

    assert rates == sorted(rates)
    assert distances == sorted(distances)
    assert found["bits_per_pixel"] == pytest.approx(np.mean(rates), rel=1e-4)
    assert found["psnr_db_100"] > 28


def test_its_preview_is_what_its_figures_are_of(started: Bottleneck) -> None:
    found = started(preview_originals())[f"psnr_db_{PREVIEW_QUALITY}"]
    preview = join_preview(started.reconstructions(preview_originals()))

    assert preview_psnr_db(preview) == pytest.approx(float(np.mean(found)), rel=1e-4)


def test_a_latent_is_restored_to_within_its_quantisers_cell(started: Bottleneck) -> None:
    latents = np.random.default_rng(1).normal(size=(2, 4, 4, 32)).astype(np.float32)
    levels = level_weights(np.array([0.0, 1.0], np.float32), 3)
    coded = started.entropy(latents, levels)
    gains = np.exp(ops.convert_to_numpy(started.entropy.log_gains(levels)))

    errors = np.abs(ops.convert_to_numpy(coded.latents) - latents) * gains
    # No vector is further than one step from the lattice, and most are nearer than whole numbers.
    assert errors.max() <= 1.0001
    assert np.square(errors).mean() < 1 / 12
    assert (ops.convert_to_numpy(coded.bits) > ops.convert_to_numpy(coded.side_bits)).all()


def test_no_step_knows_what_later_steps_decode() -> None:
    entropy = bottleneck.build(TINY).entropy
    random = np.random.default_rng(2)
    for weight in entropy.weights:
        weight.assign(0.3 * random.normal(size=weight.shape))
    latents = ops.convert_to_tensor(random.normal(size=(1, 8, 8, 32)).astype(np.float32))
    levels = level_weights(np.array([0.4], np.float32), 3)
    side = ops.ones((1, 4, 4, 4))
    means_by_step = _means_by_step(entropy, latents, levels, side)
    for changed in range(4):
        maps = [ops.convert_to_numpy(found).copy() for found in split_into_steps(latents)]
        maps[changed] += 1.0
        other = _means_by_step(entropy, merge_steps(maps), levels, side)
        same = [np.array_equal(*pair) for pair in zip(means_by_step, other, strict=True)]
        assert same == [step <= changed for step in range(4)]


def _means_by_step(entropy, latents, levels, side):  # type: ignore[no-untyped-def]
    features, context, found = entropy.hyper_synthesis([side, levels]), None, []
    for step, values in enumerate(split_into_steps(latents)):
        parameters = entropy._entropy_parameters(step, features, levels, context)
        features, context = parameters.features, values
        found.append(ops.convert_to_numpy(parameters.means))
    return found


@pytest.mark.slow
def test_the_loss_falls(scenes: Images) -> None:
    # Unmoved: a basis of so few images fits them at their own block grid alone.
    config = dataclasses.replace(TINY, max_shift=0, ema_decay=0.9, learning_rate=5e-3)
    model = build_seeded(get_model("bottleneck"), config)
    model.initialise(scenes)
    model.plan(90)
    before = _figures(model, scenes)["loss"]
    model.fit(scenes, batch_size=8, epochs=30, verbose=0)

    with model.averaged():
        after = _figures(model, scenes)["loss"]
    assert after < 0.985 * before


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, scenes: Images) -> tuple[Path, Training]:
    """A training of one epoch, which is finished, and the folder of its store."""
    folder = tmp_path_factory.mktemp("trained")
    training = _training(folder, dataclasses.replace(TINY, epochs=1), scenes)
    training.run()
    return folder, training


@pytest.mark.slow
def test_the_history_tells_rate_and_distortion_of_every_quality(
    trained: tuple[Path, Training],
) -> None:
    _, training = trained
    (row,) = training.progress.history

    assert row["images"] == 16
    assert training.network.optimizer.schedule.steps == 2
    for quality in VALIDATED_QUALITIES:
        for name in ("bits_per_pixel", "psnr_db", "ssim"):
            assert row[f"validation_{name}_{quality}"] > -1
    assert not any(name.startswith("psnr_db_1") for name in row)


@pytest.mark.slow
def test_the_best_weights_are_averages_and_training_goes_on_from_the_latest(
    trained: tuple[Path, Training], scenes: Images
) -> None:
    folder, training = trained
    network = training.network
    latest = weight_arrays(network)
    with network.averaged():
        averaged = weight_arrays(network)

    name = "step_1_spatial/kernel"
    np.testing.assert_array_equal(training.best[name], averaged[name])
    assert not np.array_equal(latest[name], averaged[name])
    np.testing.assert_array_equal(weight_arrays(network)[name], latest[name])
    with network.averaged():
        preview = join_preview(network.reconstructions(preview_originals()))
    kept = read_previews(ArtifactStore(folder), "histories/bottleneck").rows
    np.testing.assert_array_equal(kept[1], preview)
    assert not np.array_equal(preview, join_preview(network.reconstructions(preview_originals())))

    resumed = _training(folder, TINY, scenes)
    resumed.resume()
    np.testing.assert_array_equal(weight_arrays(resumed.network)[name], latest[name])


def test_the_learning_rate_warms_up_and_decays_to_the_planned_end() -> None:
    model = bottleneck.build(TINY)
    model.plan(1000)
    rates = [float(model.optimizer.schedule(step)) for step in (0, 49, 500, 999)]

    assert rates[1] == pytest.approx(2e-3, rel=1e-3)
    assert rates[0] < rates[1] / 10
    assert rates[1] > rates[2] > rates[3] == pytest.approx(2e-5, rel=0.05)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("channels", 36, "channels must be a multiple of 16"),
        ("highest_weight", 0.0001, "must be positive and rise"),
        ("ssim_share", 1.0, r"ssim_share must lie in 0\.\.1"),
        ("levels", 1, "levels must be at least 2"),
        ("epoch_images", 0, "epoch_images must be at least 1"),
    ],
)
def test_a_wrong_configuration_is_named(field: str, value: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(TINY, **{field: value})
