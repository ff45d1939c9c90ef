"""Sixteen values at a time: the nearest point of the lattice, and its code."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.entropy.errors import CorruptStream
from core.entropy.lattice import (
    CODEWORDS,
    GROUP,
    STEP_BITS,
    UNIT,
    ArrangedValues,
    LatticeValues,
    nearest_points,
)
from core.entropy.range_coding import SymbolReader, SymbolWriter
from core.entropy.value_tables import MAX_VALUE
from core.models.bottleneck.integer_export import value_tables

#: Scale of a table by its index.
SCALES = 0.0625 * 2.0 ** (np.arange(97) / 8)

#: Conway & Sloane's second moments, of one value: of the lattice, and of the integers.
LATTICE_MOMENT, WHOLE_MOMENT = 0.06830, 1 / 12


@pytest.fixture(scope="module")
def values() -> LatticeValues:
    found = LatticeValues(value_tables(), 22)
    found.check()
    return found


def _is_point(points: np.ndarray) -> np.ndarray:
    """Whether vectors in units are in the lattice, by the definition."""
    codewords = {tuple(codeword) for codeword in CODEWORDS.tolist()}
    allowed = [tuple(odd) in codewords for odd in (points % 2 == 1).tolist()]
    return np.array(allowed, bool) & (points.sum(axis=1) % 4 == 0)


def _coded(arranged: ArrangedValues, coordinates: np.ndarray) -> bytes:
    writer = SymbolWriter()
    arranged.write(writer, coordinates)
    payload = writer.finish()
    assert np.array_equal(arranged.read(SymbolReader(payload)), coordinates)
    return payload


def _steps(arranged: ArrangedValues, coordinates: np.ndarray) -> np.ndarray:
    return arranged.restored(coordinates) / 2**STEP_BITS


def test_the_words_are_a_linear_code_whose_words_differ_in_eight_places() -> None:
    assert CODEWORDS.shape == (32, GROUP)
    assert sorted(CODEWORDS.sum(axis=1)) == [0] + [8] * 30 + [16]
    sums = {tuple(a ^ b) for a, b in itertools.product(CODEWORDS, repeat=2)}
    assert sums == {tuple(codeword) for codeword in CODEWORDS}


def _shortest_vectors() -> np.ndarray:
    """All 4,320 of them, in units."""
    pairs = [
        a * 2 * np.eye(GROUP)[i] + b * 2 * np.eye(GROUP)[j]
        for i, j in itertools.combinations(range(GROUP), 2)
        for a, b in itertools.product((1, -1), repeat=2)
    ]
    signs = [s for s in itertools.product((1, -1), repeat=8) if sum(s) % 4 == 0]
    codewords = CODEWORDS[CODEWORDS.sum(axis=1) == 8]
    vectors = np.zeros((len(codewords), len(signs), GROUP))
    for index, codeword in enumerate(codewords):
        vectors[index][:, codeword] = signs
    return np.array([*pairs, *vectors.reshape(-1, GROUP)])


def test_no_neighbour_of_the_point_found_is_nearer() -> None:
    vectors = np.random.default_rng(8).uniform(-3, 3, (300, GROUP))
    found = nearest_points(vectors)
    shortest = _shortest_vectors()
    assert _is_point(found).all()
    assert _is_point(shortest).all()
    assert len(np.unique(shortest, axis=0)) == 4320
    missed = vectors * 2**STEP_BITS / UNIT - found
    # |missed - step|**2 is no smaller than |missed|**2.
    assert (2 * missed @ shortest.T <= np.square(shortest).sum(axis=1) + 1e-9).all()


def test_the_squared_error_is_a_fifth_below_that_of_rounding() -> None:
    vectors = np.random.default_rng(0).uniform(-50, 50, (20_000, GROUP))
    in_lattice = np.square(vectors - nearest_points(vectors) * UNIT / 2**STEP_BITS).mean()
    # As many points in a volume as the integers have, to a thirtieth of a bit in sixteen values.
    volume = 2.0**12 * (UNIT / 2**STEP_BITS) ** GROUP
    assert volume == pytest.approx(1.0, abs=0.03)
    assert in_lattice == pytest.approx(LATTICE_MOMENT * volume ** (2 / GROUP), rel=0.005)


@given(st.integers(0, 2**32), st.integers(1, 30), st.sampled_from([0.1, 1.0, 20.0, 40_000.0]))
@settings(max_examples=80, deadline=None)
def test_what_is_quantised_is_read_back(values, seed: int, groups: int, spread: float) -> None:
    random = np.random.default_rng(seed)
    indices = random.integers(0, 97, (groups, 3, 7)).astype(np.uint8)
    arranged = values.arranged(indices)
    coordinates = arranged.quantise(spread * random.normal(size=indices.shape))
    assert np.abs(coordinates.astype(int)).max() <= MAX_VALUE
    ordered = coordinates.ravel()[np.argsort(indices.ravel(), kind="stable")]
    points = (indices >= 22).sum() // GROUP
    alone, others, last = np.split(ordered, [indices.size - GROUP * points, indices.size - points])
    assert _is_point(np.column_stack([others.reshape(points, GROUP - 1), last])).all()
    assert not (alone % 2).any()
    _coded(arranged, coordinates)


@pytest.mark.parametrize("spread", [0.7, 900.0])
def test_no_value_comes_back_further_away_than_a_cell_reaches(values, spread: float) -> None:
    random = np.random.default_rng(3)
    indices = random.integers(0, 97, (40, 30)).astype(np.uint8)
    drawn = spread * random.normal(size=indices.shape)
    arranged = values.arranged(indices)
    missed = np.abs(_steps(arranged, arranged.quantise(drawn)) - drawn).ravel()
    assert missed[arranged.scalar_indices].max() <= 0.5
    # Half the shortest vector is the packing radius; the covering radius is sqrt(3) of these.
    radius = np.sqrt(3) * np.sqrt(8) / 2 * UNIT / 2**STEP_BITS
    points = np.column_stack([arranged.point_indices, arranged.parity_indices])
    assert np.sqrt(np.square(missed[points]).sum(axis=1)).max() <= radius


@pytest.mark.parametrize("index", [40, 64])
def test_points_cost_no_more_than_whole_numbers(values: LatticeValues, index: int) -> None:
    """They are as dense, so where values spread they take as many bits and less error."""
    random = np.random.default_rng(index)
    drawn = random.logistic(0, SCALES[index] * np.sqrt(3) / np.pi, (2000, GROUP))
    indices = np.full(drawn.shape, index, np.uint8)
    bits, errors = [], []
    for coder in (values, LatticeValues(values.tables, values.tables.count)):
        arranged = coder.arranged(indices)
        coordinates = arranged.quantise(drawn)
        bits.append(8 * len(_coded(arranged, coordinates)) / drawn.size)
        errors.append(np.square(drawn - _steps(arranged, coordinates)).mean())
    # What the error is worth in bits, at the slope of high rates.
    gain = 0.5 * np.log2(errors[1] / errors[0]) + bits[1] - bits[0]
    assert gain == pytest.approx(0.5 * np.log2(WHOLE_MOMENT / LATTICE_MOMENT), abs=0.01)


def test_a_last_value_beyond_all_limits_is_noticed(values: LatticeValues) -> None:
    """Half of an even coordinate fits the tables, the coordinate itself may not."""
    arranged = values.arranged(np.full((1, GROUP), 30, np.uint8))
    coordinates = np.zeros((1, GROUP), np.int32)
    coordinates[0, -1] = MAX_VALUE + 5
    writer = SymbolWriter()
    arranged.write(writer, coordinates)
    with pytest.raises(CorruptStream, match="larger than any"):
        arranged.read(SymbolReader(writer.finish()))


def test_a_lattice_that_begins_where_half_a_scale_has_no_table_is_refused(values) -> None:
    for start in (9, 98):
        with pytest.raises(ValueError, match="lattice begins at table"):
            LatticeValues(values.tables, start).check()
