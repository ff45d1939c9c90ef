"""Figures of the report for the screen, by Plotly without controls that contact a server."""

import json
from collections.abc import Mapping
from math import log10
from typing import Any

import plotly.graph_objects as go

from core.codecs.styles import translucent
from core.report.plot import Plot, Series, axis_range, shown_ticks

#: Without buttons that upload or link to Plotly's services.
CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "responsive": True,
    "showSendToCloud": False,
    "showEditInChartStudio": False,
    "plotlyServerURL": "",
    "modeBarButtonsToRemove": ["select2d", "lasso2d"],
}
#: Below the plot, where its rows take no room from the curves.
_LEGEND: dict[str, Any] = {
    "orientation": "h",
    "x": 0,
    "y": 0,
    "yref": "container",
    "yanchor": "bottom",
    "maxheight": 1,
}
_GRID, _TEXT = "#e3eaea", "#1c2a30"


def figure_json(plot: Plot) -> str:
    """Data, layout and settings of the figure as JSON that may stand inside a script element.

    `narrow` has what of the layout is different on a narrow screen.
    """
    figure = plotly_figure(plot)
    content = json.loads(figure.to_json(engine="json")) | {"config": CONFIG, "narrow": {}}
    if plot.names:
        content["narrow"] = _names_above(plot, content["layout"])
    return json.dumps(content, separators=(",", ":")).replace("</", "<\\/")


def plotly_figure(plot: Plot) -> go.Figure:
    """The figure with all its points, lines and intervals."""
    figure = go.Figure([_trace(series, plot) for series in plot.series])
    figure.update_xaxes(title=plot.x_title, **_x_axis(plot))
    if plot.names:
        indices = list(range(len(plot.names)))
        figure.update_yaxes(
            tickvals=indices, ticktext=list(plot.names), range=[len(indices) - 0.5, -0.5]
        )
    else:
        figure.update_yaxes(title=plot.y_title, type=plot.y_scale)
    if plot.reference is not None:
        figure.add_vline(x=plot.reference, line={"width": 1, "dash": "dot", "color": "gray"})
    figure.update_xaxes(gridcolor=_GRID, linecolor=_GRID, zeroline=False)
    figure.update_yaxes(gridcolor=_GRID, linecolor=_GRID, zeroline=False, automargin=not plot.names)
    figure.update_layout(
        template="none",
        font={"family": "system-ui, sans-serif", "size": 13, "color": _TEXT},
        height=plot.height,
        margin={"l": _left_margin(plot), "r": 16, "t": 8, "b": 52},
        showlegend=_needs_legend(plot),
        legend=_LEGEND,
        hovermode="closest",
        paper_bgcolor="#ffffff",
        plot_bgcolor="#ffffff",
    )
    return figure


def _needs_legend(plot: Plot) -> bool:
    labels = {series.label for series in plot.series}
    return len(labels) > 1 and not labels <= set(plot.names)


def _left_margin(plot: Plot) -> int:
    """Room for the names in pixels: measuring them itself, Plotly may not come to an end."""
    return 16 + round(7.2 * max(map(len, plot.names))) if plot.names else 8


def _names_above(plot: Plot, layout: Mapping[str, Any]) -> dict[str, Any]:
    """Names above their lines: beside them they would take a phone's whole width."""
    place = {"x": 0, "xref": "paper", "xanchor": "left", "yanchor": "bottom", "yshift": 4}
    look = {"showarrow": False, "font": {"size": 12}}
    return {
        "margin": layout["margin"] | {"l": 8},
        "yaxis": layout["yaxis"]
        | {"showticklabels": False, "range": [len(plot.names) - 0.5, -0.9]},
        "annotations": [
            {"text": name, "y": index} | place | look for index, name in enumerate(plot.names)
        ],
    }


def _x_axis(plot: Plot) -> dict[str, Any]:
    low, high = axis_range(plot)
    axis: dict[str, Any] = {"type": plot.x_scale}
    if plot.x_scale == "log":
        axis["range"] = [log10(low), log10(high)]
    if plot.x_ticks:
        axis["tickvals"] = [index for index, _ in shown_ticks(plot)]
        axis["ticktext"] = [text for _, text in shown_ticks(plot)]
        axis["tickangle"] = 0
    return axis


def _trace(series: Series, plot: Plot) -> go.Scatter:
    style = series.style
    trace = go.Scatter(
        x=list(series.x),
        y=list(series.y),
        name=series.label,
        mode="lines+markers" if series.has_line else "markers",
        line={"color": style.color, "dash": style.dash, "width": style.width},
        marker={"symbol": style.symbol, "size": 9, "color": style.color},
        text=list(series.notes) or None,
        hovertemplate=_hover(series, plot),
    )
    if series.low:
        pairs = list(zip(series.x, series.low, series.high, strict=True))
        trace.error_x = {
            "type": "data",
            "array": [high - x for x, _, high in pairs],
            "arrayminus": [x - low for x, low, _ in pairs],
            "color": translucent(style.color, 0.8),
            "thickness": 1.5,
            "width": 4,
        }
    return trace


def _hover(series: Series, plot: Plot) -> str:
    detail = "%{text}" if series.notes else f"%{{x:.4~g}} {plot.x_title.lower()}"
    value = "" if plot.names or series.notes else f"<br>{plot.y_title} %{{y:.5~g}}"
    # What Plotly shows is markup of its own, with few tags and no scripts.
    return f"<b>{series.label}</b><br>{detail}{value}<extra></extra>"
