"""A metric that is better when smaller, such as a mean error, is analysed like its mirror image."""

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from core.analysis.bd_tables import bd_table
from core.analysis.equal_quality import rate_at
from core.analysis.read_off import read_at_quality, read_at_rate, value_at
from core.analysis.source_quality import first_falls
from core.evaluation.measurements import Measurements
from core.metrics import metrics
from core.report.deltas import Compared, delta_section
from core.report.document import Report, Section
from core.report.files import to_files

NAME = "error"
PEAK = 60.0


@pytest.fixture(autouse=True)
def error_metric(monkeypatch: pytest.MonkeyPatch) -> None:
    added = SimpleNamespace(NAME=NAME, LABEL="Error", HIGHER_IS_BETTER=False)
    found = metrics() | {NAME: added}
    monkeypatch.setattr("core.metrics._found", lambda: found)


@pytest.fixture
def errors(three_codecs: Mapping[str, Measurements]) -> dict[str, Measurements]:
    """The three codecs by a metric that falls as far as their PSNR rises."""
    return {
        codec: replace(table, metric=NAME, values=PEAK - table.values)
        for codec, table in three_codecs.items()
    }


def test_bd_rates_and_their_intervals_are_those_of_the_mirror_image(
    three_codecs: Mapping[str, Measurements], errors: Mapping[str, Measurements]
) -> None:
    expected = bd_table(three_codecs, anchor="jpeg", labels={}, samples=50)
    found = bd_table(errors, anchor="jpeg", labels={}, samples=50)
    assert expected["low_percent"].notna().all()
    pd.testing.assert_frame_equal(found, expected, atol=1e-6)


def test_values_and_rates_are_read_off_where_they_were_measured(
    three_codecs: Mapping[str, Measurements], errors: Mapping[str, Measurements]
) -> None:
    rising, falling = three_codecs["jpeg"].curve(), errors["jpeg"].curve()
    assert value_at(falling, 1.0) == pytest.approx(PEAK - (value_at(rising, 1.0) or 0))
    assert rate_at(falling, PEAK - 33.0) == pytest.approx(rate_at(rising, 33.0))
    assert rate_at(falling, PEAK) is None
    curves = {codec: table.curve() for codec, table in errors.items()}
    at_quality = read_at_quality(curves, PEAK - 33.0, pixels=100.0, reference="jpeg")
    assert at_quality["codec"].tolist() == ["avif", "webp", "jpeg"]
    at_rate = read_at_rate(curves, 0.6, pixels=100.0)
    assert at_rate["codec"].tolist() == ["avif", "webp", "jpeg"]


def test_an_error_that_falls_with_more_bytes_is_no_fall_of_quality(
    three_codecs: Mapping[str, Measurements], errors: Mapping[str, Measurements]
) -> None:
    assert first_falls([errors["jpeg"].curve()]) == []
    (fall,) = first_falls([replace(three_codecs["jpeg"], metric=NAME).curve()])
    assert (fall.smaller, fall.larger) == ("quality=10", "quality=20")


def test_the_report_draws_its_bd_rates(errors: Mapping[str, Measurements]) -> None:
    section = delta_section({NAME: Compared(errors)}, {})
    assert {"bd-rate-error.csv", "bd-rates-error.csv"} <= set(_files(section))


def test_the_report_says_why_where_no_codec_has_a_bd_rate(
    three_codecs: Mapping[str, Measurements],
) -> None:
    two = replace(
        three_codecs["webp"],
        settings=("quality=10", "quality=20"),
        bits_per_pixel=three_codecs["webp"].bits_per_pixel[:, :2],
        values=three_codecs["webp"].values[:, :2],
    )
    files = _files(
        delta_section({"psnr_db": Compared({**three_codecs, "webp": two, "avif": two})}, {})
    )
    assert not any(name.startswith("bd-rate-") for name in files)
    assert b"a curve has 2 usable points; 3 needed" in files["bd-rates-psnr-db.csv"]


def _files(section: Section) -> dict[str, bytes]:
    return to_files(Report("Title", (), (section,)))
