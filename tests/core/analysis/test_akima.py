"""Our integral of Akima's interpolation beside SciPy's, and the deltas beside bjontegaard's."""

import warnings

import bjontegaard
import numpy as np
import pytest
from scipy.interpolate import Akima1DInterpolator

from core.analysis.akima import integral
from core.analysis.rate_distortion import bd_psnr, bd_rate
from core.evaluation.measurements import Curve


def _rising(random: np.random.Generator, count: int, scale: float) -> np.ndarray:
    return np.cumsum(random.exponential(scale, count)) + random.normal()


@pytest.mark.parametrize("count", [3, 4, 5, 9, 40])
@pytest.mark.parametrize("seed", range(20))
def test_the_integral_equals_that_of_scipy(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    x, y = _rising(random, count, 3.0), random.normal(size=count)
    low, high = np.sort(random.uniform(x[0], x[-1], 2))
    expected = float(Akima1DInterpolator(x, y).integrate(low, high))
    assert integral(x, y, low, high) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("y", [[0, 0, 0, 0, 0], [0, 1, 2, 3, 4], [0, 0, 0, 1, 2], [3, 3, 1, 1, 1]])
def test_straight_pieces_equal_those_of_scipy(y: list[float]) -> None:
    x, values = np.array([0.0, 1.0, 3.0, 4.0, 6.0]), np.array(y, dtype=np.float64)
    expected = float(Akima1DInterpolator(x, values).integrate(0.5, 5.5))
    assert integral(x, values, 0.5, 5.5) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_deltas_equal_those_of_the_library_of_that_name(seed: int) -> None:
    random = np.random.default_rng(seed)
    curves = []
    for name in ("anchor", "test"):
        count = int(random.integers(3, 12))
        rates = np.cumsum(random.exponential(0.3, count)) + 0.1
        values = np.cumsum(random.exponential(2.0, count)) + 25.0
        settings = tuple(f"{name}{index}" for index in range(count))
        curves.append(Curve(name, "psnr_db", settings, tuple(rates), tuple(values), count=10))
    points = [np.array(part) for one in curves for part in (one.bits_per_pixel, one.values)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = {"require_matching_points": False, "min_overlap": 0}
        rate = bjontegaard.bd_rate(*points, "akima", **options)
        psnr = bjontegaard.bd_psnr(*points, "akima", **options)
    for ours, theirs in ((bd_rate(*curves), rate), (bd_psnr(*curves), psnr)):
        if np.isnan(theirs):
            assert ours.reason == "the curves do not overlap"
        else:
            assert ours.value == pytest.approx(theirs, rel=1e-10)
