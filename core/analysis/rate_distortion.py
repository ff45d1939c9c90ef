"""Bjontegaard deltas between rate-distortion curves, with confidence intervals."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from core.evaluation.measurements import (
    Curve,
    Floats,
    Measurements,
    curve,
    lossless_codecs,
    lossy_measurements,
    measurements,
    summary,
)
from core.metrics import sign_of
from core.plain_english import counted

__all__ = [
    "BdResult",
    "Curve",
    "Interval",
    "Measurements",
    "bd_gain",
    "bd_psnr",
    "bd_rate",
    "bd_rates",
    "compare",
    "curve",
    "lossless_codecs",
    "lossy_measurements",
    "measurements",
    "summary",
]

# The authors of the library recommend Akima: it does not swing between unevenly spaced points
# (Herglotz et al., "Beyond Bjontegaard: Limits of Video Compression Performance Comparisons",
# ICIP 2022, https://arxiv.org/abs/2202.12565).
METHOD = "akima"
# With two points the shape of a curve is a guess.
MIN_POINTS = 3
# An interval is stated only when nearly all resamples have a value.
MIN_RESAMPLES = 0.95


class _Front(NamedTuple):
    rates: Floats
    values: Floats


class BdResult(NamedTuple):
    """A Bjontegaard delta, or the reason why there is none.

    Attributes:
        value: Percent for a BD-rate, the metric's unit for a BD-PSNR; None without a value.
        overlap: Part of the range covered by either curve that both cover, 0 to 1.
        reason: Why there is no value; None with a value.
    """

    value: float | None
    overlap: float
    reason: str | None = None


class Interval(NamedTuple):
    """A BD-rate in percent with a 95 % interval over images.

    Attributes:
        value: BD-rate over the images that both curves have; None without a value.
        low: Lower end of the interval; None without an interval.
        high: Upper end of the interval; None without an interval.
        samples: Resamples that gave a value.
        images: Images that both curves have.
        overlap: Part of the quality range covered by either curve that both cover, 0 to 1.
        reason: Why there is no value or no interval; None with both.
    """

    value: float | None
    low: float | None
    high: float | None
    samples: int
    images: int
    overlap: float
    reason: str | None = None


def bd_rate(anchor: Curve, test: Curve) -> BdResult:
    """Mean difference of rate at equal quality, in percent: negative when `test` is smaller.

    Bjontegaard, "Calculation of average PSNR differences between RD-curves", VCEG-M33, 2001, with
    Akima interpolation instead of one cubic, over the quality range that both curves cover.
    Points that a smaller or equal rate matches in quality are left out first.

    Example:
        >>> def at(rates):
        ...     settings, values = tuple("abcd"), (28.0, 31.0, 34.0, 37.0)
        ...     return Curve("codec", "psnr_db", settings, rates, values, count=10)
        >>> round(bd_rate(at((0.4, 0.8, 1.6, 3.2)), at((0.2, 0.4, 0.8, 1.6))).value)
        -50
    """
    _check_metrics(anchor, test)
    return _bd_rate(_front(anchor), _front(test))


def bd_psnr(anchor: Curve, test: Curve) -> BdResult:
    """Mean difference of the metric at equal rate, in its unit: positive when `test` is better.

    Works for any metric, over the range of rates that both curves cover, on a logarithmic scale.
    """
    _check_metrics(anchor, test)
    return _bd_psnr(_front(anchor), _front(test))


def bd_gain(anchor: Measurements, test: Measurements) -> BdResult:
    """`bd_psnr` of two codecs over the images that both have, as `compare` takes their BD-rate."""
    if anchor.mean_of is None and test.mean_of is None:
        anchor, test = _paired(anchor, test)
    return bd_psnr(anchor.curve(), test.curve())


def compare(
    anchor: Measurements, test: Measurements, *, samples: int = 500, seed: int = 0
) -> Interval:
    """BD-rate of `test` against `anchor` over their common images, with a 95 % interval.

    Each resample draws the images with replacement, the same for both curves (paired), takes
    the means and the BD-rate anew; the interval lies between the 2.5 and 97.5 percentiles
    (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13).

    Where one of them is a mean over images that are not known one by one, the means are compared,
    without an interval; one image has none either.
    """
    if anchor.mean_of is not None or test.mean_of is not None:
        return _of_means(anchor.curve(), test.curve())
    anchor, test = _paired(anchor, test)
    images = len(anchor.images)
    value, overlap, reason = bd_rate(anchor.curve(), test.curve())
    if value is None or not samples:
        return Interval(value, None, None, 0, images, overlap, reason)
    if images < 2:
        return Interval(value, None, None, 0, images, overlap, "of one image, so no interval")
    drawn = _resampled(anchor, test, _weights(images, samples, seed))
    if len(drawn) < MIN_RESAMPLES * samples:
        reason = f"only {len(drawn)} of {samples} resamples of the images have a BD-rate"
        return Interval(value, None, None, len(drawn), images, overlap, reason)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Interval(value, float(low), float(high), len(drawn), images, overlap)


def bd_rates(
    tables: Mapping[str, Measurements], *, anchor: str, samples: int = 500, seed: int = 0
) -> dict[str, Interval]:
    """BD-rate of every other codec against one anchor.

    Args:
        tables: Measurements by codec, as `lossy_measurements` gives them.
        anchor: Codec that the others are compared with.
        samples: Resamples of the images; 0 gives the values without intervals.
        seed: Of the resampling.

    Raises:
        ValueError: The anchor is not among the codecs.
    """
    if anchor not in tables:
        raise ValueError(f"The anchor must be one of {', '.join(tables)}; received {anchor!r}.")
    return {
        codec: compare(tables[anchor], table, samples=samples, seed=seed)
        for codec, table in tables.items()
        if codec != anchor
    }


def _of_means(anchor: Curve, test: Curve) -> Interval:
    value, overlap, reason = bd_rate(anchor, test)
    images = min(anchor.count, test.count)
    return Interval(value, None, None, 0, images, overlap, reason or "of means, so no interval")


def _check_metrics(anchor: Curve, test: Curve) -> None:
    if anchor.metric != test.metric:
        raise ValueError(
            f"Both curves must show one metric; received {anchor.metric} and {test.metric}."
        )


def _front(points: Curve) -> _Front:
    return _pareto(np.asarray(points.bits_per_pixel), points.goodness)


def _pareto(rates: Floats, values: Floats) -> _Front:
    order = np.lexsort((-values, rates))
    rates, values = rates[order], values[order]
    best_so_far = np.maximum.accumulate(np.append(-np.inf, values))[:-1]
    # A pooled PSNR is infinite at a setting that left no error on the images of a resample.
    better = (values > best_so_far) & np.isfinite(values)
    return _Front(rates[better], values[better])


def _bd_rate(anchor: _Front, test: _Front) -> BdResult:
    import bjontegaard  # brings matplotlib, a second that a page without deltas need not wait

    return _guarded(bjontegaard.bd_rate, anchor, test, anchor.values, test.values)


def _bd_psnr(anchor: _Front, test: _Front) -> BdResult:
    import bjontegaard

    rates = np.log(anchor.rates), np.log(test.rates)
    return _guarded(bjontegaard.bd_psnr, anchor, test, *rates)


def _guarded(
    delta: Callable[..., float],
    anchor: _Front,
    test: _Front,
    anchor_range: Floats,
    test_range: Floats,
) -> BdResult:
    fewest = min(len(anchor.rates), len(test.rates))
    if fewest < MIN_POINTS:
        points = counted(fewest, "usable point")
        return BdResult(None, 0.0, f"a curve has {points}; {MIN_POINTS} needed")
    overlap = _overlap(anchor_range, test_range)
    if overlap <= 0:
        return BdResult(None, 0.0, "the curves do not overlap")
    value = delta(*anchor, *test, METHOD, require_matching_points=False, min_overlap=0)
    if not np.isfinite(value):
        return BdResult(None, overlap, "the curves give no finite value")
    return BdResult(float(value), overlap)


def _overlap(first: Floats, second: Floats) -> float:
    shared = min(first.max(), second.max()) - max(first.min(), second.min())
    covered = max(first.max(), second.max()) - min(first.min(), second.min())
    return max(0.0, float(shared / covered))


def _paired(first: Measurements, second: Measurements) -> tuple[Measurements, Measurements]:
    if np.array_equal(first.images, second.images):
        return first, second
    _, here, there = np.intersect1d(
        first.images, second.images, assume_unique=True, return_indices=True
    )
    return first.take(here), second.take(there)


@lru_cache(maxsize=2)  # every pair of codecs that is compared over the same images shares them
def _weights(images: int, samples: int, seed: int) -> Floats:
    """Part that each image has in each resample, float64 (samples, images)."""
    generator = np.random.default_rng(seed)
    return generator.multinomial(images, np.full(images, 1 / images), samples) / images


def _resampled(anchor: Measurements, test: Measurements, weights: Floats) -> list[float]:
    sign = sign_of(anchor.metric)
    means = [
        mean
        for table in (anchor, test)
        for mean in (weights @ table.bits_per_pixel, sign * table.mean_values(weights))
    ]
    results = (
        _bd_rate(_pareto(rates, values), _pareto(test_rates, test_values))
        for rates, values, test_rates, test_values in zip(*means, strict=True)
    )
    return [result.value for result in results if result.value is not None]
