"""Rate-distortion curves: measurements to tables, and tables to a figure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.measurements import Measurements
from dashboard.charts.colors import family_style, in_legend_order, translucent

#: Curves of single pictures that are drawn per family: more would hide each other.
SINGLE_PICTURES = 30
_RATE_TICKS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 15, 20)


@dataclass(frozen=True)
class Look:
    """What the figure shows beside the mean curves.

    Attributes:
        log_rate: Whether the rate axis is logarithmic.
        whiskers: Whether each point shows where the middle 80 % of the pictures lie.
        single_pictures: Whether thin curves of single pictures lie behind the means.
    """

    log_rate: bool = False
    whiskers: bool = False
    single_pictures: bool = False


def point_table(tables: Mapping[str, Measurements], labels: Mapping[str, str]) -> pd.DataFrame:
    """One row per family and setting: means, and the 10th and 90th percentile over the pictures.

    Args:
        tables: Measurements by family.
        labels: What a person reads, by family.
    """
    parts = [_points(tables[family], labels) for family in in_legend_order(list(tables))]
    columns = _points(_NOTHING, {"": ""}).columns
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def lossless_table(
    means: pd.DataFrame, lossless: list[str], labels: Mapping[str, str]
) -> pd.DataFrame:
    """One row per setting of each lossless family: the rate is all there is to say of it.

    Args:
        means: Means per family and setting, as `core.measurements.summary` gives them.
        lossless: The lossless families.
        labels: What a person reads, by family.
    """
    rows = means[means["family"].isin(lossless) & means["bits_per_pixel"].notna()]
    named = rows.assign(label=rows["family"].map(lambda family: labels.get(family, family)))
    columns = ["family", "label", "setting", "bits_per_pixel", "bytes", "pictures"]
    return named[columns].sort_values("bits_per_pixel", ignore_index=True)


def picture_table(table: Measurements, setting: str) -> pd.DataFrame:
    """Every picture at one setting, from the lowest value of the metric to the highest.

    Raises:
        ValueError: The family has no such setting.
    """
    if setting not in table.settings:
        known = ", ".join(table.settings)
        raise ValueError(f"{table.family} has the settings {known}; received {setting}.")
    column = table.settings.index(setting)
    frame = pd.DataFrame(
        {
            "image": table.images,
            "bits_per_pixel": table.bits_per_pixel[:, column],
            "value": table.values[:, column],
        }
    )
    return frame.sort_values("value", ignore_index=True)


def rate_distortion_figure(
    points: pd.DataFrame,
    *,
    metric_label: str,
    look: Look,
    lossless: pd.DataFrame,
    tables: Mapping[str, Measurements],
    chosen: tuple[str, str] | None = None,
) -> go.Figure:
    """Mean curves, one per family; a lossless family is a mark at its rate on the upper edge.

    Args:
        points: Rows of `point_table` to draw.
        metric_label: Title of the quality axis.
        look: What is shown beside the mean curves.
        lossless: Rows of `lossless_table` to draw.
        tables: Measurements by family, for the curves of single pictures.
        chosen: Family and setting of the point that gets a ring.
    """
    figure = go.Figure()
    for family in points["family"].unique():
        if look.single_pictures:
            figure.add_trace(_single_pictures(tables[family], points))
        rows = points[points["family"] == family]
        figure.add_trace(_curve(rows, metric_label, whiskers=look.whiskers))
    figure.add_traces(list(_lossless_marks(lossless)))
    if chosen:
        figure.add_traces(list(_ring(points, *chosen)))
    return _laid_out(figure, metric_label, log_rate=look.log_rate)


def picture_figure(pictures: pd.DataFrame, *, family: str, metric_label: str) -> go.Figure:
    """Rate and quality of every picture at one setting, one dot each."""
    style = family_style(family)
    dots = go.Scattergl(
        x=pictures["bits_per_pixel"],
        y=pictures["value"],
        text=pictures["image"],
        mode="markers",
        marker={"color": translucent(style.color, 0.45), "size": 6},
        hovertemplate=(
            f"%{{text}}<br>%{{x:.3f}} bits per pixel<br>{metric_label} %{{y:.4~g}}<extra></extra>"
        ),
    )
    figure = go.Figure(dots)
    figure.update_xaxes(title="Bits per pixel")
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
            "family": table.family,
            "label": labels.get(table.family, table.family),
            "setting": means.settings,
            "bits_per_pixel": means.bits_per_pixel,
            "value": means.values,
            "bits_per_pixel_p10": np.percentile(rates, 10, axis=0),
            "bits_per_pixel_p90": np.percentile(rates, 90, axis=0),
            "value_p10": np.percentile(values, 10, axis=0),
            "value_p90": np.percentile(values, 90, axis=0),
            "pictures": means.count,
            "dropped": means.dropped,
        }
    )


_NOTHING = Measurements("", "", np.empty(0, np.str_), (), np.empty((0, 0)), np.empty((0, 0)), 0)


def _curve(rows: pd.DataFrame, metric_label: str, *, whiskers: bool) -> go.Scatter:
    family, label = rows["family"].iloc[0], rows["label"].iloc[0]
    style = family_style(family)
    size = 13 if style.symbol == "star" else 8
    trace = go.Scatter(
        x=rows["bits_per_pixel"],
        y=rows["value"],
        customdata=rows[["family", "setting", "pictures"]],
        name=label,
        legendgroup=family,
        mode="lines+markers",
        line={"color": style.color, "dash": style.dash, "width": style.width},
        marker={"symbol": style.symbol, "size": size, "color": style.color},
        # The ring marks the chosen point; the others must not fade.
        unselected={"marker": {"opacity": 1}},
        hovertemplate=(
            f"<b>{label}</b> %{{customdata[1]}}<br>%{{x:.3f}} bits per pixel<br>"
            f"{metric_label} %{{y:.4~g}}<br>mean of %{{customdata[2]:,}} pictures<extra></extra>"
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


def _single_pictures(table: Measurements, points: pd.DataFrame) -> go.Scattergl:
    """Thin curves of evenly chosen pictures, over the settings that are drawn."""
    shown = set(points.loc[points["family"] == table.family, "setting"])
    columns = [place for place, name in enumerate(table.settings) if name in shown]
    count = min(SINGLE_PICTURES, len(table.images))
    rows = np.linspace(0, len(table.images) - 1, count).round().astype(int)
    gap = np.full((count, 1), np.nan)
    picked = np.ix_(rows, columns)
    return go.Scattergl(
        x=np.hstack([table.bits_per_pixel[picked], gap]).ravel(),
        y=np.hstack([table.values[picked], gap]).ravel(),
        mode="lines",
        line={"color": translucent(family_style(table.family).color, 0.3), "width": 1},
        hoverinfo="skip",
        showlegend=False,
        legendgroup=table.family,
    )


def _lossless_marks(lossless: pd.DataFrame) -> Iterator[go.Scatter]:
    for row in lossless.itertuples():
        style = family_style(row.family)
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


def _ring(points: pd.DataFrame, family: str, setting: str) -> Iterator[go.Scatter]:
    rows = points[(points["family"] == family) & (points["setting"] == setting)]
    if len(rows):
        marker = {"symbol": "circle-open", "size": 22, "color": family_style(family).color}
        yield go.Scatter(
            x=rows["bits_per_pixel"],
            y=rows["value"],
            mode="markers",
            marker=marker | {"line": {"width": 2}},
            hoverinfo="skip",
            showlegend=False,
        )


def _laid_out(figure: go.Figure, metric_label: str, *, log_rate: bool) -> go.Figure:
    scale = {"type": "log", "tickvals": _RATE_TICKS} if log_rate else {"rangemode": "tozero"}
    figure.update_xaxes(title="Bits per pixel (whole file)", **scale)
    figure.update_layout(
        height=600,
        margin={"l": 8, "r": 8, "t": 16, "b": 8},
        yaxis={"title": metric_label},
        yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
        legend={"orientation": "h", "x": 0, "y": -0.16, "yanchor": "top", "title": None},
        hovermode="closest",
        clickmode="event+select",
        dragmode="zoom",
        uirevision="rate-distortion",
    )
    return figure
