import plotly.graph_objects as go
import pytest

from dashboard.charts.log_axis import full_number, log_ticks, log_ticks_of, write_full_ticks


@pytest.mark.parametrize(
    ("low", "high"), [(1e-4, 1e-2), (2.1e-3, 2.4e-3), (0.0005, 3.0), (16, 139), (1e-9, 1e6)]
)
def test_every_range_has_ticks_within_it_or_close_by(low, high):
    ticks = log_ticks(low, high)["tickvals"]
    assert ticks == sorted(ticks)
    assert ticks[0] <= low
    assert high <= ticks[-1]
    assert any(low / 1.3 <= tick <= high * 1.3 for tick in ticks)


def test_a_range_of_decades_has_several_ticks_but_not_a_crowd():
    for decades in (1, 2, 3, 4, 6, 9):
        shown = [tick for tick in log_ticks(1e-5, 10.0 ** (decades - 5))["tickvals"]]
        shown = [tick for tick in shown if 1e-5 <= tick <= 1.001 * 10.0 ** (decades - 5)]
        assert 4 <= len(shown) <= 12, decades


def test_ticks_read_as_whole_numbers_not_as_digits():
    texts = log_ticks(1e-4, 1e-2)["ticktext"]
    assert {"0.0001", "0.0002", "0.0005", "0.001", "0.01"} <= set(texts)
    assert not {"2", "5"} & set(texts)
    assert [full_number(value) for value in (1e-7, 0.25, 20, 12000)] == [
        "0.0000001",
        "0.25",
        "20",
        "12,000",
    ]


def test_values_that_no_logarithm_takes_give_no_ticks():
    assert log_ticks_of([0.0, -1.0, float("nan"), float("inf")]) == {}
    assert 0.5 in log_ticks_of([0.0, 0.5, 2.0])["tickvals"]


def test_only_logarithmic_axes_of_a_figure_get_the_ticks():
    figure = go.Figure(go.Scatter(x=[1, 2], y=[1, 2]))
    figure.update_xaxes(type="log", range=[-4, -2])
    write_full_ticks(figure)
    assert 0.0005 in figure.layout.xaxis.tickvals
    assert figure.layout.yaxis.tickvals is None
