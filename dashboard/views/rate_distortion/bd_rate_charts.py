"""Figures of the BD-rates between codecs, from the tables of `core.analysis.bd_tables`."""

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.colors import codec_style
from dashboard.charts.line_names import name_lines
from dashboard.charts.log_axis import ratio_axis

#: Percentage at which the matrix's colour scale saturates.
_FULL_COLOR = 100.0
#: Opacity of a full cell: text in the page's colour keeps a contrast of 4.5 : 1 on both themes.
CELL_OPACITY = 0.45
#: Pixels of a cell, which holds numbers such as "+1200", and of the names beside and above them.
_CELL_PIXELS, _NAMES_PIXELS = 35, 155
#: Letters of a name in each of its lines beside the cells, of which there are two at most.
_NAME_LETTERS = 26
_SMALLER, _LARGER = "9,119,105", "222,122,0"


def interval_figure(
    table: pd.DataFrame, *, anchor_label: str, colors: Mapping[str, str] | None = None
) -> go.Figure:
    """BD-rates with their confidence intervals on a logarithmic axis.

    Args:
        table: Rows of `bd_table`; those without a value are left out.
        anchor_label: Display label of the anchor.
        colors: Colours of curves that are quoted, by their keys; the codecs have theirs.
    """
    rows = table[table["bd_rate_percent"].notna()].iloc[::-1]
    figure = go.Figure()
    for _, row in rows.iterrows():
        style = codec_style(row["codec"])
        quoted = (colors or {}).get(row["codec"])
        look = (quoted, "line-ns-open") if quoted else (style.color, style.symbol)
        figure.add_trace(_interval(row, *look))
    figure.add_vline(x=1, line={"width": 1, "dash": "dot", "color": "gray"})
    ratios = 1 + rows[["bd_rate_percent", "low_percent", "high_percent"]].to_numpy() / 100
    figure.update_xaxes(
        title=f"Bytes at equal quality, against {anchor_label}",
        zeroline=False,
        **ratio_axis(ratios[np.isfinite(ratios)]),
    )
    name_lines(figure, rows["label"])
    figure.update_yaxes(range=[-0.5, len(rows) - 0.1])
    figure.update_layout(
        height=110 + 34 * len(rows),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        showlegend=False,
        hovermode="closest",
    )
    return figure


def matrix_figure(matrix: pd.DataFrame, labels: Mapping[str, str]) -> go.Figure:
    """The matrix as coloured cells: less bytes than the column's codec in green, more in orange.

    Colours are transparent near zero, so that the figure suits a light and a dark page. Its width
    is that of its cells, which a narrow screen scrolls over.
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
    _lay_out_cells(figure, names)
    return figure


def _lay_out_cells(figure: go.Figure, names: list[str]) -> None:
    axis: dict[str, Any] = {
        "showgrid": False,
        "ticklen": 2,
        "tickvals": names,
        "ticktext": [_in_lines(name) for name in names],
    }
    ends = [-0.5, len(names) - 0.5]
    figure.update_xaxes(side="top", tickangle=-90, range=ends, **axis)
    figure.update_yaxes(range=ends[::-1], **axis)
    figure.update_layout(
        width=_NAMES_PIXELS + _CELL_PIXELS * len(names) + 8,
        height=_NAMES_PIXELS + _CELL_PIXELS * len(names) + 8,
        margin={"l": _NAMES_PIXELS, "r": 8, "t": _NAMES_PIXELS, "b": 8, "autoexpand": False},
        dragmode=False,  # a finger scrolls
        showlegend=False,
    )


def _in_lines(name: str) -> str:
    return "<br>".join(textwrap.wrap(name, _NAME_LETTERS, max_lines=2, placeholder=" …"))


def _interval(row: "pd.Series[float]", color: str, symbol: str) -> go.Scatter:
    ratio, low, high = (
        1 + row[column] / 100 for column in ("bd_rate_percent", "low_percent", "high_percent")
    )
    arms = {"array": [high - ratio], "arrayminus": [ratio - low]}
    if np.isnan(high - low):
        arms, told = {"array": [0], "arrayminus": [0]}, "no interval"
    else:
        told = f"95 % interval {row['low_percent']:+.1f} to {row['high_percent']:+.1f} %"
    return go.Scatter(
        x=[ratio],
        y=[row["label"]],
        mode="markers",
        marker={"symbol": symbol, "size": 11, "color": color},
        error_x=arms | {"type": "data", "color": color, "thickness": 2, "width": 5},
        hovertemplate=(
            f"<b>{row['label']}</b> {row['bd_rate_percent']:+.1f} %<br>{told}<br>"
            f"overlap {row['overlap_percent']:.0f} %<extra></extra>"
        ),
    )


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
