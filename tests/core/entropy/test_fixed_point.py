"""Exact convolutions of integers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.entropy.fixed_point import (
    EXACT_BELOW,
    IntegerConvolution,
    at_quality,
    rescaled,
)


def _convolution(seed: int, size: int, inputs: int, outputs: int) -> IntegerConvolution:
    random = np.random.default_rng(seed)
    return IntegerConvolution(
        kernel=random.integers(-(2**15), 2**15, (size, size, inputs, outputs), dtype=np.int16),
        bias=random.integers(-(2**40), 2**40, (3, outputs)),
        shift=random.integers(-1, 30, outputs).astype(np.int8),
        lowest=-(2**30),
        highest=2**30,
    )


def _in_python(layer: IntegerConvolution, values: np.ndarray, quality: int) -> np.ndarray:
    """The same in Python's integers, straight from the definition."""
    rows, columns, _ = values.shape
    size, _, inputs, outputs = layer.kernel.shape
    kernel, bias = layer.kernel.tolist(), at_quality(layer.bias, quality).tolist()
    known = {(r, c): values[r, c].tolist() for r in range(rows) for c in range(columns)}
    found = np.empty((rows, columns, outputs), dtype=object)
    for row, column, output in np.ndindex(rows, columns, outputs):
        total = bias[output]
        for down, right, channel in np.ndindex(size, size, inputs):
            near = known.get((row + down - size // 2, column + right - size // 2))
            total += near[channel] * kernel[down][right][channel][output] if near else 0
        shift = int(layer.shift[output])
        moved = total >> shift if shift >= 0 else total << -shift
        found[row, column, output] = min(max(moved, layer.lowest), layer.highest)
    return found


@given(st.integers(0, 2**32), st.sampled_from([1, 3]), st.integers(1, 5), st.integers(1, 100))
@settings(max_examples=100, deadline=None)
def test_a_convolution_equals_its_definition_in_pythons_integers(
    seed: int, size: int, inputs: int, quality: int
) -> None:
    layer = _convolution(seed, size, inputs, 3)
    most = 2**16 - 1
    layer.check([most] * inputs)
    values = np.random.default_rng(seed + 1).integers(-most, most + 1, (4, 3, inputs))
    found = layer.at(quality).run(values.astype(np.float64))
    assert found.astype(object).tolist() == _in_python(layer, values, quality).tolist()


@pytest.mark.parametrize("share", [0.5, 0.99, 1.0])
def test_sums_up_to_the_bound_are_exact_whatever_their_order(share: float) -> None:
    random = np.random.default_rng(1)
    kernel = random.integers(2**14, 2**15, (3, 3, 64, 2), dtype=np.int16)
    layer = IntegerConvolution(kernel, np.zeros((1, 2), np.int64), np.zeros(2, np.int8), 0, 2**53)
    weights = kernel.astype(np.int64).sum(axis=(0, 1, 2)).max()
    most = int((EXACT_BELOW - 1) * share) // int(weights)
    layer.check([most] * 64)
    values = np.full((5, 5, 64), float(most))
    assert layer.at(1).run(values)[2, 2].tolist() == [
        most * int(kernel[..., output].sum(dtype=np.int64)) for output in range(2)
    ]


def test_a_network_over_the_bound_is_refused() -> None:
    layer = _convolution(0, 3, 4, 2)
    layer.check([2**30] * 4)
    with pytest.raises(ValueError, match="float64 does not hold"):
        layer.check([2**30, 2**30, 2**30, 2**37])


def test_a_negative_shift_counts_against_the_bound() -> None:
    kernel = np.full((1, 1, 1, 1), 2**14, np.int16)
    bias = np.zeros((1, 1), np.int64)
    IntegerConvolution(kernel, bias, np.array([0], np.int8), 0, 1).check([2**30])
    with pytest.raises(ValueError, match="float64 does not hold"):
        IntegerConvolution(kernel, bias, np.array([-12], np.int8), 0, 1).check([2**30])


def test_arrays_that_do_not_fit_together_are_refused() -> None:
    layer = _convolution(0, 3, 4, 2)
    with pytest.raises(ValueError, match="must be 5 inputs; the kernel has 4"):
        layer.check([1] * 5)


def test_large_maps_in_strips_equal_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = _convolution(2, 3, 6, 4)
    values = np.random.default_rng(0).integers(0, 2**16, (23, 17, 6)).astype(np.float64)
    whole = layer.at(40).run(values)
    monkeypatch.setattr("core.entropy.fixed_point._PATCH_VALUES", 2000)
    assert np.array_equal(layer.at(40).run(values), whole)


@given(st.lists(st.integers(-(2**45), 2**45), min_size=1, max_size=9), st.integers(1, 100))
def test_levels_are_interpolated_to_the_nearest_integer(levels: list[int], quality: int) -> None:
    found = int(at_quality(np.array(levels)[:, np.newaxis], quality)[0])
    place = (quality - 1) * (len(levels) - 1)
    lower, part = divmod(place, 99)
    upper = levels[min(lower + 1, len(levels) - 1)]
    exact_times_99 = levels[lower] * (99 - part) + upper * part
    assert abs(99 * found - exact_times_99) * 2 <= 99


def test_the_ends_of_the_dial_are_the_outermost_levels() -> None:
    levels = np.array([[5], [70], [-3]])
    assert [int(at_quality(levels, quality)[0]) for quality in (1, 100)] == [5, -3]


@given(st.integers(-(2**50), 2**50), st.integers(0, 40))
def test_rescaling_rounds_halves_upwards(value: int, shift: int) -> None:
    expected = value if shift == 0 else (value + (1 << shift - 1)) >> shift
    assert int(rescaled(np.array([float(value)]), shift)[0]) == expected
