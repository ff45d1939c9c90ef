import math

import numpy as np
import pytest
from keras import ops

from core.entropy.integer_model import STEPS
from core.metrics import ssim
from core.models.augmentation import mirrored_and_moved
from core.models.bottleneck.coding_order import merge_steps, split_into_steps
from core.models.bottleneck.karhunen_loeve import (
    BLOCK,
    BlockAnalysis,
    BlockSynthesis,
    depth_to_space,
    fit_basis,
    space_to_depth,
)
from core.models.bottleneck.rate_model import (
    MAX_SCALE,
    MIN_SCALE,
    bits,
    bounded_log_scale,
)
from core.models.bottleneck.structural_similarity import structural_similarity
from core.models.quality_levels import LevelTable, level_weights, rate_distortion_weight
from core.models.straight_through import straight_through
from core.models.training.feed import Images


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_basis_is_orthonormal_and_sorted_by_variance(images: Images) -> None:
    basis = fit_basis(images, 40)

    np.testing.assert_allclose(basis.vectors.T @ basis.vectors, np.eye(40), atol=1e-5)
    assert (np.diff(basis.deviations) <= 0).all()
    np.testing.assert_allclose(basis.mean_colour, images.mean(axis=(0, 1, 2)), rtol=1e-5)


@pytest.mark.slow
def test_latents_of_the_images_themselves_have_unit_deviation_and_no_correlation(
    random: np.random.Generator,
) -> None:
    images = random.integers(0, 256, (40, 64, 64, 3), dtype=np.uint8)
    basis = fit_basis(images, 8)
    analysis = BlockAnalysis(8, lr_scale=0.1)
    analysis.build((None, None, None, 3))
    analysis.assign(basis)

    latents = ops.convert_to_numpy(analysis(images)).reshape(-1, 8)
    np.testing.assert_allclose(latents.T @ latents / len(latents), np.eye(8), atol=1e-3)


@pytest.mark.slow
def test_synthesis_of_all_channels_undoes_analysis(random: np.random.Generator) -> None:
    images = random.integers(0, 256, (20, 64, 96, 3), dtype=np.uint8)
    channels = 3 * BLOCK**2
    basis = fit_basis(images, channels)
    # Directions that these few blocks do not span would be divided by almost nothing.
    basis = basis._replace(deviations=np.maximum(basis.deviations, 1.0))
    analysis, synthesis = (
        BlockAnalysis(channels, lr_scale=0.1),
        BlockSynthesis(channels, lr_scale=0.1),
    )
    analysis.build((None, None, None, 3))
    synthesis.build((None, None, None, channels))
    analysis.assign(basis)
    synthesis.assign(basis)

    restored = ops.convert_to_numpy(synthesis(analysis(images[:2])))
    np.testing.assert_allclose(restored, images[:2], atol=0.05)


def test_depth_to_space_undoes_space_to_depth(random: np.random.Generator) -> None:
    values = random.normal(size=(2, 8, 12, 3)).astype(np.float32)
    blocks = ops.convert_to_numpy(space_to_depth(values, 4))

    np.testing.assert_array_equal(blocks[1, 1, 2], values[1, 4:8, 8:12].ravel())
    np.testing.assert_array_equal(ops.convert_to_numpy(depth_to_space(blocks, 4)), values)


def test_every_value_is_coded_once_and_each_step_knows_all_positions(
    random: np.random.Generator,
) -> None:
    latents = random.normal(size=(2, 6, 4, 8)).astype(np.float32)
    maps = [ops.convert_to_numpy(found) for found in split_into_steps(latents)]

    assert [found.shape for found in maps] == [(2, 3, 2, 8)] * STEPS
    np.testing.assert_array_equal(ops.convert_to_numpy(merge_steps(maps)), latents)
    # Step 1 codes at the third position of a cell (row 1, column 0) the quarter 3 of the channels.
    np.testing.assert_array_equal(maps[1][0, 0, 0, 4:6], latents[0, 1, 0, [3, 7]])


