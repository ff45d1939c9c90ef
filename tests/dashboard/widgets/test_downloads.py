"""The numbers of a chart as a table."""

import plotly.graph_objects as go

from dashboard.widgets.downloads import drawn_values


def test_every_point_is_a_row_named_by_the_axes() -> None:
    figure = go.Figure([go.Scatter(x=[1, 2], y=[3.0, 4.0], name="JPEG"), go.Bar(x=[5], y=[6])])
    figure.update_xaxes(title="Trial")
    table = drawn_values(figure)
    assert [*table] == ["series", "Trial", "y"]
    assert table.to_numpy().tolist() == [["JPEG", 1, 3.0], ["JPEG", 2, 4.0], [None, 5, 6.0]]


def test_a_chart_without_points_gives_a_table_without_rows() -> None:
    assert drawn_values(go.Figure(go.Scatter(name="nothing"))).empty
