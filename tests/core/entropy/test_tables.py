"""Integer probability tables."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.entropy.tables import PRECISION_BITS, categorical, quantize_pmf
from tests.core.entropy.ideal_bits import ideal_bits

histograms = st.lists(st.integers(0, 2**33), min_size=2, max_size=300)


@given(histograms)
def test_a_table_sums_to_the_precision_less_its_length(histogram: list[int]) -> None:
    table = quantize_pmf(histogram)
    assert table.sum(dtype=np.int64) == 2**PRECISION_BITS - table.size
    assert table.min() >= 0


@given(histograms)
def test_what_was_seen_more_often_is_never_less_probable(histogram: list[int]) -> None:
    table = quantize_pmf(histogram).astype(np.int64)
    seen = np.asarray(histogram)
    more, less = np.nonzero(seen[:, None] > seen[None, :])
    # What rounding leaves over, less than one unit a symbol, goes to one of the most frequent.
    assert (table[more] + table.size >= table[less]).all()


def test_probabilities_follow_the_histogram() -> None:
    assert np.allclose(quantize_pmf([1, 2, 5]) / 2**PRECISION_BITS, [0.125, 0.25, 0.625], atol=1e-6)


def test_a_histogram_without_observations_is_uniform() -> None:
    assert np.ptp(quantize_pmf([0, 0, 0, 0])) <= 4


@pytest.mark.parametrize("bad", [[1], [], [3, -1], [[1, 2], [3, 4]]])
def test_what_is_no_histogram_is_refused(bad: list) -> None:
    with pytest.raises(ValueError, match="table needs two or more counts"):
        quantize_pmf(bad)


@pytest.mark.parametrize(("entry", "change"), [(0, 1), (0, -1), (1, -(2**24))])
def test_a_changed_table_is_refused_before_the_coder_sees_it(entry: int, change: int) -> None:
    table = quantize_pmf([5, 3, 1])
    table[entry] += change
    with pytest.raises(ValueError, match="must sum to"):
        categorical(table)


def test_negative_entries_are_refused_even_when_the_sum_is_right() -> None:
    table = quantize_pmf([5, 3, 1])
    table[0] += table[2] + 7
    table[2] = -7
    with pytest.raises(ValueError, match="negative"):
        categorical(table)


def test_ideal_bits_of_equally_probable_symbols() -> None:
    assert ideal_bits(
        np.array([0, 1, 2, 3], np.int32), quantize_pmf([1, 1, 1, 1])
    ) == pytest.approx(8)
