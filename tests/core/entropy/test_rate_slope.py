"""How fast bits change with a value, held to the tables of the golden model."""

import numpy as np
import pytest

from core.entropy.integer_model import IntegerModel
from core.entropy.rate_slope import rate_slopes
from core.entropy.step_sizes import table_scales
from core.entropy.value_tables import ValueTables
from tests.core.entropy.plain_stream import GOLDEN


@pytest.fixture(scope="module")
def model() -> IntegerModel:
    data = (GOLDEN / "models" / "bottleneck" / "entropy.npz").read_bytes()
    return IntegerModel.from_bytes(data)


def _bits(tables: ValueTables, index: int) -> np.ndarray:
    """Information in 0, 1, 2, ... in the table of whole numbers."""
    entries = tables.prepared[index].entries[:-1].astype(np.float64) + 1
    return -np.log2(entries[len(entries) // 2 :] / 2**24)


@pytest.mark.parametrize("index", [16, 24, 40, 60])
def test_the_slopes_between_two_numbers_add_up_to_the_difference_of_their_bits(
    model: IntegerModel, index: int
) -> None:
    tables, scale = model.values.tables, table_scales(model)[index]
    bits = _bits(tables, index)
    numbers = np.arange(min(len(bits) - 1, 12))
    middles = (np.arange(1000) + 0.5) / 1000
    offsets = numbers[:, np.newaxis] + middles
    sums = rate_slopes(offsets, np.full_like(offsets, scale)).mean(axis=1)
    np.testing.assert_allclose(sums, np.diff(bits)[numbers], rtol=0.01, atol=0.02)


def test_a_value_is_drawn_to_its_mean_from_both_sides_alike() -> None:
    offsets = np.linspace(-20, 20, 801)
    for scale in (0.07, 0.5, 4.0, 100.0):
        slopes = rate_slopes(offsets, np.full_like(offsets, scale))
        assert np.isfinite(slopes).all()
        np.testing.assert_allclose(slopes, -slopes[::-1], atol=1e-9)
        assert (slopes[offsets > 0.01] > 0).all()
