"""BD-rate and BD-PSNR of two curves."""

import numpy as np
import pytest

from core.analysis.rate_distortion import (
    Curve,
    bd_psnr,
    bd_rate,
)
from tests.core.analysis.smooth_curves import METRIC, RATES, smooth


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


@pytest.mark.parametrize(
    ("count", "points"), [(0, "0 usable points"), (1, "1 usable point;"), (2, "2 usable points")]
)
def test_a_curve_of_too_few_points_gives_a_reason_and_no_value(count, points):
    result = bd_rate(smooth(RATES), smooth(RATES[:count]))
    assert result.value is None
    assert points in result.reason


def test_curves_of_two_metrics_are_refused():
    other = Curve("jpeg", "ssim", ("a",), (1.0,), (0.9,), 1)
    with pytest.raises(ValueError, match="psnr_db and ssim"):
        bd_rate(smooth(RATES), other)
