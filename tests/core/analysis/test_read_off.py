import math

import pandas as pd
import pytest

from core.analysis.payload import without_containers
from core.analysis.read_off import read_at_quality, read_at_rate, value_at
from core.evaluation.measurements import Curve

PIXELS = 160 * 160


def _curve(codec: str, rates: tuple[float, ...], values: tuple[float, ...]) -> Curve:
    return Curve(codec, "psnr_db", tuple(map(str, rates)), rates, values, 10)


CURVES = {
    "jpeg": _curve("jpeg", (1.0, 4.0), (30.0, 34.0)),
    "webp": _curve("webp", (0.5, 2.0), (30.0, 34.0)),
    "ae20": _curve("ae20", (1.0, 4.0), (20.0, 24.0)),
}


def test_at_a_quality_the_smallest_file_stands_first_and_what_does_not_reach_it_last() -> None:
    table = read_at_quality(CURVES, 32.0, pixels=PIXELS, reference="jpeg")
    assert table["codec"].tolist() == ["webp", "jpeg", "ae20"]
    assert table["bits_per_pixel"].tolist()[:2] == pytest.approx([1.0, 2.0])
    assert table["bytes"].tolist()[:2] == pytest.approx([3200.0, 6400.0])
    assert table["ratio"].tolist()[:2] == pytest.approx([0.5, 1.0])
    assert math.isnan(table["bits_per_pixel"].iloc[2])


def test_a_reference_that_does_not_reach_the_quality_gives_no_ratio() -> None:
    table = read_at_quality(CURVES, 32.0, pixels=PIXELS, reference="ae20")
    assert table["ratio"].isna().all()


def test_at_a_rate_the_best_quality_stands_first() -> None:
    table = read_at_rate(CURVES, 2.0, pixels=PIXELS)
    assert table["codec"].tolist() == ["webp", "jpeg", "ae20"]
    assert table["value"].tolist() == pytest.approx([34.0, 32.0, 22.0])


def test_reading_off_rate_and_quality_are_inverse() -> None:
    for value in (30.0, 31.3, 33.9):
        table = read_at_quality({"jpeg": CURVES["jpeg"]}, value, pixels=PIXELS, reference=None)
        assert value_at(CURVES["jpeg"], table["bits_per_pixel"].iloc[0]) == pytest.approx(value)


def test_images_of_several_sizes_have_rates_and_no_bytes() -> None:
    at_quality = read_at_quality(CURVES, 32.0, pixels=None, reference="jpeg")
    assert at_quality["bytes"].isna().all()
    assert at_quality["ratio"].tolist()[:2] == pytest.approx([0.5, 1.0])
    assert read_at_rate(CURVES, 2.0, pixels=None)["bytes"].isna().all()


def test_outside_what_was_measured_nothing_is_read_off() -> None:
    assert value_at(CURVES["jpeg"], 0.9) is None
    assert value_at(CURVES["jpeg"], 4.1) is None
    assert value_at(_curve("none", (), ()), 1.0) is None


def test_without_containers_bytes_and_rate_shrink_alike_and_never_below_a_byte() -> None:
    frame = pd.DataFrame(
        {
            "codec": ["avif", "avif", "png"],
            "bytes": [1000.0, 100.0, 5000.0],
            "bits_per_pixel": [8.0, 0.8, 40.0],
        }
    )
    rest = without_containers(frame, {"avif": 275.0})
    assert rest["codec"].tolist() == ["avif", "avif"]
    assert rest["bytes"].tolist() == [725.0, 1.0]
    assert rest["bits_per_pixel"].tolist() == pytest.approx([5.8, 0.008])
