"""Bootstrap intervals of BD-rates, and comparisons of many codecs."""

import time

import numpy as np
import pandas as pd
import pytest

from core.analysis.rate_distortion import (
    Interval,
    bd_rates,
    compare,
    lossy_measurements,
    measurements,
)
from tests.core.analysis.smooth_curves import METRIC, results, together


def compared(anchor: pd.DataFrame, test: pd.DataFrame, *, metric: str, **more: int) -> Interval:
    """BD-rate of one codec's results against another's, with its interval."""
    tables = (measurements(frame, metric=metric) for frame in (anchor, test))
    return compare(*tables, **more)


def test_the_bootstrap_interval_holds_the_value_and_repeats_with_its_seed():
    anchor, test = results(), results("webp", factor=0.8, noise=0.2)
    first = compared(anchor, test, metric=METRIC, samples=200, seed=5)
    again = compared(anchor, test, metric=METRIC, samples=200, seed=5)
    other = compared(anchor, test, metric=METRIC, samples=200, seed=6)
    assert first == again
    assert first.low != other.low
    assert first.low < first.value < first.high
    assert (first.samples, first.images) == (200, 40)


def test_the_interval_of_a_constant_ratio_has_no_width_because_images_are_paired():
    found = compared(results(), results("webp", factor=2), metric=METRIC, samples=50)
    assert (found.low, found.value, found.high) == pytest.approx((100, 100, 100))


def test_more_images_narrow_the_interval():
    def width(images):
        anchor = results(images=images)
        test = results("webp", images=images, noise=0.3)
        found = compared(anchor, test, metric=METRIC, samples=300)
        return found.high - found.low

    assert width(400) < 0.5 * width(40)


@pytest.mark.slow
def test_the_interval_covers_the_truth_about_95_times_in_100():
    truth = compared(
        results(images=4000), results("webp", images=4000, noise=0.3), metric=METRIC, samples=0
    ).value
    anchor = results(images=4000)
    test = results("webp", images=4000, noise=0.3)
    tables = lossy_measurements(together(anchor, test), metric=METRIC)
    hits = 0
    for block in range(40):
        picked = np.arange(100) + 100 * block
        found = compare(tables["jpeg"].take(picked), tables["webp"].take(picked), samples=200)
        hits += found.low <= truth <= found.high
    assert 33 <= hits <= 40


def test_codecs_compare_on_the_images_that_both_have():
    anchor, test = results(images=30), results("webp", images=30, factor=2)
    found = compared(
        anchor[anchor["image"].astype("str") >= "image-0010"],
        test[test["image"].astype("str") < "image-0025"],
        metric=METRIC,
        samples=20,
    )
    assert found.images == 15
    assert found.value == pytest.approx(100)


def test_codecs_without_a_common_image_give_a_reason():
    anchor, test = results(images=20), results("webp", images=20)
    found = compared(
        anchor[anchor["image"].astype("str") < "image-0010"],
        test[test["image"].astype("str") >= "image-0010"],
        metric=METRIC,
    )
    assert (found.value, found.images) == (None, 0)
    assert "0 usable points" in found.reason


def test_an_interval_that_most_resamples_do_not_support_is_withheld():
    anchor = results(images=30)
    test = results("webp", images=30)
    test[METRIC] += 40
    test.loc[test["image"] == "image-0007", METRIC] -= 40 * 30 - 1
    found = compared(anchor, test, metric=METRIC, samples=100)
    assert found.value is not None
    assert found.low is None
    assert "resamples" in found.reason


def test_one_image_has_a_bd_rate_without_an_interval():
    anchor, test = results(images=1), results("webp", images=1, factor=0.8)
    found = compared(anchor, test, metric=METRIC, samples=50)
    assert found.value == pytest.approx(-20)
    assert (found.low, found.high, found.images) == (None, None, 1)
    assert found.reason == "of one image, so no interval"
    unasked = compared(anchor, test, metric=METRIC, samples=0)
    assert unasked.reason is None


def test_every_other_codec_is_compared_with_the_anchor():
    frame = together(results(), results("webp", factor=0.5), results("avif", factor=0.25))
    found = bd_rates(lossy_measurements(frame, metric=METRIC), anchor="webp", samples=20)
    values = {codec: interval.value for codec, interval in found.items()}
    assert values == pytest.approx({"jpeg": 100, "avif": -50}, abs=1e-9)


def test_an_unknown_anchor_is_refused_with_the_names_that_exist():
    tables = lossy_measurements(results(), metric=METRIC)
    with pytest.raises(ValueError, match="one of jpeg; received 'h264'"):
        bd_rates(tables, anchor="h264")


def test_the_whole_test_split_is_compared_in_under_two_seconds():
    frame = together(results(images=1964), results("webp", images=1964, noise=0.2))
    tables = lossy_measurements(frame, metric=METRIC)
    compare(tables["jpeg"], tables["webp"], samples=1)
    start = time.process_time()
    compare(tables["jpeg"], tables["webp"], samples=500)
    assert time.process_time() - start < 2
