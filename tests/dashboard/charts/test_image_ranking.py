import numpy as np
import pandas as pd
import pytest

from core.evaluation.record import Record
from core.evaluation.table import to_frame, to_table
from dashboard.charts.image_ranking import (
    RATE,
    MeasuredPoint,
    nearest_setting,
    operating_points,
    point_of,
    ranked,
    ranked_by_gap,
)

A = MeasuredPoint("jpeg", "quality=50", 50.0)
B = MeasuredPoint("webp", "quality=40", 40.0)


def _record(
    image: str, point: MeasuredPoint, size: int, psnr: float | None, error: str | None = None
):
    metrics = {"psnr_db": psnr, "ssim": 0.5}
    rate = None if size is None else 8 * size / 100
    return Record(image, *point, 10, 10, size, rate, metrics if error is None else {}, error=error)


@pytest.fixture
def frame() -> pd.DataFrame:
    records = [
        _record("b", A, 100, 30.0),
        _record("a", A, 90, 30.0),
        _record("c", A, 80, 25.0),
        _record("d", A, 70, None, error="broken"),
        _record("a", B, 50, 35.0),
        _record("b", B, 60, 29.0),
        _record("c", B, 70, np.inf),
        _record("a", A._replace(setting="quality=9", dial=9.0), 10, 20.0),
        _record("a", B._replace(setting="float", dial=None), None, 40.0),
    ]
    return to_frame(to_table(records))


def test_points_stand_by_codec_and_mean_rate_and_one_without_bytes_last(frame) -> None:
    table = operating_points(frame)
    settings = ["quality=9", "quality=50", "quality=40", "float"]
    assert table["setting"].tolist() == settings
    assert table["images"].tolist() == [1, 3, 3, 1]
    assert table[RATE].tolist()[:3] == pytest.approx([0.8, 7.2, 4.8])
    assert point_of(table, "jpeg", "quality=50") == A
    assert point_of(table, "webp", "float") == MeasuredPoint("webp", "float", None)
    with pytest.raises(ValueError, match="no point jpeg, quality=1"):
        point_of(table, "jpeg", "quality=1")


@pytest.mark.parametrize(
    ("codec", "rate", "setting"),
    [
        ("jpeg", 0.1, "quality=9"),
        ("jpeg", 2.3, "quality=9"),  # a ratio of 2.9 from 0.8, of 3.1 to 7.2
        ("jpeg", 2.5, "quality=50"),
        ("webp", float("nan"), "float"),
    ],
)
def test_the_nearest_setting_is_nearest_as_a_ratio(frame, codec, rate, setting) -> None:
    assert nearest_setting(operating_points(frame), codec, rate) == setting


def test_the_worst_stands_first_equals_by_id_and_failures_nowhere(frame) -> None:
    assert ranked(frame, A, "psnr_db")["image"].tolist() == ["c", "a", "b"]
    assert ranked(frame, A, "psnr_db", worst_first=False)["image"].tolist() == ["a", "b", "c"]
    assert ranked(frame, A, RATE)["image"].tolist() == ["b", "a", "c"]


def test_an_image_without_loss_has_no_value_to_be_ordered_by(frame) -> None:
    assert ranked(frame, B, "psnr_db")["image"].tolist() == ["b", "a"]


def test_the_gap_is_the_first_minus_the_second_on_the_same_image(frame) -> None:
    table = ranked_by_gap(frame, A, B, "psnr_db")
    assert table["image"].tolist() == ["a", "b"]
    assert table["gap"].tolist() == pytest.approx([-5.0, 1.0])
    assert table["second_bytes"].tolist() == [50, 60]
    ahead = ranked_by_gap(frame, A, B, "psnr_db", behind_first=False)
    assert ahead["image"].tolist() == ["b", "a"]


def test_in_bits_the_one_with_more_is_behind(frame) -> None:
    table = ranked_by_gap(frame, A, B, RATE)
    assert table["image"].tolist() == ["a", "b", "c"]
    assert table["gap"].tolist() == pytest.approx([3.2, 3.2, 0.8])
