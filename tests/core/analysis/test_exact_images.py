"""Images that come back exactly at some setting: all codecs are compared over the others."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.analysis.bd_tables import bd_table
from core.analysis.curve_views import (
    curve_measurements,
    exact_line,
    exact_settings,
    left_out_line,
)
from core.analysis.equal_quality import rate_at
from core.analysis.rate_distortion import compare, lossy_measurements
from core.analysis.read_off import value_at
from core.analysis.stored_ladder import compute_ladder
from core.analysis.two_methods import MethodName, compare_methods
from core.evaluation.measurements import on_images_of, summary
from tests.core.analysis.smooth_curves import METRIC, RATES, results, together

IMAGES = 5
EXACT = ("image-0001", "image-0003")
TOP = f"quality={len(RATES) - 1}"
#: What a codec gains at equal rate that needs 20 % less at equal quality.
GAIN = 5 * np.log2(1 / 0.8)


def smaller(codec: str = "webp") -> pd.DataFrame:
    """A codec that needs 20 % less than JPEG; two images come back exactly at its top setting."""
    frame = results(codec, images=IMAGES, factor=0.8)
    is_exact = frame["image"].isin(EXACT) & (frame["setting"] == TOP)
    frame.loc[is_exact, METRIC] = np.nan
    return frame.assign(lossless=is_exact, ssim=0.9)


@pytest.fixture
def frame() -> pd.DataFrame:
    return together(results(images=IMAGES).assign(ssim=0.9), smaller())


def test_the_gain_at_equal_rate_is_over_the_images_of_the_bd_rate(frame: pd.DataFrame) -> None:
    tables = lossy_measurements(frame, metric=METRIC)
    row = bd_table(tables, anchor="jpeg", labels={}, samples=10).iloc[0]
    assert row["images"] == IMAGES - len(EXACT)
    assert row["bd_rate_percent"] == pytest.approx(-20)
    assert row["bd_quality"] == pytest.approx(GAIN)


def test_curves_of_other_images_are_paired_before_the_gain_is_taken() -> None:
    whole = lossy_measurements(results(images=IMAGES), metric=METRIC)
    some = lossy_measurements(smaller(), metric=METRIC)
    row = bd_table(whole | some, anchor="jpeg", labels={}, samples=0).iloc[0]
    assert row["bd_quality"] == pytest.approx(GAIN)


def test_all_curves_are_over_the_images_that_all_codecs_have(frame: pd.DataFrame) -> None:
    tables = lossy_measurements(frame, metric=METRIC)
    assert {tuple(one.images) for one in tables.values()} == {
        ("image-0000", "image-0002", "image-0004")
    }
    assert {codec: one.dropped for codec, one in tables.items()} == {"jpeg": 0, "webp": 2}
    jpeg, webp = tables["jpeg"].curve(), tables["webp"].curve()
    assert rate_at(webp, 31.0) == pytest.approx(0.8 * rate_at(jpeg, 31.0))
    assert value_at(webp, 0.8) == pytest.approx(value_at(jpeg, 1.0))


def test_curves_stay_in_the_order_of_their_rates_where_images_are_left_out() -> None:
    webp, jpeg = smaller(), results(images=IMAGES)
    # Two settings that only the images without an exact copy put in the other order.
    is_swapped = (jpeg["setting"] == "quality=1") & ~jpeg["image"].isin(EXACT)
    is_large = (jpeg["setting"] == "quality=1") & jpeg["image"].isin(EXACT)
    jpeg.loc[is_swapped, "bits_per_pixel"] /= 4
    jpeg.loc[is_large, "bits_per_pixel"] *= 4
    curve = lossy_measurements(together(jpeg, webp), metric=METRIC)["jpeg"].curve()
    assert list(curve.bits_per_pixel) == sorted(curve.bits_per_pixel)
    assert curve.settings[:2] == ("quality=1", "quality=0")


def test_codecs_without_a_common_image_are_not_compared(frame: pd.DataFrame) -> None:
    others = results("avif", images=IMAGES).assign(ssim=0.9)
    is_exact = ~others["image"].isin(EXACT) & (others["setting"] == TOP)
    others[METRIC] = others[METRIC].mask(is_exact)
    assert lossy_measurements(together(frame, others), metric=METRIC) == {}


def test_a_codec_that_restores_an_image_at_every_setting_counts_it(frame: pd.DataFrame) -> None:
    frame.loc[(frame["codec"] == "jpeg") & (frame["image"] == "image-0000"), METRIC] = np.nan
    frame.loc[(frame["codec"] == "jpeg") & (frame["image"] == "image-0000"), "lossless"] = True
    tables = lossy_measurements(frame, metric=METRIC)
    assert {codec: one.dropped for codec, one in tables.items()} == {"jpeg": 1, "webp": 2}
    assert {len(one.images) for one in tables.values()} == {2}


def test_a_pooled_psnr_counts_an_image_without_an_error(frame: pd.DataFrame) -> None:
    tables = curve_measurements(frame, metric=METRIC, pooled=True)
    webp = tables["webp"].curve()
    assert {one.curve().count for one in tables.values()} == {IMAGES}
    assert tables["webp"].dropped == 0
    errors = 10 ** (-tables["jpeg"].values[:, -1] / 10)
    errors[[1, 3]] = 0
    assert webp.values[-1] == pytest.approx(-10 * np.log10(errors.mean()))
    found = compare(tables["jpeg"], tables["webp"], samples=100)
    assert found.low <= found.value <= found.high


def test_a_setting_that_loses_nothing_is_no_point_of_a_pooled_curve(frame: pd.DataFrame) -> None:
    frame.loc[(frame["codec"] == "webp") & (frame["setting"] == TOP), "lossless"] = True
    tables = curve_measurements(frame, metric=METRIC, pooled=True)
    assert TOP not in tables["webp"].settings
    assert TOP in tables["jpeg"].settings
    assert tables["webp"].curve().count == IMAGES


def test_the_means_of_methods_are_over_the_images_of_the_curves(frame: pd.DataFrame) -> None:
    tables = lossy_measurements(frame, metric=METRIC)
    means = summary(on_images_of(frame, tables)).set_index(["codec", "setting"])
    for codec, table in tables.items():
        curve = table.curve()
        rows = means.loc[[(codec, setting) for setting in curve.settings]]
        assert rows["bits_per_pixel"].tolist() == pytest.approx(curve.bits_per_pixel)
        assert rows[METRIC].tolist() == pytest.approx(curve.values)
        assert set(rows["images"]) == {3}
    assert on_images_of(frame, {}) is frame


def test_two_methods_are_compared_over_the_images_with_a_psnr(frame: pd.DataFrame) -> None:
    names = [MethodName(codec, TOP, codec) for codec in ("jpeg", "webp")]
    found = compare_methods(frame, *names)
    assert found is not None
    assert found.images == 3
    assert found.bytes_ratio == pytest.approx(1 / 0.8)
    assert found.first_means.psnr_db == pytest.approx(found.second_means.psnr_db)


def test_the_steps_of_the_ladder_are_over_the_images_that_all_have() -> None:
    reference = lossy_measurements(results(images=IMAGES), metric=METRIC)["jpeg"]
    below = replace(reference, codec="ae20_rd", bits_per_pixel=0.8 * reference.bits_per_pixel)
    ladder = compute_ladder({"jpeg": reference, "ae20_rd": below.take(np.array([0, 2, 4]))})
    [step] = ladder.steps
    assert step.images == 3
    assert step.bits_per_pixel == pytest.approx(0.8 * ladder.reference_bits_per_pixel)


def test_codecs_are_named_by_the_images_that_they_gave_back_exactly() -> None:
    line = left_out_line({"JPEG": 0, "WebP": 2, "AVIF": 1})
    assert line == "Left out, for they came back exactly at some setting: WebP 2, AVIF 1."
    assert left_out_line({"JPEG": 0}) == ""


def test_a_setting_that_keeps_every_pixel_of_every_image_is_named_as_none_of_the_curve() -> None:
    webp = smaller().assign(lossless=lambda rows: rows["setting"] == TOP)
    webp.loc[webp["lossless"], METRIC] = np.nan
    frame = together(results(images=IMAGES).assign(ssim=0.9), webp)
    assert TOP not in curve_measurements(frame, metric=METRIC)["webp"].settings
    assert exact_settings(frame) == {"webp": [TOP]}
    assert exact_settings(together(results(images=IMAGES), smaller())) == {}
    line = exact_line({"WebP": [TOP]})
    assert line == f"Without a mean PSNR, as every image came back exactly: WebP {TOP}."
    assert exact_line({}) == ""
