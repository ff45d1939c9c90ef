"""The entropy model as integers, against the floats that it was trained in."""

import dataclasses
from typing import NamedTuple

import keras
import numpy as np
import pytest
from keras import ops

from core.dataset.splits import sample_images
from core.entropy.integer_model import OCTAVE_BITS, IntegerModel
from core.entropy.latent_coding import LatentCoder
from core.entropy.lattice import LatticeValues
from core.entropy.step_order import take_step
from core.entropy.tables import PRECISION_BITS
from core.models.bottleneck import network as bottleneck
from core.models.bottleneck.coding_order import split_into_steps
from core.models.bottleneck.integer_export import integer_model, quantised, value_tables
from core.models.bottleneck.network import Bottleneck
from core.models.bottleneck.publication import (
    COMPARED_QUALITIES,
    compare,
    quality_aware_hyper_analysis,
)
from core.models.bottleneck.rate_model import (
    MAX_SCALE,
    MIN_SCALE,
    bits,
    symbol_probabilities,
)
from core.models.quality_levels import level_weights
from tests.core.models.tiny import MINIATURE


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """Eight pieces of photographs, 160x160."""
    photographs = list(sample_images().values())
    corners = [(0, 0), (100, 40), (120, 200), (60, 240)]
    pieces = [p[t : t + 160, s : s + 160] for p in photographs for t, s in corners]
    return np.stack([piece for piece in pieces if piece.shape == (160, 160, 3)][:8])


@pytest.fixture(scope="module")
def model(images: np.ndarray) -> Bottleneck:
    """A started model with predictions that say something."""
    keras.utils.set_random_seed(3)
    model = bottleneck.build(MINIATURE)
    model.initialise(images)
    random = np.random.default_rng(3)
    for variable in model.entropy.trainable_variables:
        spread = 0.0 if "gains" in variable.path else 0.05
        variable.assign(variable + spread * random.normal(size=variable.shape))
    return model


@pytest.fixture(scope="module")
def integers(model: Bottleneck) -> IntegerModel:
    return integer_model(model.entropy, synthesis_digest=bytes(32))


def test_the_order_of_coding_is_that_of_training() -> None:
    latents = np.random.default_rng(0).normal(size=(1, 6, 4, 8)).astype(np.float32)
    for step, values in enumerate(split_into_steps(ops.convert_to_tensor(latents))):
        assert np.array_equal(take_step(latents[0], step), ops.convert_to_numpy(values)[0])


def test_tables_follow_the_probabilities_that_training_assumes() -> None:
    offsets = np.linspace(0, 12, 60)
    for scale in (MIN_SCALE, 0.5, 3.0, 40.0):
        information = ops.convert_to_numpy(bits(offsets, np.full(60, np.log(scale))))
        expected = -np.log2(symbol_probabilities(offsets, scale))
        assert np.allclose(information, expected, rtol=0.02, atol=0.02)


def test_tables_span_the_scales_of_the_rate_model() -> None:
    tables = value_tables()
    tables.check()
    for index, scale in ((0, MIN_SCALE), (tables.count - 1, MAX_SCALE)):
        entries = tables.prepared[index].entries
        reach = tables.half_widths[index]
        share = (entries[:-1] + 1) / 2**PRECISION_BITS
        deviation = np.sqrt((share * np.arange(-reach, reach + 1.0) ** 2).sum())
        # Rounding to whole numbers adds a twelfth to a variance of many steps.
        assert scale > 1 or deviation < 0.05
        assert scale < 1 or deviation == pytest.approx(scale, rel=0.06)


def test_a_convolution_loses_less_than_its_units(model: Bottleneck) -> None:
    random = np.random.default_rng(0)
    kernel, bias = random.normal(size=(3, 3, 6, 5)), random.normal(size=(1, 5))
    kernel[..., 2] = 0
    layer = quantised(
        kernel,
        bias,
        input_bits=np.full(6, 13),
        output_bits=np.full(5, 12),
        lowest=-(2**15) + 1,
        highest=2**15 - 1,
    )
    values = random.integers(0, 2**14, (4, 4, 6))
    found = layer.at(1).run(values.astype(np.float64)) / 2**12
    inputs = ops.convert_to_tensor(values[np.newaxis] / 2.0**13, "float64")
    expected = ops.conv(inputs, ops.convert_to_tensor(kernel), padding="same") + bias
    limited = np.clip(ops.convert_to_numpy(expected)[0], -8 + 2**-12, 8 - 2**-12)
    assert np.abs(found - limited).max() < 2**-9


