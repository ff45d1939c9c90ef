"""A figure of the report as data, from which the screen and the print version are drawn."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.analysis.axis_ticks import AxisRange, Scale, Tick, log_range, spaced_ticks
from core.codecs.styles import CodecStyle

#: Least distance of two labels as part of the axis, so that they also fit on a narrow screen.
_TICK_DISTANCE = 0.2


@dataclass(frozen=True)
class Series:
    """One data series, such as the points of a codec.

    Attributes:
        label: Its name in the legend.
        style: How it is drawn.
        x: Positions on the horizontal axis.
        y: Positions on the vertical axis; in a plot with `names`, indices into them, from 0.
        low: Lower end of the interval around each `x`; empty without intervals.
        high: Upper end, likewise.
        has_line: Whether the points are joined.
        notes: Hover text of each point; empty for the default.
        operation: What was timed, where several series have one label; else empty.
        settings: Setting of the codec at each point; empty where there are none.
    """

    label: str
    style: CodecStyle
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    has_line: bool = True
    notes: tuple[str, ...] = ()
    operation: str = ""
    settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plot:
    """One figure.

    Attributes:
        name: Unique in the report; the name of its files without ending.
        title: Its heading.
        caption: What a reader needs to know below it.
        x_title: Title of the horizontal axis.
        y_title: Title of the vertical axis.
        series: What is drawn, in the order of the legend.
        x_scale: Scale of the horizontal axis.
        y_scale: Scale of the vertical axis.
        x_ticks: Candidates for ticks of the horizontal axis, the most important first; left
            to the renderer when empty.
        names: Lines of the vertical axis from the top, where it is no axis of numbers.
        reference: Value of a dotted vertical line, if there is one.
        x_unit: Unit of `x` for a program, where the labels of the ticks state it on the figure.
    """

    name: str
    title: str
    caption: str
    x_title: str
    y_title: str
    series: tuple[Series, ...]
    x_scale: Scale = "linear"
    y_scale: Scale = "linear"
    x_ticks: tuple[tuple[float, str], ...] = ()
    names: tuple[str, ...] = ()
    reference: float | None = None
    x_unit: str = ""

    @property
    def height(self) -> int:
        """Height that its content needs, in pixels of a page of usual width."""
        return 110 + 30 * len(self.names) if self.names else 540

    def numbers(self) -> pd.DataFrame:
        """What is drawn, one row per point.

        Columns: series; operation and setting where there are any; the titles of both axes with
        their units (`line` for an axis without title); low and high, ends of the interval around
        x, where there are.
        """
        frame = pd.concat([_numbers(series, self.names) for series in self.series])
        empty = [name for name in ("operation", "setting") if not frame[name].any()]
        frame = frame.drop(columns=empty)
        x = f"{self.x_title} ({self.x_unit})" if self.x_unit else self.x_title
        return frame.rename(columns={"x": x, "y": self.y_title or "line"})


def axis_range(plot: Plot) -> AxisRange:
    """Range of the horizontal axis: all values, with a margin."""
    values = [value for one in plot.series for value in (*one.x, *one.low, *one.high)]
    if plot.reference is not None:
        values.append(plot.reference)
    found = np.asarray([value for value in values if np.isfinite(value)])
    if not len(found):
        return AxisRange(0.1, 1.0)
    if plot.x_scale == "log":
        return log_range(found)
    room = 0.05 * (found.max() - found.min()) or 1.0
    return AxisRange(float(found.min() - room), float(found.max() + room))


def shown_ticks(plot: Plot) -> list[Tick]:
    """Ticks that are drawn: the most important candidates whose labels do not overlap."""
    ends = axis_range(plot)
    return spaced_ticks(plot.x_ticks, ends, distance=_TICK_DISTANCE, scale=plot.x_scale)


def _numbers(series: Series, names: tuple[str, ...]) -> pd.DataFrame:
    named = {"series": series.label, "operation": series.operation}
    settings = series.settings or ("",) * len(series.x)
    frame = pd.DataFrame(named | {"setting": settings, "x": series.x, "y": series.y})
    if names:
        frame["y"] = [names[int(value)] for value in series.y]
    if series.low:
        frame = frame.assign(low=series.low, high=series.high)
    return frame
