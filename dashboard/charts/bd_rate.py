"""BD-rates between codecs: measurements to tables, and tables to figures."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.analysis.rate_distortion import bd_psnr, bd_rates
from core.evaluation.measurements import Measurements
from dashboard.charts.colors import codec_style, in_legend_order

SAMPLES = 300
#: Below this overlap a BD-rate speaks for a small part of the curves only.
SMALL_OVERLAP = 0.25
#: Percentages beyond this share one colour in the matrix.
_FULL_COLOR = 100.0
_COLUMNS = (
    "codec",
    "label",
    "bd_rate_percent",
    "low_percent",
    "high_percent",
    "bd_quality",
    "overlap_percent",
    "images",
    "note",
)
#: Ticks of the axis of ratios, the most welcome first.
_TICK_PERCENTS = (
    *(0, -50, 100, 300, -75, 900, -90, 50, -30, 200, 500),
    *(-20, 30, -40, 20, -60, -10, 10, 75, 150, -70, -80),
)
#: Least distance of two ticks, as part of the axis.
_TICK_DISTANCE = 0.12
#: Opacity of a full cell: text in the page's colour keeps a contrast of 4.5 : 1 on both themes.
CELL_OPACITY = 0.45
_SMALLER, _LARGER = "9,119,105", "222,122,0"


def bd_table(
    tables: Mapping[str, Measurements],
    *,
    anchor: str,
    labels: Mapping[str, str],
    samples: int = SAMPLES,
) -> pd.DataFrame:
    """One row per codec other than the anchor, from the smallest files to the largest.

    Columns: codec, label, bd_rate_percent, low_percent, high_percent (95 % interval over
    images), bd_quality (mean difference of the metric at equal rate), overlap_percent,
    images, note (why a value is missing, or what weakens it).

    Args:
        tables: Measurements by codec.
        anchor: Codec that the others are compared with.
        labels: What a person reads, by codec.
        samples: Resamples for the interval.
    """
    found = bd_rates(tables, anchor=anchor, samples=samples)
    reference = tables[anchor].curve()
    rows = [
        {
            "codec": codec,
            "label": labels.get(codec, codec),
            "bd_rate_percent": interval.value,
            "low_percent": interval.low,
            "high_percent": interval.high,
            "bd_quality": bd_psnr(reference, tables[codec].curve()).value,
            "overlap_percent": 100 * interval.overlap,
            "images": interval.images,
            "note": interval.reason or _warning(interval.overlap),
        }
        for codec, interval in found.items()
    ]
    columns = ["bd_rate_percent", "low_percent", "high_percent", "bd_quality"]
    frame = pd.DataFrame(rows, columns=[*_COLUMNS]).astype(dict.fromkeys(columns, "float64"))
    return frame.sort_values("bd_rate_percent", na_position="last", ignore_index=True)


def bd_matrix(tables: Mapping[str, Measurements]) -> pd.DataFrame:
    """BD-rate in percent of every codec (row) against every other (column), NaN without one."""
    names = in_legend_order(list(tables))
    columns = {
        anchor: {
            codec: interval.value
            for codec, interval in bd_rates(tables, anchor=anchor, samples=0).items()
        }
        for anchor in names
    }
    return pd.DataFrame(columns, index=names, columns=names, dtype="float64")


def interval_figure(table: pd.DataFrame, *, anchor_label: str) -> go.Figure:
    """BD-rates with their intervals on one axis, logarithmic: half and double lie equally far.

    Args:
        table: Rows of `bd_table`; those without a value are left out.
        anchor_label: What a person reads for the anchor.
    """
    rows = table[table["bd_rate_percent"].notna()].iloc[::-1]
    styles = [codec_style(codec) for codec in rows["codec"]]
    figure = go.Figure()
    for (_, row), style in zip(rows.iterrows(), styles, strict=True):
        figure.add_trace(_interval(row, style.color, style.symbol))
    figure.add_vline(x=1, line={"width": 1, "dash": "dot", "color": "gray"})
    figure.update_xaxes(
        title=f"Bytes at equal quality, against {anchor_label}", zeroline=False, **_ratio_axis(rows)
    )
    figure.update_layout(
        height=110 + 30 * len(rows),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        showlegend=False,
        hovermode="closest",
    )
    return figure


def matrix_figure(matrix: pd.DataFrame, labels: Mapping[str, str]) -> go.Figure:
    """The matrix as coloured cells: less bytes than the column's codec in green, more in orange.

    Colours are transparent near zero, so that the figure suits a light and a dark page.
    """
    names = [labels.get(name, name) for name in matrix.index]
    values, texts = matrix.to_numpy(), _cell_texts(matrix)
    figure = go.Figure(
        go.Heatmap(
            z=np.clip(values, -_FULL_COLOR, _FULL_COLOR),
            x=names,
            y=names,
            text=texts,
            zmin=-_FULL_COLOR,
            zmax=_FULL_COLOR,
            colorscale=[
                [0, f"rgba({_SMALLER},{CELL_OPACITY})"],
                [0.5, f"rgba({_SMALLER},0)"],
                [0.5, f"rgba({_LARGER},0)"],
                [1, f"rgba({_LARGER},{CELL_OPACITY})"],
            ],
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="<b>%{y}</b> against %{x}: %{text} %<extra></extra>",
        )
    )
    figure.add_trace(_texts(names, texts))
    figure.update_xaxes(side="top", showgrid=False, tickangle=-40)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_layout(
        height=150 + 34 * len(names), margin={"l": 8, "r": 8, "t": 8, "b": 8}, showlegend=False
    )
    return figure


def _warning(overlap: float) -> str:
    return f"overlap below {100 * SMALL_OVERLAP:g} %" if overlap < SMALL_OVERLAP else ""


def _interval(row: "pd.Series[float]", color: str, symbol: str) -> go.Scatter:
    ratio, low, high = (
        1 + row[column] / 100 for column in ("bd_rate_percent", "low_percent", "high_percent")
    )
    arms = {"array": [high - ratio], "arrayminus": [ratio - low]}
    return go.Scatter(
        x=[ratio],
        y=[row["label"]],
        mode="markers",
        marker={"symbol": symbol, "size": 11, "color": color},
        error_x=arms | {"type": "data", "color": color, "thickness": 2, "width": 5},
        hovertemplate=(
            f"<b>{row['label']}</b> {row['bd_rate_percent']:+.1f} %<br>95 % interval "
            f"{row['low_percent']:+.1f} to {row['high_percent']:+.1f} %<br>"
            f"overlap {row['overlap_percent']:.0f} %<extra></extra>"
        ),
    )


def _ratio_axis(rows: pd.DataFrame) -> dict[str, object]:
    """Logarithmic axis of byte ratios that shows the anchor and all intervals, in percent."""
    ends = rows[["bd_rate_percent", "low_percent", "high_percent"]].to_numpy()
    ends = np.log10(1 + np.append(ends[np.isfinite(ends)], 0) / 100)
    margin = max(0.06 * np.ptp(ends), 0.005)
    low, high = ends.min() - margin, ends.max() + margin
    ticks: list[int] = []
    for percent in _TICK_PERCENTS:
        place = np.log10(1 + percent / 100)
        distances = [abs(place - np.log10(1 + other / 100)) for other in ticks]
        if low <= place <= high and min(distances, default=1) > _TICK_DISTANCE * (high - low):
            ticks.append(percent)
    return {
        "type": "log",
        "range": [low, high],
        "tickvals": [1 + percent / 100 for percent in ticks],
        "ticktext": [f"{_percent(percent)} %" for percent in ticks],
        "tickangle": 0,
    }


def _cell_texts(matrix: pd.DataFrame) -> list[list[str]]:
    return [
        ["0" if row == column else _percent(matrix.loc[row, column]) for column in matrix.columns]
        for row in matrix.index
    ]


def _texts(names: list[str], texts: list[list[str]]) -> go.Scatter:
    """The cells' texts in the page's colour: a heat map takes its own, blind to transparency."""
    return go.Scatter(
        x=names * len(names),
        y=np.repeat(names, len(names)),
        text=[text for row in texts for text in row],
        mode="text",
        hoverinfo="skip",
    )


def _percent(value: float) -> str:
    """Signed whole number with a typographic minus, or n/a."""
    return "n/a" if np.isnan(value) else f"{value:+.0f}".replace("-", "\u2212").replace("+0", "0")
