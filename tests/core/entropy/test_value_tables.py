"""Tables for values around zero, and their escape."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.entropy.range_coding import SymbolReader, SymbolWriter
from core.entropy.tables import PRECISION_BITS
from core.entropy.value_tables import LARGEST_VALUE, Kind, ValueTables, entries_of

SPREADS = (0.2, 1.0, 9.0)


def _laplacian(kind: Kind, reach: int, spread: float) -> np.ndarray:
    """Probabilities from zero to the reach of a Laplacian; the rest is for the escape."""
    share = np.exp(-1 / spread)
    if kind == Kind.WHOLE:
        return (1 - share) / (1 + share) * share ** np.arange(reach + 1)
    return (1 - share) / 2 * share ** np.arange(reach)


@pytest.fixture(scope="module")
def tables() -> ValueTables:
    reaches = np.array([3, 5, 40], np.int32)
    entries = [
        [entries_of(kind, _laplacian(kind, *pair)) for pair in zip(reaches, SPREADS, strict=True)]
        for kind in (Kind.WHOLE, Kind.BETWEEN)
    ]
    found = ValueTables(reaches, *(np.concatenate(each) for each in entries))
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
    values += indices >= tables.first(Kind.BETWEEN)
    is_magnitude = indices >= tables.first(Kind.MAGNITUDE)
    _round_trip(tables, np.where(is_magnitude, np.abs(values), values).astype(np.int32), indices)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Kind.WHOLE, [0, 6, -6, 8, -8, LARGEST_VALUE - 1, 1 - LARGEST_VALUE]),
        (Kind.BETWEEN, [1, -1, 5, -5, 7, -7, LARGEST_VALUE, -LARGEST_VALUE]),
        (Kind.MAGNITUDE, [1, 5, 7, LARGEST_VALUE]),
    ],
)
def test_the_edges_of_a_table_and_of_the_escape_are_read_back(tables, kind, values) -> None:
    for value in values:
        _round_trip(tables, np.array([value], np.int32), np.array([tables.first(kind)]))


def test_every_table_is_symmetric_and_fills_the_coders_precision(tables: ValueTables) -> None:
    for index, table in enumerate(tables.prepared):
        kind, reach = Kind(index // tables.count), tables.reaches[index % tables.count]
        entries = table.entries
        assert entries.size == {0: 2 * reach + 1, 1: 2 * reach, 2: reach}[kind] + 1
        assert entries.sum(dtype=np.int64) == 2**PRECISION_BITS - entries.size
        assert entries[-1] > 0
        if kind != Kind.MAGNITUDE:
            assert np.array_equal(entries[:-1], entries[-2::-1])


def test_a_magnitude_is_twice_as_likely_as_each_of_its_signs(tables: ValueTables) -> None:
    between, magnitude = (
        tables.prepared[tables.first(kind)].entries + 1 for kind in (Kind.BETWEEN, Kind.MAGNITUDE)
    )
    assert np.array_equal(magnitude[:-1], 2 * between[3:6])
    assert magnitude[-1] == between[-1]


@pytest.mark.parametrize("kind", [Kind.WHOLE, Kind.BETWEEN])
def test_values_as_expected_cost_what_their_distribution_says(tables, kind: Kind) -> None:
    random = np.random.default_rng(0)
    drawn = random.laplace(0, SPREADS[2], 20_000)
    numbers = np.rint(drawn) if kind == Kind.WHOLE else np.floor(drawn) + 0.5
    values = (2 * numbers).astype(np.int32)
    at_right, at_wrong = (
        len(_round_trip(tables, values, np.full(values.size, tables.first(kind) + spread)))
        for spread in (2, 1)
    )
    shares = np.unique(np.abs(values), return_counts=True)[1] / values.size
    entropy = -(shares * np.log2(shares)).sum() + (values != 0).mean()
    assert 8 * at_right == pytest.approx(entropy * values.size, rel=0.02)
    assert at_wrong > 1.2 * at_right


def test_tables_of_other_lengths_than_announced_are_refused(tables: ValueTables) -> None:
    for wholes, betweens in (
        (tables.wholes[:-1], tables.betweens),
        (tables.wholes, tables.betweens[:-1]),
    ):
        with pytest.raises(ValueError, match="lengths that their reaches say"):
            ValueTables(tables.reaches, wholes, betweens).check()
    changed = tables.wholes.copy()
    changed[0] += 1
    with pytest.raises(ValueError, match="must sum to"):
        ValueTables(tables.reaches, changed, tables.betweens).check()
