"""Tables for values around zero, and their escape."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.entropy.range_coding import SymbolReader, SymbolWriter
from core.entropy.tables import PRECISION_BITS
from core.entropy.value_tables import MAX_VALUE, Coset, ValueTables, entries_of

SPREADS = (0.2, 1.0, 9.0)


def _laplacian(coset: Coset, half_width: int, spread: float) -> np.ndarray:
    """Probabilities from zero to the half_width of a Laplacian; the rest is for the escape."""
    share = np.exp(-1 / spread)
    if coset == Coset.EVEN:
        return (1 - share) / (1 + share) * share ** np.arange(half_width + 1)
    return (1 - share) / 2 * share ** np.arange(half_width)


@pytest.fixture(scope="module")
def tables() -> ValueTables:
    half_widths = np.array([3, 5, 40], np.int32)
    entries = [
        [
            entries_of(coset, _laplacian(coset, *pair))
            for pair in zip(half_widths, SPREADS, strict=True)
        ]
        for coset in (Coset.EVEN, Coset.ODD)
    ]
    found = ValueTables(half_widths, *(np.concatenate(each) for each in entries))
    found.check()
    return found


def _round_trip(tables: ValueTables, values: np.ndarray, indices: np.ndarray) -> bytes:
    writer = SymbolWriter()
    tables.write(writer, values, indices)
    payload = writer.finish()
    assert np.array_equal(tables.read(SymbolReader(payload), indices), values)
    return payload


@given(st.integers(0, 2**32), st.integers(0, 300), st.sampled_from([1, 6, 60, 2000, 16383]))
@settings(max_examples=80, deadline=None)
def test_values_of_any_size_and_kind_are_read_back(
    tables: ValueTables, seed: int, count: int, largest: int
) -> None:
    random = np.random.default_rng(seed)
    indices = np.sort(random.integers(0, 3 * tables.count, count))
    values = 2 * random.integers(-largest, largest + 1, count)
    values += indices >= tables.first(Coset.ODD)
    is_magnitude = indices >= tables.first(Coset.ODD_MAGNITUDE)
    _round_trip(tables, np.where(is_magnitude, np.abs(values), values).astype(np.int32), indices)


@pytest.mark.parametrize(
    ("coset", "values"),
    [
        (Coset.EVEN, [0, 6, -6, 8, -8, MAX_VALUE - 1, 1 - MAX_VALUE]),
        (Coset.ODD, [1, -1, 5, -5, 7, -7, MAX_VALUE, -MAX_VALUE]),
        (Coset.ODD_MAGNITUDE, [1, 5, 7, MAX_VALUE]),
    ],
)
def test_the_edges_of_a_table_and_of_the_escape_are_read_back(tables, coset, values) -> None:
    for value in values:
        _round_trip(tables, np.array([value], np.int32), np.array([tables.first(coset)]))


def test_every_table_is_symmetric_and_fills_the_coders_precision(tables: ValueTables) -> None:
    for index, table in enumerate(tables.prepared):
        coset, half_width = Coset(index // tables.count), tables.half_widths[index % tables.count]
        entries = table.entries
        assert entries.size == {0: 2 * half_width + 1, 1: 2 * half_width, 2: half_width}[coset] + 1
        assert entries.sum(dtype=np.int64) == 2**PRECISION_BITS - entries.size
        assert entries[-1] > 0
        if coset != Coset.ODD_MAGNITUDE:
            assert np.array_equal(entries[:-1], entries[-2::-1])


def test_a_magnitude_is_twice_as_likely_as_each_of_its_signs(tables: ValueTables) -> None:
    between, magnitude = (
        tables.prepared[tables.first(coset)].entries + 1
        for coset in (Coset.ODD, Coset.ODD_MAGNITUDE)
    )
    assert np.array_equal(magnitude[:-1], 2 * between[3:6])
    assert magnitude[-1] == between[-1]


@pytest.mark.parametrize("coset", [Coset.EVEN, Coset.ODD])
def test_values_as_expected_cost_what_their_distribution_says(tables, coset: Coset) -> None:
    random = np.random.default_rng(0)
    drawn = random.laplace(0, SPREADS[2], 20_000)
    numbers = np.rint(drawn) if coset == Coset.EVEN else np.floor(drawn) + 0.5
    values = (2 * numbers).astype(np.int32)
    at_right, at_wrong = (
        len(_round_trip(tables, values, np.full(values.size, tables.first(coset) + spread)))
        for spread in (2, 1)
    )
    shares = np.unique(np.abs(values), return_counts=True)[1] / values.size
    entropy = -(shares * np.log2(shares)).sum() + (values != 0).mean()
    assert 8 * at_right == pytest.approx(entropy * values.size, rel=0.02)
    assert at_wrong > 1.2 * at_right


def test_tables_of_other_lengths_than_announced_are_refused(tables: ValueTables) -> None:
    for even, odd in (
        (tables.even[:-1], tables.odd),
        (tables.even, tables.odd[:-1]),
    ):
        with pytest.raises(ValueError, match="lengths that their half widths say"):
            ValueTables(tables.half_widths, even, odd).check()
    changed = tables.even.copy()
    changed[0] += 1
    with pytest.raises(ValueError, match="must sum to"):
        ValueTables(tables.half_widths, changed, tables.odd).check()
