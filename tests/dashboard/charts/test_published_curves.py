import plotly.graph_objects as go

from core.analysis.published import kodak_curves
from dashboard.charts.published_curves import SHOWN_FIRST, add_published, codec_names


def test_every_published_codec_is_offered_once():
    assert sorted(codec_names()) == sorted(set(kodak_curves()["codec"]))
    assert set(SHOWN_FIRST) <= set(codec_names())


def test_published_curves_are_dashed_and_all_look_different():
    figure = go.Figure()
    add_published(figure, codec_names())
    looks = {(trace.line.color, trace.line.dash) for trace in figure.data}
    assert len(looks) == len(codec_names())
    assert {trace.mode for trace in figure.data} == {"lines"}
    assert "solid" not in {trace.line.dash for trace in figure.data}


def test_published_curves_end_where_ours_do():
    figure = go.Figure(go.Scatter(x=[0.3, 1.0], y=[28, 33]))
    add_published(figure, ["VTM"])
    assert max(figure.data[1].x) <= 1.0 < kodak_curves()["bpp"].max()