def test_weights_of_levels_lie_on_the_two_nearest_and_sum_to_one() -> None:
    found = ops.convert_to_numpy(level_weights(np.array([0.0, 0.5, 0.6, 1.0], np.float32), 5))

    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-6)
    np.testing.assert_allclose(found[1], [0, 0, 1, 0, 0])
    np.testing.assert_allclose(found[2], [0, 0, 0.6, 0.4, 0], atol=1e-6)


def test_a_table_of_levels_is_interpolated() -> None:
    table = LevelTable(3, 2)
    table.build()
    table.assign(np.array([[0.0, 1.0], [2.0, 3.0], [8.0, 5.0]]))

    found = table(level_weights(np.array([0.75], np.float32), 3))
    np.testing.assert_allclose(ops.convert_to_numpy(found).ravel(), [5.0, 4.0])


def test_the_price_of_an_error_rises_evenly_in_the_logarithm() -> None:
    found = ops.convert_to_numpy(
        rate_distortion_weight(np.array([0.0, 0.5, 1.0], np.float32), 0.001, 0.1)
    )
    np.testing.assert_allclose(found, [0.001, 0.01, 0.1], rtol=1e-5)


@pytest.mark.parametrize("scale", [MIN_SCALE, 0.7, 5.0, 40.0])
@pytest.mark.parametrize("mean", [0.0, 0.3])
def test_probabilities_of_all_symbols_sum_to_one(scale: float, mean: float) -> None:
    offsets = np.arange(-2000, 2001).astype(np.float32) - mean
    price = ops.convert_to_numpy(bits(offsets, np.full_like(offsets, math.log(scale))))

    assert (2.0 ** -price.astype(np.float64)).sum() == pytest.approx(1.0, abs=2e-5)


def test_a_fitting_scale_costs_the_entropy_of_the_logistic_distribution(
    random: np.random.Generator,
) -> None:
    parameter = 6.0 * math.sqrt(3.0) / math.pi
    symbols = np.rint(random.logistic(0, parameter, 100_000)).astype(np.float32)
    price = ops.convert_to_numpy(bits(symbols, np.full_like(symbols, math.log(6.0)))).mean()

    assert price == pytest.approx((math.log(parameter) + 2.0) / math.log(2.0), abs=0.01)


def test_a_surprise_costs_bits_in_tens_not_in_thousands() -> None:
    price = bits(np.array([30.0], np.float32), np.array([math.log(MIN_SCALE)], np.float32))

    assert 20 < float(price[0]) < 60


def test_scales_stay_inside_the_tables() -> None:
    found = ops.convert_to_numpy(bounded_log_scale(np.array([-9.0, 0.0, 9.0], np.float32)))

    np.testing.assert_allclose(np.exp(found), [MIN_SCALE, 1.0, MAX_SCALE], rtol=1e-5)


def test_what_passes_straight_through_are_the_symbols() -> None:
    values = np.array([-1.6, 0.4, 2.7], np.float32)
    found = straight_through(values, np.rint(values))

    np.testing.assert_array_equal(ops.convert_to_numpy(found), [-2, 0, 3])


def test_similarity_is_the_metric_of_that_name(random: np.random.Generator) -> None:
    blocks = random.integers(0, 256, (2, 6, 5, 3), dtype=np.uint8).repeat(8, 1).repeat(8, 2)
    noisy = np.clip(blocks + random.normal(0, 20, blocks.shape), 0, 255).astype(np.uint8)

    found = structural_similarity(blocks.astype(np.float32), noisy.astype(np.float32))
    expected = [ssim.measure(*pair) for pair in zip(blocks, noisy, strict=True)]
    np.testing.assert_allclose(ops.convert_to_numpy(found), expected, atol=1e-5)


def test_moved_images_are_windows_of_the_reflected_ones() -> None:
    row = np.arange(24, dtype=np.float32)
    image = np.broadcast_to(row[:, None, None], (1, 24, 24, 1)).copy()
    found = [
        ops.convert_to_numpy(mirrored_and_moved(image, max_shift=4, seed=seed))[0, :, 0, 0]
        for seed in range(12)
    ]

    starts = {int(values[4]) for values in found}
    assert starts <= set(range(9))
    assert len(starts) > 3
    for values in found:
        np.testing.assert_array_equal(np.abs(np.diff(values[4:-4])), 1.0)
