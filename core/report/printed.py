"""Figures of the report for print: reproducible SVG and PDF by Matplotlib."""

import io
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from core.report.plot import Plot, Series, axis_range, shown_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Matplotlib's marker by the name that Plotly has for it, without `_ENDINGS`: a letter; corners,
#: kind (0 polygon, 1 star) and angle; or the corners themselves.
_MARKERS: dict[str, Any] = {
    "circle": "o",
    "square": "s",
    "diamond": "D",
    "triangle-up": "^",
    "triangle-down": "v",
    "triangle-left": "<",
    "triangle-right": ">",
    "triangle-ne": (3, 0, -45),
    "triangle-se": (3, 0, -135),
    "triangle-sw": (3, 0, 135),
    "triangle-nw": (3, 0, 45),
    "cross": "P",
    "x": "X",
    "bowtie": ((-1, -1), (-1, 1), (1, -1), (1, 1), (-1, -1)),
    "hourglass": ((-1, 1), (1, 1), (-1, -1), (1, -1), (-1, 1)),
    "star": "*",
    "star-square": (4, 1, 45),
    "star-diamond": (4, 1, 0),
    "star-triangle-up": (3, 1, 0),
    "pentagon": "p",
    "hexagon": "h",
    "hexagon2": "H",
    "hexagram": (6, 1, 0),
    "octagon": "8",
}
#: Part of a marker that is filled, by the ending of Plotly's name; Matplotlib draws no dots or
#: crosses within a marker.
_ENDINGS = {"-open-dot": "left", "-open": "none", "-cross": "bottom", "-x": "bottom"}
_DASHES: dict[str, Any] = {
    "solid": "-",
    "dot": ":",
    "dash": "--",
    "dashdot": "-.",
    "longdash": (0, (8, 3)),
    "longdashdot": (0, (8, 3, 2, 3)),
}
_METADATA: dict[str, dict[str, None]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
_INCHES_PER_PIXEL = 1 / 100
_WIDTH_INCHES = 7.0
#: Settings are global in Matplotlib, and a dashboard has several visitors.
_LOCK = threading.Lock()


def printed(plot: Plot, ending: str) -> bytes:
    """File of the figure.

    Args:
        plot: The figure.
        ending: `svg` or `pdf`.

    Raises:
        ValueError: Another ending.
    """
    if ending not in _METADATA:
        raise ValueError(f"The ending must be one of {', '.join(_METADATA)}; received {ending!r}.")
    import matplotlib  # imported on use, because it takes a second

    settings: Any = {
        "svg.hashsalt": plot.name,
        "font.size": 9,
        "axes.axisbelow": True,
        "pdf.fonttype": 42,  # TrueType: publishers refuse the Type 3 that is Matplotlib's default
    }
    file = io.BytesIO()
    with _LOCK, matplotlib.rc_context(settings):
        figure = _figure(plot)
        figure.savefig(file, format=ending, metadata=_METADATA[ending])
    return file.getvalue()


def _figure(plot: Plot) -> "Figure":
    from matplotlib.figure import Figure

    height = plot.height * _INCHES_PER_PIXEL * (1.0 if plot.names else 0.85)
    figure = Figure(figsize=(_WIDTH_INCHES, height), layout="constrained")
    axes = figure.add_subplot()
    for series in plot.series:
        _draw(axes, series)
    _finish_x(axes, plot)
    _finish_y(axes, plot)
    axes.grid(color="#dddddd", linewidth=0.6)
    if plot.reference is not None:
        axes.axvline(plot.reference, color="gray", linestyle=":", linewidth=1)
    labels = {series.label for series in plot.series}
    if len(labels) > 1 and not labels <= set(plot.names):
        axes.legend(fontsize=7.5, frameon=False, ncols=2)
    return figure


def marker_look(symbol: str) -> dict[str, Any]:
    """Settings of Matplotlib for a marker; of one that it cannot draw, a circle.

    Args:
        symbol: Plotly's name of it.
    """
    for ending, filled in _ENDINGS.items():
        base = symbol.removesuffix(ending)
        if base != symbol and base in _MARKERS:
            inside = {"markerfacecolor": "white"} if filled == "none" else {"fillstyle": filled}
            return {"marker": _MARKERS[base], "markerfacecoloralt": "white", **inside}
    return {"marker": _MARKERS.get(symbol, "o")}


def _draw(axes: "Axes", series: Series) -> None:
    style = series.style
    look: dict[str, Any] = {
        "color": style.color,
        **marker_look(style.symbol),
        "markersize": 5,
        "linestyle": _DASHES.get(style.dash, "-") if series.has_line else "none",
        "linewidth": 0.7 * style.width,
        "label": series.label,
    }
    if not series.low:
        axes.plot(series.x, series.y, **look)
        return
    x = np.asarray(series.x)
    arms = np.stack([x - np.asarray(series.low), np.asarray(series.high) - x])
    axes.errorbar(series.x, series.y, xerr=np.maximum(arms, 0), capsize=2.5, elinewidth=1, **look)


def _finish_x(axes: "Axes", plot: Plot) -> None:
    from matplotlib.ticker import NullFormatter

    axes.set_xscale(plot.x_scale)
    axes.set_xlim(*axis_range(plot))
    axes.set_xlabel(plot.x_title)
    if plot.x_ticks:
        shown = shown_ticks(plot)
        axes.set_xticks([tick for tick, _ in shown], [text for _, text in shown])
        axes.xaxis.set_minor_formatter(NullFormatter())


def _finish_y(axes: "Axes", plot: Plot) -> None:
    if plot.names:
        axes.set_yticks(range(len(plot.names)), plot.names)
        axes.set_ylim(len(plot.names) - 0.5, -0.5)
        return
    axes.set_yscale(plot.y_scale)
    axes.set_ylabel(plot.y_title)