class Restored(NamedTuple):
    """Latents of an image, and what two coders make of them, in quantiser steps."""

    latents: np.ndarray
    by_floats: np.ndarray
    by_integers: np.ndarray


def _restored(
    model: Bottleneck, integers: IntegerModel, images: np.ndarray, quality: int
) -> Restored:
    latents = model.analysis(images[:1])[..., : MINIATURE.channels]
    index = np.array([(quality - 1) / 99], np.float32)
    levels = level_weights(ops.convert_to_tensor(index), MINIATURE.levels)
    side = ops.convert_to_numpy(model.entropy.hyper_analysis([latents, levels]))[0]
    coder = LatentCoder(integers, quality)
    coded = coder.encode(ops.convert_to_numpy(latents)[0], side)
    rows, columns = latents.shape[1:3]
    decoded = coder.decode(coded.payload, rows=rows, columns=columns)
    restored = ops.convert_to_numpy(model.entropy(latents, levels).latents)[0]
    steps = np.exp(-ops.convert_to_numpy(model.entropy.restored_log_gains(levels)))[0]
    return Restored(*(x / steps for x in (latents[0], restored, decoded.latents)))


@pytest.mark.parametrize("quality", [1, 42, 100])
def test_integers_restore_the_latents_that_floats_restore(
    model: Bottleneck,
    integers: IntegerModel,
    images: np.ndarray,
    quality: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without the lattice, in which one value near to an edge moves fifteen others."""
    tables = integers.values.tables
    monkeypatch.setattr("core.models.bottleneck.lattice.LATTICE_TABLE", tables.count)
    alone = dataclasses.replace(integers, values=LatticeValues(tables, tables.count))
    _, by_floats, by_integers = _restored(model, alone, images, quality)
    differences = np.abs(by_integers - by_floats)
    # The gains differ by a fraction of their last place, which counts for large values. Where a
    # value is nearly halfway between two symbols the two may round apart, and then later steps
    # predict otherwise.
    last_place = np.log(2) / 2**OCTAVE_BITS
    apart = (differences > 0.05 + last_place * np.abs(by_floats)).astype(np.float32)
    assert take_step(apart, 0).mean() < 0.02
    assert apart.mean() < 0.1


@pytest.mark.parametrize("quality", [1, 42, 100])
def test_integers_restore_latents_as_well_as_floats_do(
    model: Bottleneck, integers: IntegerModel, images: np.ndarray, quality: int
) -> None:
    latents, *restored = _restored(model, integers, images, quality)
    errors = [np.square(x - latents).mean() for x in restored]
    assert errors[1] == pytest.approx(errors[0], rel=0.02)


@pytest.mark.slow
def test_integers_cost_less_than_half_a_percent(
    model: Bottleneck, integers: IntegerModel, images: np.ndarray
) -> None:
    costs = compare(model.analysis, model.entropy, integers, images)
    assert costs.keys() == set(COMPARED_QUALITIES)
    assert np.mean([cost.percent for cost in costs.values()]) < 0.5
    # What the channels cost is all but side information and headers.
    positions = len(images) * (images.shape[1] // 16) * (images.shape[2] // 16)
    for cost in costs.values():
        assert 0.5 * cost.estimated < positions * cost.channel_bits.sum() < cost.estimated


def test_the_exported_hyper_analysis_knows_the_quality_from_its_plane(model: Bottleneck) -> None:
    random = np.random.default_rng(0).normal(size=(1, 4, 6, MINIATURE.channels))
    latents = ops.convert_to_tensor(random, "float32")
    network = quality_aware_hyper_analysis(model.entropy)
    for index in (0.0, 0.3, 1.0):
        plane = ops.full((1, 4, 6, 1), index)
        levels = level_weights(ops.convert_to_tensor([index]), MINIATURE.levels)
        expected = ops.convert_to_numpy(model.entropy.hyper_analysis([latents, levels]))
        found = ops.convert_to_numpy(network(ops.concatenate([latents, plane], axis=-1)))
        assert np.allclose(found, expected, atol=1e-5)


def test_weights_that_are_no_numbers_are_refused(model: Bottleneck) -> None:
    kernel = np.full((1, 1, 2, 1), np.nan)
    with pytest.raises(ValueError, match="finite"):
        quantised(
            kernel,
            np.zeros((1, 1)),
            input_bits=np.zeros(2, int),
            output_bits=np.zeros(1, int),
            lowest=0,
            highest=1,
        )
