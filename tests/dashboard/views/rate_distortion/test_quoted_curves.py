import plotly.graph_objects as go
import pytest

from core.analysis.imported.curves import Quoted, quoted_curves
from core.analysis.published import kodak_curves
from dashboard.views.rate_distortion.quoted_curves import (
    SHOWN_FIRST,
    add_quoted,
    beyond_line,
    largest_rate,
    shown_first,
)


@pytest.fixture(scope="module")
def curves() -> dict[str, Quoted]:
    return quoted_curves((), dataset="kodak", metric="psnr_db")


def add(figure: go.Figure, curves: dict[str, Quoted], chosen: list[str]) -> None:
    add_quoted(figure, curves, chosen, metric_label="PSNR (dB)", value_format=".2f")


def test_every_published_codec_is_offered_once(curves) -> None:
    assert sorted(curves) == sorted({f"published/{name}" for name in kodak_curves()["codec"]})
    assert set(SHOWN_FIRST) <= set(curves)
    assert shown_first([*curves]) == list(SHOWN_FIRST)


def test_quoted_curves_are_dashed_and_all_look_different(curves) -> None:
    figure = go.Figure()
    add(figure, curves, list(curves))
    looks = {(trace.line.color, trace.line.dash) for trace in figure.data}
    assert len(looks) == len(curves)
    assert {trace.mode for trace in figure.data} == {"lines"}
    assert "solid" not in {trace.line.dash for trace in figure.data}


def test_quoted_curves_end_where_ours_do(curves) -> None:
    figure = go.Figure(go.Scatter(x=[0.3, 1.0], y=[28, 33]))
    add(figure, curves, ["published/VTM"])
    assert max(figure.data[1].x) <= 1.0 < kodak_curves()["bpp"].max()


def test_points_beyond_our_rates_are_counted_and_a_curve_of_such_alone_has_no_legend(
    curves,
) -> None:
    keys = ["published/VTM", "published/AV1"]
    rates = [curves[key].table.curve().bits_per_pixel for key in keys]
    most = (max(rates[0]) + sorted(rates[0])[-2]) / 2
    [label, _] = [curves[key].label for key in keys]
    assert beyond_line(curves, keys[:1], most=most) == (
        f"Points left out beyond our largest rate here, {most:.2f} bits per pixel: "
        f"{label}: 1 of {len(rates[0])}."
    )
    assert beyond_line(curves, keys, most=max(*rates[0], *rates[1])) == ""
    least = min(*rates[0], *rates[1]) / 2
    assert f"{label}: all {len(rates[0])}, " in beyond_line(curves, keys, most=least)
    figure = go.Figure(go.Scatter(x=[least / 2, least], y=[28, 33]))
    assert largest_rate(figure) == least
    add(figure, curves, keys)
    assert len(figure.data) == 1


def test_a_quoted_curve_tells_its_source_and_no_name_becomes_markup(curves) -> None:
    figure = go.Figure()
    odd = curves["published/VTM"]._replace(label="A & B", source="R & D")
    add(figure, {"mine/A & B": odd}, ["mine/A & B"])
    assert figure.data[0].name == "A &amp; B"
    assert "R &amp; D" in figure.data[0].hovertemplate
    assert "not measured here" in figure.data[0].hovertemplate
