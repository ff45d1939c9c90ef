"""Curves as means over images, and their summary."""

from dataclasses import replace

import numpy as np
import pytest

from core.analysis.rate_distortion import (
    curve,
    lossy_measurements,
    summary,
)
from core.evaluation.measurements import Measurements
from tests.core.analysis.smooth_curves import METRIC, RATES, lossless, results, together


def test_a_curve_is_the_mean_over_the_images():
    frame = results(images=7)
    means = frame.groupby("setting")[["bits_per_pixel", METRIC]].mean()
    found = curve(frame, codec="jpeg", metric=METRIC)
    assert found.settings == tuple(means.index)
    assert found.bits_per_pixel == pytest.approx(means["bits_per_pixel"].to_list())
    assert found.values == pytest.approx(means[METRIC].to_list())
    assert (found.count, found.dropped) == (7, 0)


def test_images_with_an_error_or_without_a_value_are_dropped_and_counted():
    frame = results(images=10)
    frame.loc[3, "error"] = "the encoder stopped"
    frame.loc[len(RATES) * 4, METRIC] = np.nan
    frame.loc[len(RATES) * 6, METRIC] = np.inf
    found = curve(frame, codec="jpeg", metric=METRIC)
    assert (found.count, found.dropped) == (7, 3)
    whole = frame[~frame["image"].isin(["image-0000", "image-0004", "image-0006"])]
    assert found.values == pytest.approx(curve(whole, codec="jpeg", metric=METRIC).values)


def test_images_outside_the_subset_of_a_slow_metric_are_not_counted_as_dropped():
    frame = results(images=10)
    frame["ssimulacra2"] = frame[METRIC].where(frame["image"].astype("str") < "image-0004")
    found = curve(frame, codec="jpeg", metric="ssimulacra2")
    assert (found.count, found.dropped) == (4, 0)


def test_a_setting_without_bytes_is_no_point():
    frame = results(images=5)
    latents = frame[frame["setting"] == "quality=0"].assign(setting="float", bytes=np.nan)
    found = curve(together(frame, latents), codec="jpeg", metric=METRIC)
    assert "float" not in found.settings
    assert found.count == 5


def test_a_lossless_codec_has_no_curve():
    frame = together(results(), lossless("png"))
    assert curve(frame, codec="png", metric=METRIC).settings == ()
    assert list(lossy_measurements(frame, metric=METRIC)) == ["jpeg"]


def test_a_codec_whose_every_row_failed_has_no_curve():
    frame = results().assign(error="no codec")
    found = curve(frame, codec="jpeg", metric=METRIC)
    assert (found.settings, found.count, found.dropped) == ((), 0, 40)
    assert lossy_measurements(frame, metric=METRIC) == {}


def test_the_summary_holds_the_means_and_counts_the_errors():
    frame = together(results(images=4), lossless("png", images=4))
    frame.loc[0, "error"] = "the encoder stopped"
    table = summary(frame).set_index(["codec", "setting"])
    assert list(table.loc[("jpeg", "quality=0"), ["images", "errors"]]) == [3, 1]
    assert not table.loc[("jpeg", "quality=0"), "lossless"]
    assert table.loc[("png", "quality=0"), "lossless"]
    good = frame[(frame["codec"] == "jpeg") & frame["error"].isna()]
    mean = good.loc[good["setting"] == "quality=0", METRIC].mean()
    assert table.loc[("jpeg", "quality=0"), METRIC] == pytest.approx(mean)


def test_a_setting_that_always_failed_stays_in_the_summary():
    table = summary(results(images=3).assign(error="no codec"))
    assert list(table["images"]) == [0] * len(RATES)
    assert list(table["errors"]) == [3] * len(RATES)
    assert table[METRIC].isna().all()


def test_the_summary_has_no_mean_of_a_slow_metric_beside_the_rate_of_other_images() -> None:
    frame = results(images=10)
    frame["ssimulacra2"] = frame[METRIC]
    assert "ssimulacra2" in summary(frame)
    frame["ssimulacra2"] = frame[METRIC].where(frame["image"].astype("str") < "image-0004")
    assert "ssimulacra2" not in summary(frame)


def test_a_pooled_psnr_is_that_of_the_mean_squared_error_and_lies_below_the_mean() -> None:
    rates = np.array([[1.0, 2.0], [1.0, 2.0]])
    values = np.array([[30.0, 40.0], [40.0, 50.0]])
    table = Measurements("x", "psnr_db", np.array(["a", "b"]), ("1", "2"), rates, values, 0)
    pooled = replace(table, pools_error=True)
    expected = [-10 * np.log10((10**-3.0 + 10**-4.0) / 2), -10 * np.log10((10**-4 + 10**-5) / 2)]
    assert pooled.curve().values == pytest.approx(expected)
    assert table.curve().values == pytest.approx([35.0, 45.0])
    assert pooled.take(np.array([0])).curve().values == pytest.approx([30.0, 40.0])
