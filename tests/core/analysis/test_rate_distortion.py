import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.analysis.rate_distortion import (
    Curve,
    bd_psnr,
    bd_rate,
    bd_rates,
    bootstrap_bd_rate,
    compare,
    curve,
    lossy_measurements,
    summary,
)
from core.evaluation.measurements import Measurements

RATES = (0.3, 0.5, 0.8, 1.2, 1.8, 2.6, 3.4)
METRIC = "psnr_db"


def smooth(rates, *, codec="jpeg", factor=1.0, gain=0.0):
    values = tuple(30 + 5 * float(np.log2(rate)) + gain for rate in rates)
    return Curve(codec, METRIC, tuple(map(str, rates)), tuple(r * factor for r in rates), values, 9)


def results(codec="jpeg", *, images=40, factor=1.0, noise=0.0, seed=0):
    """Results of a codec on images of varied difficulty; `noise` is its own, in log2 bits."""
    generator = np.random.default_rng(seed)
    difficulty = np.random.default_rng(99).normal(0, 0.8, images)
    own = generator.normal(0, noise, images) if noise else np.zeros(images)
    rows = [
        {
            "image": f"image-{number:04d}",
            "codec": codec,
            "setting": f"quality={step}",
            "dial": float(step),
            "bytes": rate * factor * 2 ** (difficulty[number] + own[number]) * 3200,
            "bits_per_pixel": rate * factor * 2 ** (difficulty[number] + own[number]),
            METRIC: 30 + 5 * np.log2(rate) - difficulty[number],
            "lossless": False,
            "encode_seconds": 0.01,
            "decode_seconds": 0.01,
            "error": np.nan,
        }
        for number in range(images)
        for step, rate in enumerate(RATES)
    ]
    names = {"image": "category", "codec": "category", "setting": "category"}
    return pd.DataFrame(rows).astype(names | {"error": "str"})


def lossless(codec, *, images=40):
    return results(codec, images=images).assign(lossless=True, **{METRIC: np.nan})


def together(*frames):
    """Rows of several codecs, typed as those that the store gives."""
    plain = [frame.astype({"image": "str", "codec": "str", "setting": "str"}) for frame in frames]
    frame = pd.concat(plain, ignore_index=True)
    return frame.astype({"image": "category", "codec": "category", "setting": "category"})


def test_a_curve_against_itself_has_a_bd_rate_of_zero():
    assert bd_rate(smooth(RATES), smooth(RATES)).value == pytest.approx(0, abs=1e-9)
    assert bd_psnr(smooth(RATES), smooth(RATES)).value == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("factor", "percent"), [(2.0, 100.0), (0.5, -50.0), (1.1, 10.0)])
def test_a_curve_at_a_multiple_of_the_rate_has_that_bd_rate(factor, percent):
    result = bd_rate(smooth(RATES), smooth(RATES, factor=factor))
    assert result.value == pytest.approx(percent, abs=1e-6)
    assert result.overlap == pytest.approx(1)


def test_swapped_curves_multiply_to_one():
    first, second = smooth(RATES), smooth(RATES[1:], factor=1.3, gain=0.4)
    there, back = bd_rate(first, second).value, bd_rate(second, first).value
    assert (1 + there / 100) * (1 + back / 100) == pytest.approx(1)


def test_a_constant_gain_is_the_bd_psnr():
    assert bd_psnr(smooth(RATES), smooth(RATES, gain=1.5)).value == pytest.approx(1.5)


def test_unequal_counts_of_points_compare_over_the_range_that_both_cover():
    result = bd_rate(smooth(RATES), smooth(RATES[2:6], factor=2))
    assert result.value == pytest.approx(100, rel=0.02)
    span = np.log2(RATES[5] / RATES[2]) / np.log2(RATES[-1] / RATES[0])
    assert result.overlap == pytest.approx(span)


def test_a_point_that_a_cheaper_point_beats_does_not_count():
    clean = smooth(RATES)
    rates = (*clean.bits_per_pixel, 2.0, 0.8)
    values = (*clean.values, clean.values[0] - 3, clean.values[2] - 1)
    bent = Curve("webp", METRIC, ("",) * len(rates), rates, values, 9)
    assert bd_rate(clean, bent).value == pytest.approx(0, abs=1e-9)
    assert bd_psnr(clean, bent).value == pytest.approx(0, abs=1e-9)


