import numpy as np
import pandas as pd
import pytest

from core.analysis.lossless import lossless_table
from dashboard.charts.colors import codec_style
from dashboard.charts.rate_distortion import (
    SINGLE_IMAGES,
    Look,
    image_figure,
    image_table,
    point_table,
    rate_distortion_figure,
)

LABELS = {"jpeg": "JPEG", "webp": "WebP"}
NO_LOSSLESS = lossless_table(
    pd.DataFrame(
        columns=["codec", "label", "setting", "bits_per_pixel", "bytes", "images"], dtype=object
    ),
    [],
    {},
)


def figure_of(tables, *, look=None, lossless=NO_LOSSLESS, chosen=None):
    return rate_distortion_figure(
        point_table(tables, LABELS),
        metric_label="PSNR (dB)",
        look=look or Look(),
        lossless=lossless,
        tables=tables,
        chosen=chosen,
    )


def means(*rows):
    columns = ["codec", "setting", "bits_per_pixel", "bytes", "images"]
    return pd.DataFrame(rows, columns=columns)


def test_the_points_are_the_means_and_percentiles_of_the_images(measured):
    table = measured("jpeg")
    points = point_table({"jpeg": table}, LABELS)
    assert list(points["setting"]) == list(table.settings)
    assert list(points["bits_per_pixel"]) == pytest.approx(table.bits_per_pixel.mean(axis=0))
    assert list(points["value"]) == pytest.approx(table.values.mean(axis=0))
    assert points["value_p10"].iloc[0] == pytest.approx(np.percentile(table.values[:, 0], 10))
    assert set(points["label"]) == {"JPEG"}
    assert set(points["images"]) == {50}


def test_a_codec_without_a_label_keeps_its_name(measured):
    assert set(point_table({"qoi": measured("qoi")}, LABELS)["label"]) == {"qoi"}


def test_no_codec_gives_a_table_with_columns_and_no_row():
    points = point_table({}, LABELS)
    assert points.empty
    assert "bits_per_pixel" in points


def test_each_codec_is_one_curve_in_its_own_style(measured):
    tables = {"webp": measured("webp"), "jpeg": measured("jpeg", factor=2)}
    figure = figure_of(tables)
    assert [trace.name for trace in figure.data] == ["JPEG", "WebP"]
    jpeg = figure.data[0]
    assert jpeg.marker.color == codec_style("jpeg").color
    assert jpeg.marker.symbol == codec_style("jpeg").symbol
    assert list(jpeg.x) == pytest.approx(tables["jpeg"].bits_per_pixel.mean(axis=0))


def test_a_point_tells_which_codec_and_setting_it_is(measured):
    figure = figure_of({"jpeg": measured("jpeg")})
    assert list(figure.data[0].customdata[2][:2]) == ["jpeg", "quality=30"]


def test_the_rate_axis_is_logarithmic_on_demand(measured):
    tables = {"jpeg": measured("jpeg")}
    assert figure_of(tables, look=Look(log_rate=True)).layout.xaxis.type == "log"
    assert figure_of(tables).layout.xaxis.type != "log"


def test_whiskers_reach_from_the_10th_to_the_90th_percentile(measured):
    tables = {"jpeg": measured("jpeg")}
    trace = figure_of(tables, look=Look(whiskers=True)).data[0]
    values = tables["jpeg"].values[:, 0]
    assert trace.y[0] + trace.error_y.array[0] == pytest.approx(np.percentile(values, 90))
    assert trace.y[0] - trace.error_y.arrayminus[0] == pytest.approx(np.percentile(values, 10))
    assert figure_of(tables).data[0].error_y.array is None


def test_single_images_lie_behind_the_mean_and_do_not_join(measured):
    tables = {"jpeg": measured("jpeg", images=200)}
    thin, mean = figure_of(tables, look=Look(single_images=True)).data
    assert mean.name == "JPEG"
    assert not thin.showlegend
    assert np.isnan(thin.x).sum() == SINGLE_IMAGES
    assert len(thin.x) == SINGLE_IMAGES * (6 + 1)


def test_single_images_show_the_drawn_settings_only(measured):
    tables = {"jpeg": measured("jpeg", images=10)}
    points = point_table(tables, LABELS).iloc[:2]
    thin = rate_distortion_figure(
        points,
        metric_label="PSNR (dB)",
        look=Look(single_images=True),
        lossless=NO_LOSSLESS,
        tables=tables,
    ).data[0]
    assert len(thin.x) == 10 * (2 + 1)


def test_a_lossless_codec_is_a_mark_at_its_rate_off_the_quality_axis(measured):
    table = means(("png", "default", 12.5, 40_000, 50), ("jpeg", "quality=10", 1.0, 3_200, 50))
    exact = lossless_table(table, ["png"], {"png": "PNG"})
    mark = figure_of({"jpeg": measured("jpeg")}, lossless=exact).data[-1]
    assert mark.name == "PNG (lossless)"
    assert (mark.x[0], mark.yaxis) == (12.5, "y2")


def test_a_point_says_of_how_many_images_it_is_the_mean(measured):
    for images, text in ((50, "50 images"), (1, "1 image")):
        [curve] = figure_of({"jpeg": measured("jpeg", images=images)}).data
        assert set(curve.hovertext) == {text}
        assert "over %{hovertext}<" in curve.hovertemplate


def test_the_chosen_point_gets_a_ring(measured):
    tables = {"jpeg": measured("jpeg")}
    ring = figure_of(tables, chosen=("jpeg", "quality=20")).data[-1]
    assert ring.x[0] == pytest.approx(tables["jpeg"].bits_per_pixel[:, 1].mean())
    assert len(figure_of(tables, chosen=("jpeg", "quality=77")).data) == 1


def test_nothing_in_the_figure_hides_the_page_behind_it(measured):
    figure = figure_of({"jpeg": measured("jpeg")})
    assert figure.layout.paper_bgcolor is None
    assert figure.layout.plot_bgcolor is None


def test_the_images_behind_a_point_run_from_the_worst_to_the_best(measured):
    table = measured("jpeg")
    images = image_table(table, "quality=30")
    assert images["value"].is_monotonic_increasing
    assert images["image"].iloc[0] == "image-049"
    assert images["value"].mean() == pytest.approx(table.values[:, 2].mean())
    dots = image_figure(images, codec="jpeg", metric_label="PSNR (dB)").data[0]
    assert len(dots.x) == 50


def test_the_images_of_an_unknown_setting_are_refused(measured):
    with pytest.raises(ValueError, match="quality=99"):
        image_table(measured("jpeg"), "quality=99")


def test_where_smaller_is_better_the_worst_image_has_the_largest_value(measured, monkeypatch):
    monkeypatch.setattr("dashboard.charts.rate_distortion.sign_of", lambda metric: -1)
    images = image_table(measured("jpeg"), "quality=30")
    assert images["value"].is_monotonic_decreasing


def test_rates_without_containers_are_titled_so(measured):
    label = "Bits per pixel (without containers)"
    images = image_table(measured("jpeg"), "quality=30")
    figure = image_figure(images, codec="jpeg", metric_label="PSNR (dB)", rate_label=label)
    assert figure.layout.xaxis.title.text == label
