import pytest

from core.analysis.equal_quality import EqualQuality, equal_quality, rate_at
from core.analysis.findings import MethodRow
from core.analysis.published import THESIS
from core.evaluation.measurements import Curve

#: An autoencoder whose own PSNR is that of its floating-point latent, and 34 dB from its file.
WEIGHED = MethodRow(THESIS[0], psnr_db=36.0, ssim=0.9, bits_per_pixel=10.0, coded_psnr_db=34.0)
NOT_CODED = MethodRow(THESIS[0], psnr_db=36.0, ssim=0.9)


def _curve(codec: str, rates: tuple[float, ...], values: tuple[float, ...]) -> Curve:
    return Curve(codec, "psnr_db", tuple(map(str, rates)), rates, values, 10)


def test_the_rate_at_a_measured_quality_is_the_measured_rate() -> None:
    curve = _curve("jpeg", (0.5, 1.0, 2.0), (28.0, 31.0, 34.0))
    assert rate_at(curve, 31.0) == pytest.approx(1.0)


def test_half_way_between_two_points_lies_the_geometric_mean_of_their_rates() -> None:
    assert rate_at(_curve("jpeg", (1.0, 4.0), (30.0, 34.0)), 32.0) == pytest.approx(2.0)


def test_there_is_no_rate_outside_what_was_measured() -> None:
    curve = _curve("jpeg", (1.0, 4.0), (30.0, 34.0))
    assert rate_at(curve, 29.9) is None
    assert rate_at(curve, 34.1) is None
    assert rate_at(_curve("jpeg", (), ()), 30.0) is None


def test_a_point_that_costs_more_and_gives_less_changes_nothing() -> None:
    plain = _curve("jpeg", (1.0, 4.0), (30.0, 34.0))
    dented = _curve("jpeg", (1.0, 2.0, 4.0), (30.0, 29.0, 34.0))
    assert rate_at(dented, 32.0) == pytest.approx(rate_at(plain, 32.0))


def test_a_method_is_weighed_at_the_psnr_of_its_file() -> None:
    reference = _curve("jpeg", (1.0, 2.0, 4.0), (31.0, 34.0, 36.0))
    assert equal_quality(WEIGHED, reference) == pytest.approx(EqualQuality(2.0, 5.0))


def test_a_method_whose_quality_the_reference_does_not_reach_has_no_ratio() -> None:
    assert equal_quality(WEIGHED, _curve("jpeg", (0.25, 0.5), (28.0, 31.0))) is None
    assert equal_quality(WEIGHED, None) is None


def test_a_method_without_a_file_has_no_ratio() -> None:
    assert equal_quality(NOT_CODED, _curve("jpeg", (1.0, 4.0), (30.0, 40.0))) is None
