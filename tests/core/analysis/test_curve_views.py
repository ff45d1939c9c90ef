"""Curves of whole files or their payload, by mean or pooled PSNR."""

import numpy as np
import pandas as pd
import pytest

from core.analysis.curve_views import curve_measurements
from core.evaluation.measurements import pooled_psnr_db
from tests.core.analysis.smooth_curves import METRIC, results


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.concat([results("jpeg"), results("webp", factor=0.7)], ignore_index=True)


def test_without_containers_only_codecs_of_a_known_container_have_a_curve(
    frame: pd.DataFrame,
) -> None:
    whole = curve_measurements(frame, metric=METRIC)
    payload = curve_measurements(frame, metric=METRIC, overheads={"jpeg": 100})
    assert (set(whole), set(payload)) == ({"jpeg", "webp"}, {"jpeg"})
    lost = whole["jpeg"].bits_per_pixel - payload["jpeg"].bits_per_pixel
    np.testing.assert_allclose(lost, 100 / 3200)
    np.testing.assert_array_equal(whole["jpeg"].values, payload["jpeg"].values)


def test_a_pooled_curve_has_the_psnr_of_the_mean_squared_error(frame: pd.DataFrame) -> None:
    table = curve_measurements(frame, metric=METRIC, pooled=True)["webp"]
    expected = -10 * np.log10(np.mean(10 ** (-table.values / 10), axis=0))
    np.testing.assert_allclose(table.curve().values, expected)


def test_an_image_without_an_error_counts_as_such_in_a_pooled_psnr() -> None:
    found = pooled_psnr_db(np.array([[np.inf, np.inf], [30.0, np.inf]]), np.array([0.5, 0.5]))
    assert found[0] == pytest.approx(30 + 10 * np.log10(2))
    assert found[1] == np.inf
