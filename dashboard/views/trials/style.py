"""The look of Optuna's plots here: the page's theme, and colours seen on light and dark."""

import plotly.graph_objects as go

#: From dull to strong on a light and on a dark background.
SCALE = [[0.0, "#8fa3a8"], [0.5, "#2f81c7"], [1.0, "#e32d78"]]
STATE_COLORS = {
    "COMPLETE": "#2f81c7",
    "PRUNED": "#de7a00",
    "RUNNING": "#1f9d76",
    "WAITING": "#8a8f98",
    "FAIL": "#da1300",
}


def restyled(figure: go.Figure) -> go.Figure:
    """The figure without Optuna's own look, so that the page's theme gives it one."""
    figure.layout.template = None
    figure.update_layout(
        title=None, margin={"l": 8, "r": 8, "t": 24, "b": 8}, uirevision="trials", height=440
    )
    for axis in figure.layout.coloraxis, *figure.select_coloraxes():
        if axis is not None:
            axis.update(colorscale=SCALE, reversescale=False)
    for trace in figure.data:
        _recolor(trace)
    return figure


def _recolor(trace: go.Figure) -> None:
    """Gives a trace colours that are seen on a light and on a dark background."""
    if trace.type == "contour":
        trace.update(colorscale=SCALE, reversescale=False, line={"color": "rgba(0,0,0,0)"})
    elif trace.type == "parcoords":
        trace.line.update(colorscale=SCALE, reversescale=False)
    elif trace.type == "bar" and trace.name and trace.name.upper() in STATE_COLORS:
        trace.marker.update(color=STATE_COLORS[trace.name.upper()])
    elif trace.type == "scatter" and trace.marker.colorscale is not None:
        trace.marker.update(colorscale=SCALE, reversescale=False)
    if trace.type == "scatter" and trace.marker.line.color in ("Grey", "black"):
        trace.marker.line.update(color="rgba(128,128,128,0.6)")
    if trace.type == "scatter" and trace.marker.color == "black":
        trace.marker.update(color="#8a8f98")
