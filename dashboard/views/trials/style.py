"""Style of a study's plots: the page's theme, and colours for light and dark backgrounds."""

from typing import Any

import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from dashboard.charts.legend import LEGEND_BELOW
from dashboard.charts.log_axis import log_ticks_of, write_full_ticks

#: Colour scale for light and dark backgrounds; the saturated end is the better one.
SCALE = [[0.0, "#8fa3a8"], [0.5, "#2f81c7"], [1.0, "#e32d78"]]
STATE_COLORS = {
    "COMPLETE": "#2f81c7",
    "PRUNED": "#de7a00",
    "RUNNING": "#1f9d76",
    "WAITING": "#8a8f98",
    "FAIL": "#da1300",
}
#: Display label of a study's objective value.
VALUE_NAME = "Score"
#: Colour of the ring around a selected trial, visible on every colour and background.
RING = {"symbol": "circle-open", "size": 15, "color": "#de7a00", "line": {"width": 3}}
NEUTRAL = "#8a8f98"
#: A legend or colour bar above the plot leaves its whole width to the plot on a phone.
COLOR_BAR = {
    "orientation": "h",
    "x": 0.5,
    "xanchor": "center",
    "y": 1.02,
    "yanchor": "bottom",
    "len": 0.7,
    "thickness": 10,
    "xpad": 0,
    "title": {"side": "top"},
}


def scale_color(position: float) -> str:
    """Colour of the scale at a position from 0 to 1."""
    return str(sample_colorscale(SCALE, [min(1.0, max(0.0, position))])[0])


def restyled(figure: go.Figure, *, height: int = 440) -> go.Figure:
    """The figure without Optuna's template, so that the page's theme applies.

    Args:
        figure: What is changed.
        height: Its height in pixels.
    """
    figure.layout.template = None
    figure.update_layout(
        title=None,
        margin={"l": 8, "r": 8, "t": 24, "b": 8},
        uirevision="trials",
        height=height,
        width=None,
        legend=LEGEND_BELOW,
    )
    for trace in figure.data:
        _recolor(trace)
    _write_log_ticks(figure)
    return figure


def _recolor(trace: Any) -> None:
    """Sets colours of a trace that are visible on a light and on a dark background."""
    if trace.type == "contour":
        trace.update(
            colorscale=SCALE,
            line={"color": "rgba(0,0,0,0)"},
            colorbar=COLOR_BAR | {"title": {"text": trace.colorbar.title.text, "side": "top"}},
        )
    elif trace.type == "bar" and trace.name and trace.name.upper() in STATE_COLORS:
        trace.marker.update(color=STATE_COLORS[trace.name.upper()])
    if trace.type == "scatter" and trace.marker.line.color in ("Grey", "Gray", "black"):
        trace.marker.line.update(color="rgba(128,128,128,0.6)", width=1)
    if trace.type == "scatter" and trace.marker.color == "black":
        trace.marker.update(color=NEUTRAL)


def _write_log_ticks(figure: go.Figure) -> None:
    """Full numbers on logarithmic axes: over their range, or over what is drawn on them."""
    write_full_ticks(figure)
    for trace in figure.data:
        for letter in "xy":
            axis = figure.layout[_axis_name(letter, getattr(trace, f"{letter}axis", None))]
            values = getattr(trace, letter, None)
            if axis.type == "log" and not axis.range and values is not None:
                axis.update(log_ticks_of(v for v in values if isinstance(v, int | float)))


def _axis_name(letter: str, of_trace: str | None) -> str:
    """Name of an axis in the layout: a trace calls `xaxis2` plain `x2`."""
    return f"{letter}axis{(of_trace or letter)[1:]}"