def test_the_order_of_the_points_does_not_matter():
    clean = smooth(RATES, factor=2)
    turned = Curve(
        "webp", METRIC, clean.settings, clean.bits_per_pixel[::-1], clean.values[::-1], 9
    )
    assert bd_rate(smooth(RATES), turned).value == pytest.approx(100)


def test_curves_without_common_quality_give_a_reason_and_no_value():
    result = bd_rate(smooth(RATES), smooth(RATES, gain=100))
    assert result.value is None
    assert result.overlap == 0
    assert result.reason == "the curves do not overlap"


def test_curves_without_common_rates_give_a_reason_and_no_bd_psnr():
    assert bd_psnr(smooth(RATES), smooth(RATES, factor=1000)).reason == "the curves do not overlap"


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_curve_of_too_few_points_gives_a_reason_and_no_value(count):
    result = bd_rate(smooth(RATES), smooth(RATES[:count]))
    assert result.value is None
    assert f"{count} usable points" in result.reason


def test_curves_of_two_metrics_are_refused():
    other = Curve("jpeg", "ssim", ("a",), (1.0,), (0.9,), 1)
    with pytest.raises(ValueError, match="psnr_db and ssim"):
        bd_rate(smooth(RATES), other)


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


def test_the_bootstrap_interval_holds_the_value_and_repeats_with_its_seed():
    anchor, test = results(), results("webp", factor=0.8, noise=0.2)
    first = bootstrap_bd_rate(anchor, test, metric=METRIC, samples=200, seed=5)
    again = bootstrap_bd_rate(anchor, test, metric=METRIC, samples=200, seed=5)
    other = bootstrap_bd_rate(anchor, test, metric=METRIC, samples=200, seed=6)
    assert first == again
    assert first.low != other.low
    assert first.low < first.value < first.high
    assert (first.samples, first.images) == (200, 40)


def test_the_interval_of_a_constant_ratio_has_no_width_because_images_are_paired():
    found = bootstrap_bd_rate(results(), results("webp", factor=2), metric=METRIC, samples=50)
    assert (found.low, found.value, found.high) == pytest.approx((100, 100, 100))


def test_more_images_narrow_the_interval():
    def width(images):
        anchor = results(images=images)
        test = results("webp", images=images, noise=0.3)
        found = bootstrap_bd_rate(anchor, test, metric=METRIC, samples=300)
        return found.high - found.low

    assert width(400) < 0.5 * width(40)


@pytest.mark.slow
def test_the_interval_covers_the_truth_about_95_times_in_100():
    truth = bootstrap_bd_rate(
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
    found = bootstrap_bd_rate(
        anchor[anchor["image"].astype("str") >= "image-0010"],
        test[test["image"].astype("str") < "image-0025"],
        metric=METRIC,
        samples=20,
    )
    assert found.images == 15
    assert found.value == pytest.approx(100)


def test_codecs_without_a_common_image_give_a_reason():
    anchor, test = results(images=20), results("webp", images=20)
    found = bootstrap_bd_rate(
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
    found = bootstrap_bd_rate(anchor, test, metric=METRIC, samples=100)
    assert found.value is not None
    assert found.low is None
    assert "resamples" in found.reason


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


def test_a_pooled_psnr_is_that_of_the_mean_squared_error_and_lies_below_the_mean() -> None:
    rates = np.array([[1.0, 2.0], [1.0, 2.0]])
    values = np.array([[30.0, 40.0], [40.0, 50.0]])
    table = Measurements("x", "psnr_db", np.array(["a", "b"]), ("1", "2"), rates, values, 0)
    pooled = replace(table, pools_error=True)
    expected = [-10 * np.log10((10**-3.0 + 10**-4.0) / 2), -10 * np.log10((10**-4 + 10**-5) / 2)]
    assert pooled.curve().values == pytest.approx(expected)
    assert table.curve().values == pytest.approx([35.0, 45.0])
    assert pooled.take(np.array([0])).curve().values == pytest.approx([30.0, 40.0])
