"""Quantising in training against the codec's."""

import numpy as np
import pytest
from keras import ops

from core.entropy.lattice import STEP_BITS, LatticeValues
from core.entropy.range_coding import SymbolWriter
from core.models.bottleneck.integer_export import value_tables
from core.models.bottleneck.lattice import LATTICE_TABLE, PERIOD, Lattice

#: Scale of a table by its index.
SCALES = 0.0625 * 2.0 ** (np.arange(97) / 8)


@pytest.fixture(scope="module")
def coder() -> LatticeValues:
    return LatticeValues(value_tables(), LATTICE_TABLE)


@pytest.fixture(scope="module")
def indices() -> np.ndarray:
    return np.random.default_rng(1).integers(2, 60, (1, 30, 20, 16))


@pytest.fixture(scope="module")
def values(indices: np.ndarray) -> np.ndarray:
    drawn = np.random.default_rng(2).logistic(0, SCALES[indices] * np.sqrt(3) / np.pi)
    return drawn.astype(np.float32)


def test_floats_are_quantised_as_the_codec_does_it(coder, values, indices) -> None:
    log_scales = np.log(SCALES[indices]).astype(np.float32)
    found = ops.convert_to_numpy(Lattice(log_scales).quantised(values))
    arranged = coder.arranged(indices.astype(np.uint8))
    expected = arranged.restored(arranged.quantise(values)) / 2**STEP_BITS
    assert found.shape == values.shape
    # A value may lie as near to one point as to another.
    assert (found != expected).mean() < 1e-3


def test_bits_are_those_that_the_codec_writes(coder, values, indices) -> None:
    log_scales = np.log(SCALES[indices]).astype(np.float32)
    lattice = Lattice(log_scales)
    estimated = float(ops.sum(lattice.bits(lattice.quantised(values))))
    writer = SymbolWriter()
    arranged = coder.arranged(indices.astype(np.uint8))
    arranged.write(writer, arranged.quantise(values))
    assert 8 * len(writer.finish()) == pytest.approx(estimated, rel=0.005)


def test_quantising_what_is_quantised_changes_nothing(values, indices) -> None:
    log_scales = np.log(SCALES[indices]).astype(np.float32)
    once = ops.convert_to_numpy(Lattice(log_scales).quantised(values))
    np.testing.assert_array_equal(ops.convert_to_numpy(Lattice(log_scales).quantised(once)), once)


def test_each_image_of_a_batch_is_quantised_by_itself() -> None:
    random = np.random.default_rng(4)
    values = random.normal(0, 2, (3, 4, 4, 24)).astype(np.float32)
    log_scales = random.uniform(-2, 1, values.shape).astype(np.float32)
    together = ops.convert_to_numpy(Lattice(log_scales).quantised(values))
    for index in range(3):
        part = slice(index, index + 1)
        alone = ops.convert_to_numpy(Lattice(log_scales[part]).quantised(values[part]))
        np.testing.assert_array_equal(together[part], alone)


@pytest.mark.parametrize(("scale", "moment"), [(0.2, 1 / 12), (3.0, 0.06830)])
def test_errors_are_those_of_the_cells(scale: float, moment: float) -> None:
    anywhere = np.random.default_rng(3).uniform(0, PERIOD, (1, 50, 50, 64)).astype(np.float32)
    log_scales = np.full_like(anywhere, np.log(scale))
    errors = anywhere - ops.convert_to_numpy(Lattice(log_scales).quantised(anywhere))
    assert np.square(errors).mean() == pytest.approx(moment, rel=0.01)
    assert abs(errors.mean()) < 0.005
