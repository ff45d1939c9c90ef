"""Tables for values around zero, and their escape."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.entropy.range_coding import SymbolReader, SymbolWriter
from core.entropy.tables import PRECISION_BITS
from core.entropy.value_tables import LARGEST_VALUE, ValueTables, entries_of


def _laplacian(reach: int, spread: float) -> np.ndarray:
    """Probabilities of 0..reach of a Laplacian, which leaves something for the escape."""
    share = np.exp(-1 / spread)
    return (1 - share) / (1 + share) * share ** np.arange(reach + 1)


@pytest.fixture(scope="module")
def tables() -> ValueTables:
    spreads, reaches = (0.2, 1.0, 9.0), np.array([3, 5, 40], np.int32)
    halves = [entries_of(_laplacian(*pair)) for pair in zip(reaches, spreads, strict=True)]
    found = ValueTables(reaches, np.concatenate(halves))
    found.check()
    return found


def _round_trip(tables: ValueTables, values: np.ndarray, indices: np.ndarray) -> bytes:
    writer = SymbolWriter()
    tables.write(writer, values, indices)
    payload = writer.finish()
    assert np.array_equal(tables.read(SymbolReader(payload), indices), values)
    return payload


@given(st.integers(0, 2**32), st.integers(0, 300), st.sampled_from([1, 6, 60, 2000, 32767]))
@settings(max_examples=80, deadline=None)
def test_values_of_any_size_are_read_back(
    tables: ValueTables, seed: int, count: int, largest: int
) -> None:
    random = np.random.default_rng(seed)
    values = random.integers(-largest, largest + 1, count).astype(np.int16)
    _round_trip(tables, values, random.integers(0, 3, count).astype(np.uint8))


@pytest.mark.parametrize("value", [0, 3, -3, 4, -4, LARGEST_VALUE, -LARGEST_VALUE])
def test_the_edges_of_a_table_and_of_the_escape_are_read_back(tables, value: int) -> None:
    _round_trip(tables, np.array([value], np.int16), np.array([0], np.uint8))


def test_every_table_is_symmetric_and_fills_the_coders_precision(tables: ValueTables) -> None:
    for reach, table in zip(tables.reaches, tables.prepared, strict=True):
        entries = table.entries
        assert entries.size == 2 * reach + 2
        assert entries.sum(dtype=np.int64) == 2**PRECISION_BITS - entries.size
        assert np.array_equal(entries[:-1], entries[-2::-1])
        assert entries[-1] > 0


def test_values_as_expected_cost_what_their_distribution_says(tables: ValueTables) -> None:
    random = np.random.default_rng(0)
    values = np.rint(random.laplace(0, 9.0, 20_000)).astype(np.int16)
    at_right, at_wrong = (
        len(_round_trip(tables, values, np.full(values.size, index, np.uint8))) for index in (2, 1)
    )
    magnitudes = np.bincount(np.abs(values))
    shares = magnitudes[magnitudes > 0] / values.size
    entropy = -(shares * np.log2(shares)).sum() + (values != 0).mean()
    assert 8 * at_right == pytest.approx(entropy * values.size, rel=0.02)
    assert at_wrong > 1.2 * at_right


def test_tables_of_other_lengths_than_announced_are_refused(tables: ValueTables) -> None:
    with pytest.raises(ValueError, match="lengths that their reaches say"):
        ValueTables(tables.reaches, tables.halves[:-1]).check()
    changed = tables.halves.copy()
    changed[0] += 1
    with pytest.raises(ValueError, match="must sum to"):
        ValueTables(tables.reaches, changed).check()
