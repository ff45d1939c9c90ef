import math

import numpy as np
import plotly.graph_objects as go
import pytest

from core.analysis.findings import MethodRow
from core.analysis.published import THESIS
from core.evaluation.measurements import Measurements
from dashboard.views.findings.charts import headline_figure, published_figure


def _table(codec: str) -> Measurements:
    rates = np.array([[0.5, 1.0, 2.0], [0.7, 1.4, 2.8]])
    images = np.array(["a", "b"])
    return Measurements(codec, "psnr_db", images, ("1", "2", "3"), rates, 30 + rates, dropped=0)


def _rows() -> list[MethodRow]:
    """All ten methods measured a decibel below the thesis, but for the 20x20 bottleneck."""
    return [
        MethodRow(figure)
        if figure.method == "ae-3-layer"
        else MethodRow(
            figure,
            psnr_db=figure.psnr_db - 1,
            ssim=figure.ssim,
            bytes=3200.0,
            bits_per_pixel=1.0,
            coded_psnr_db=figure.psnr_db - 1.1,
        )
        for figure in THESIS
    ]


def _trace(figure: go.Figure, name: str) -> go.Scatter:
    return next(trace for trace in figure.data if trace.name == name)


@pytest.fixture
def headline() -> go.Figure:
    tables = {codec: _table(codec) for codec in ("jpeg", "webp", "webp_slow", "ae80")}
    return headline_figure(tables, _rows(), labels={"webp": "WebP"}, metric_label="PSNR (dB)")


def test_the_headline_draws_one_curve_per_format_and_leaves_out_variants(
    headline: go.Figure,
) -> None:
    assert {trace.name for trace in headline.data} == {
        "ae80",
        "jpeg",
        "WebP",
        "Method of the thesis",
    }


def test_a_curve_goes_through_the_means_of_the_images(headline: go.Figure) -> None:
    assert list(_trace(headline, "WebP").x) == pytest.approx([0.6, 1.2, 2.4])
    assert list(_trace(headline, "WebP").y) == pytest.approx([30.6, 31.2, 32.4])


def test_rings_stand_at_the_file_and_not_at_the_float_figure(headline: go.Figure) -> None:
    rings = _trace(headline, "Method of the thesis")
    figures = dict(zip(rings.text, rings.y, strict=True))
    assert figures["JPEG, quality 75"] == pytest.approx(34.956 - 1.1)
    assert "Autoencoder, 3 layers (20x20)" not in figures
    assert all(math.isfinite(value) for value in figures.values())


def test_published_and_measured_figures_stand_in_the_order_of_the_thesis() -> None:
    figure = published_figure(_rows())
    labels = [published.label for published in THESIS if math.isfinite(published.psnr_db)]
    assert list(figure.layout.yaxis.categoryarray) == labels
    assert list(_trace(figure, "Published").x) == [row.psnr_db for row in THESIS[:-1]]


def test_a_method_that_is_not_measured_has_a_published_mark_only() -> None:
    measured = _trace(published_figure(_rows()), "Measured here")
    assert [value is None for value in measured.x].count(True) == 1
    assert measured.x[list(measured.y).index("Autoencoder, 3 layers (20x20)")] is None
