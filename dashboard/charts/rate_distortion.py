"""Rate-distortion curves: measurements to tables, and tables to a figure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.evaluation.measurements import Floats, Measurements
from core.metrics import sign_of
from core.plain_english import counted
from dashboard.charts.colors import codec_style, in_legend_order, translucent
from dashboard.charts.legend import LEGEND_BELOW

#: Curves of single images that are drawn per codec: more would hide each other.
SINGLE_IMAGES = 30
#: Title of the axis of rates that count the whole file.
WHOLE_FILE = "Bits per pixel (whole file)"
_RATE_TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)


@dataclass(frozen=True)
class Look:
    """Display options of the figure.

    Attributes:
        log_rate: Whether the rate axis is logarithmic.
        whiskers: Whether each point has bars from the 10th to the 90th percentile of the images.
        single_images: Whether thin curves of single images lie behind the means.
    """

    log_rate: bool = False
    whiskers: bool = False
    single_images: bool = False


def point_table(tables: Mapping[str, Measurements], labels: Mapping[str, str]) -> pd.DataFrame:
    """One row per codec and setting: means, and the 10th and 90th percentile over the images.

    Args:
        tables: Measurements by codec.
        labels: Display label by codec.
    """
    parts = [_points(tables[codec], labels) for codec in in_legend_order(list(tables))]
    columns = _points(_NOTHING, {"": ""}).columns
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def image_table(table: Measurements, setting: str) -> pd.DataFrame:
    """Every image at one setting, from the worst value of the metric to the best.

    Raises:
        ValueError: The codec has no such setting.
    """
    if setting not in table.settings:
        known = ", ".join(table.settings)
        raise ValueError(f"{table.codec} has the settings {known}; received {setting}.")
    column = table.settings.index(setting)
    frame = pd.DataFrame(
        {
            "image": table.images,
            "bits_per_pixel": table.bits_per_pixel[:, column],
            "value": table.values[:, column],
        }
    )
    return frame.sort_values("value", ascending=sign_of(table.metric) > 0, ignore_index=True)


def rate_distortion_figure(
    points: pd.DataFrame,
    *,
    metric_label: str,
    look: Look,
    lossless: pd.DataFrame,
    tables: Mapping[str, Measurements],
    chosen: tuple[str, str] | None = None,
    value_format: str = ".4~g",
    rate_label: str = WHOLE_FILE,
) -> go.Figure:
    """Mean curves, one per codec; a lossless codec is a mark at its rate on the upper edge.

    Args:
        points: Rows of `point_table` to draw.
        metric_label: Title of the quality axis.
        look: What is shown beside the mean curves.
        lossless: Rows of `core.analysis.lossless.lossless_table` to draw.
        tables: Measurements by codec, for the curves of single images.
        chosen: Codec and setting of the point that gets a ring.
        value_format: How a value of the metric is written, as d3 writes it.
        rate_label: Title of the rate axis.
    """
    figure = go.Figure()
    for codec in points["codec"].unique():
        if look.single_images:
            figure.add_trace(_single_images(tables[codec], points))
        rows = points[points["codec"] == codec]
        hover = f"{metric_label} %{{y:{value_format}}}"
        figure.add_trace(_curve(rows, hover, whiskers=look.whiskers))
    figure.add_traces(list(_lossless_marks(lossless)))
    if chosen:
        figure.add_traces(list(_ring(points, *chosen)))
    figure.update_xaxes(title=rate_label)
    return _laid_out(figure, metric_label, log_rate=look.log_rate)


def image_figure(
    images: pd.DataFrame, *, codec: str, metric_label: str, rate_label: str = WHOLE_FILE
) -> go.Figure:
    """Rate and quality of every image at one setting, one dot each."""
    style = codec_style(codec)
    dots = go.Scattergl(
        x=images["bits_per_pixel"],
        y=images["value"],
        text=images["image"],
        mode="markers",
        marker={"color": translucent(style.color, 0.45), "size": 6},
        hovertemplate=(
            f"%{{text}}<br>%{{x:.3f}} bits per pixel<br>{metric_label} %{{y:.4~g}}<extra></extra>"
        ),
    )
    figure = go.Figure(dots)
    figure.update_xaxes(title=rate_label)
    figure.update_yaxes(title=metric_label)
    figure.update_layout(height=330, margin={"l": 8, "r": 8, "t": 12, "b": 8}, showlegend=False)
    return figure


def _points(table: Measurements, labels: Mapping[str, str]) -> pd.DataFrame:
    means = table.curve()
    rates, values = table.bits_per_pixel, table.values
    if not means.count:
        rates, values = np.empty((1, 0)), np.empty((1, 0))
    return pd.DataFrame(
        {
            "codec": table.codec,
            "label": labels.get(table.codec, table.codec),
            "setting": means.settings,
            "bits_per_pixel": means.bits_per_pixel,
            "value": means.values,
            "bits_per_pixel_p10": _percentile(rates, 10),
            "bits_per_pixel_p90": _percentile(rates, 90),
            "value_p10": _percentile(values, 10),
            "value_p90": _percentile(values, 90),
            "images": means.count,
            "dropped": means.dropped,
        }
    )


def _percentile(values: Floats, percent: float) -> Floats:
    """Percentile over the images at each setting; infinite between values that are."""
    with np.errstate(invalid="ignore"):  # infinity minus infinity
        found = np.percentile(values, percent, axis=0)
    return np.where(np.isnan(found), np.inf, found)


_NOTHING = Measurements("", "", np.empty(0, np.str_), (), np.empty((0, 0)), np.empty((0, 0)), 0)


def _curve(rows: pd.DataFrame, hover: str, *, whiskers: bool) -> go.Scatter:
    codec, label = rows["codec"].iloc[0], rows["label"].iloc[0]
    style = codec_style(codec)
    size = 13 if style.symbol == "star" else 8
    trace = go.Scatter(
        x=rows["bits_per_pixel"],
        y=rows["value"],
        customdata=rows[["codec", "setting", "images"]],
        hovertext=[counted(images, "image") for images in rows["images"]],
        name=label,
        legendgroup=codec,
        mode="lines+markers",
        line={"color": style.color, "dash": style.dash, "width": style.width},
        marker={"symbol": style.symbol, "size": size, "color": style.color},
        # The ring marks the selected point; without this, Plotly fades the others.
        unselected={"marker": {"opacity": 1}},
        hovertemplate=(
            f"<b>{label}</b> %{{customdata[1]}}<br>%{{x:.3f}} bits per pixel<br>"
            f"{hover}<br>over %{{hovertext}}<extra></extra>"
        ),
    )
    if whiskers:
        color = translucent(style.color, 0.45)
        trace.error_x = _whisker(rows, "bits_per_pixel", color)
        trace.error_y = _whisker(rows, "value", color)
    return trace


def _whisker(rows: pd.DataFrame, column: str, color: str) -> dict[str, object]:
    return {
        "type": "data",
        "array": rows[f"{column}_p90"] - rows[column],
        "arrayminus": rows[column] - rows[f"{column}_p10"],
        "color": color,
        "thickness": 1,
        "width": 2,
    }


def _single_images(table: Measurements, points: pd.DataFrame) -> go.Scattergl:
    """Thin curves of evenly chosen images, over the settings that are drawn."""
    shown = set(points.loc[points["codec"] == table.codec, "setting"])
    columns = [index for index, name in enumerate(table.settings) if name in shown]
    count = min(SINGLE_IMAGES, len(table.images))
    rows = np.linspace(0, len(table.images) - 1, count).round().astype(int)
    gap = np.full((count, 1), np.nan)
    picked = np.ix_(rows, np.asarray(columns, dtype=int))
    return go.Scattergl(
        x=np.hstack([table.bits_per_pixel[picked], gap]).ravel(),
        y=np.hstack([table.values[picked], gap]).ravel(),
        mode="lines",
        line={"color": translucent(codec_style(table.codec).color, 0.3), "width": 1},
        hoverinfo="skip",
        showlegend=False,
        legendgroup=table.codec,
    )


def _lossless_marks(lossless: pd.DataFrame) -> Iterator[go.Scatter]:
    for row in lossless.itertuples():
        style = codec_style(str(row.codec))
        yield go.Scatter(
            x=[row.bits_per_pixel],
            y=[0.985],
            yaxis="y2",
            mode="markers",
            name=f"{row.label} (lossless)",
            marker={"symbol": style.symbol, "size": 11, "color": style.color},
            hovertemplate=(
                f"<b>{row.label}</b><br>%{{x:.2f}} bits per pixel<br>every pixel exact"
                "<extra></extra>"
            ),
        )


def _ring(points: pd.DataFrame, codec: str, setting: str) -> Iterator[go.Scatter]:
    rows = points[(points["codec"] == codec) & (points["setting"] == setting)]
    if len(rows):
        marker = {"symbol": "circle-open", "size": 22, "color": codec_style(codec).color}
        yield go.Scatter(
            x=rows["bits_per_pixel"],
            y=rows["value"],
            mode="markers",
            marker=marker | {"line": {"width": 2}},
            hoverinfo="skip",
            showlegend=False,
        )


def _laid_out(figure: go.Figure, metric_label: str, *, log_rate: bool) -> go.Figure:
    scale = (
        {"type": "log", "tickvals": _RATE_TICKS, "tickangle": 0}
        if log_rate
        else {"rangemode": "tozero"}
    )
    figure.update_xaxes(**scale)
    figure.update_layout(
        height=600,
        margin={"l": 8, "r": 8, "t": 16, "b": 8},
        yaxis={"title": metric_label},
        yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
        legend=LEGEND_BELOW,
        hovermode="closest",
        clickmode="event+select",
        dragmode="zoom",
        uirevision="rate-distortion",
    )
    return figure
