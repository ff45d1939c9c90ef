"""Eight values at a time: the nearest point of the lattice, and its code."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.entropy.errors import CorruptStream
from core.entropy.lattice import GROUP, LatticeValues, nearest_points
from core.entropy.range_coding import SymbolReader, SymbolWriter
from core.entropy.value_tables import LARGEST_VALUE
from core.models.integer_export import value_tables

#: Scale of a table by its index.
SCALES = 0.0625 * 2.0 ** (np.arange(97) / 8)


@pytest.fixture(scope="module")
def values() -> LatticeValues:
    found = LatticeValues(value_tables(), 22)
    found.check()
    return found


def _is_point(points: np.ndarray) -> np.ndarray:
    """Whether vectors in half steps are in E8, by the definition."""
    parities = points % 2
    return (parities == parities[:, :1]).all(axis=1) & (points.sum(axis=1) % 4 == 0)


def _coded(values: LatticeValues, numbers: np.ndarray, indices: np.ndarray) -> bytes:
    writer = SymbolWriter()
    values.write(writer, numbers, indices)
    payload = writer.finish()
    assert np.array_equal(values.read(SymbolReader(payload), indices), numbers)
    return payload


def test_no_neighbour_of_the_point_found_is_nearer() -> None:
    vectors = np.random.default_rng(8).uniform(-3, 3, (500, GROUP))
    found = nearest_points(vectors)
    assert _is_point(found).all()
    # The 240 shortest vectors of E8: their cells' faces bound the cell of a point.
    pairs = [
        (a * 2 * np.eye(GROUP)[i] + b * 2 * np.eye(GROUP)[j])
        for i, j in itertools.combinations(range(GROUP), 2)
        for a, b in itertools.product((1, -1), repeat=2)
    ]
    signs = [np.array(s) for s in itertools.product((1, -1), repeat=GROUP) if np.prod(s) == 1]
    shortest = np.array(pairs + signs)
    assert len(shortest) == 240
    assert _is_point(shortest).all()
    distance = np.square(2 * vectors - found).sum(axis=1)
    for step in shortest:
        assert (np.square(2 * vectors - found - step).sum(axis=1) >= distance - 1e-9).all()


def test_the_squared_error_is_a_seventh_below_that_of_rounding() -> None:
    vectors = np.random.default_rng(0).uniform(-50, 50, (40_000, GROUP))
    in_lattice = np.square(vectors - nearest_points(vectors) / 2).mean()
    rounded = np.square(vectors - np.rint(vectors)).mean()
    # Conway & Sloane's second moments: 0.07168 and 1/12.
    assert in_lattice == pytest.approx(0.07168, rel=0.01)
    assert in_lattice / rounded == pytest.approx(0.860, abs=0.01)


@given(st.integers(0, 2**32), st.integers(1, 30), st.sampled_from([0.1, 1.0, 20.0, 40_000.0]))
@settings(max_examples=80, deadline=None)
def test_what_is_quantised_is_read_back(values, seed: int, groups: int, spread: float) -> None:
    random = np.random.default_rng(seed)
    indices = random.integers(0, 97, (groups, 3, 7)).astype(np.uint8)
    numbers = values.quantise(spread * random.normal(size=indices.shape), indices)
    assert np.abs(numbers.astype(int)).max() <= LARGEST_VALUE
    spreading = np.flatnonzero(indices >= 22)
    points, alone = np.split(spreading, [len(spreading) // GROUP * GROUP])
    assert _is_point(numbers.ravel()[points].reshape(-1, GROUP)).all()
    assert not (numbers.ravel()[alone] % 2).any()
    assert not (numbers[indices < 22] % 2).any()
    _coded(values, numbers, indices)


@pytest.mark.parametrize("index", [40, 64])
def test_points_cost_no_more_than_whole_numbers(values: LatticeValues, index: int) -> None:
    """They are as dense, so where values spread they take as many bits and less error."""
    random = np.random.default_rng(index)
    drawn = random.logistic(0, SCALES[index] * np.sqrt(3) / np.pi, (4000, GROUP))
    indices = np.full(drawn.shape, index, np.uint8)
    alone = LatticeValues(values.tables, values.tables.count)
    bits = [
        8 * len(_coded(coder, coder.quantise(drawn, indices), indices)) / drawn.size
        for coder in (values, alone)
    ]
    errors = [
        np.square(drawn - coder.quantise(drawn, indices) / 2).mean() for coder in (values, alone)
    ]
    # What the error is worth in bits, at the slope of high rates.
    gain = 0.5 * np.log2(errors[1] / errors[0]) + bits[1] - bits[0]
    assert gain == pytest.approx(0.5 * np.log2(1 / 12 / 0.07168), abs=0.01)


def test_a_last_value_beyond_all_limits_is_noticed(values: LatticeValues) -> None:
    """Half of a whole number fits the tables, the number itself may not."""
    indices = np.full((1, GROUP), 30, np.uint8)
    numbers = np.zeros((1, GROUP), np.int32)
    numbers[0, 0] = LARGEST_VALUE + 5
    writer = SymbolWriter()
    values.write(writer, numbers, indices)
    with pytest.raises(CorruptStream, match="larger than any"):
        values.read(SymbolReader(writer.finish()), indices)


def test_a_lattice_that_begins_below_an_octave_is_refused(values: LatticeValues) -> None:
    for start in (7, 98):
        with pytest.raises(ValueError, match="lattice begins at table"):
            LatticeValues(values.tables, start).check()
