"""Figures of the page Data: classes per split, and sizes of the source images."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.dataset.splits import SPLITS
from core.plain_english import counted

_COLORS = {"train": "#2b9097", "validation": "#c98a2b", "test": "#7b6fc4"}
_MARKERS = {"train": "circle", "validation": "diamond", "test": "square"}
_MARGIN = {"l": 8, "r": 8, "t": 8, "b": 8}
_LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}


def class_table(index: pd.DataFrame) -> pd.DataFrame:
    """Images per class (row) and split (column), with the total of each class.

    Args:
        index: One row per image with `class_name` and `split`.
    """
    counts = pd.crosstab(index["class_name"], index["split"])
    counts = counts.reindex(columns=list(SPLITS), fill_value=0)
    counts["total"] = counts.sum(axis=1)
    return counts.rename_axis(columns=None).reset_index()


def class_figure(table: pd.DataFrame) -> go.Figure:
    """Share of each class in each split, in percent: equal marks mean an even split.

    Args:
        table: Rows of `class_table`.
    """
    figure = go.Figure()
    for split in SPLITS:
        total = table[split].sum()
        figure.add_trace(
            go.Scatter(
                x=100 * table[split] / total if total else table[split],
                y=table["class_name"],
                hovertext=[counted(count, "image") for count in table[split]],
                name=split,
                mode="markers",
                marker={"size": 11, "color": _COLORS[split], "symbol": _MARKERS[split]},
                hovertemplate=(f"%{{y}}<br>{split}: %{{hovertext}}, %{{x:.1f}} %<extra></extra>"),
            )
        )
    figure.update_xaxes(title="Share of the split (%)", rangemode="tozero")
    figure.update_yaxes(automargin=True, autorange="reversed")
    figure.update_layout(height=400, margin=_MARGIN, legend=_LEGEND)
    return figure


def shape_table(index: pd.DataFrame) -> pd.DataFrame:
    """Source images by the ratio of width to height, which is the centre of each bar.

    Args:
        index: One row per image with `source_width` and `source_height`.
    """
    ratios = np.log2(index["source_width"] / index["source_height"])
    edges = np.arange(-2.125, 2.126, 0.25)
    counts, _ = np.histogram(ratios.clip(-2, 2), edges)
    centres = (edges[:-1] + edges[1:]) / 2
    return pd.DataFrame({"width_by_height": 2.0**centres, "images": counts})


def shape_figure(table: pd.DataFrame) -> go.Figure:
    """Distribution of the source images' aspect ratios.

    Args:
        table: Rows of `shape_table`.
    """
    centres, counts = np.log2(table["width_by_height"]), table["images"]
    figure = go.Figure(
        go.Bar(
            x=centres,
            y=counts,
            marker={"color": _COLORS["train"]},
            customdata=[_proportion(centre) for centre in centres],
            hovertext=[counted(count, "image") for count in counts],
            hovertemplate="%{customdata}<br>%{hovertext}<extra></extra>",
        )
    )
    ticks = np.array([-2, -1, 0, 1, 2])
    figure.update_xaxes(
        title="Width : height of the source image",
        tickvals=ticks,
        ticktext=["1 : 4", "1 : 2", "1 : 1", "2 : 1", "4 : 1"],
        range=[-2.2, 2.2],
    )
    figure.update_yaxes(title="Images")
    figure.update_layout(height=320, margin=_MARGIN, bargap=0.08, showlegend=False)
    return figure


def _proportion(log_ratio: float) -> str:
    ratio = 2.0 ** abs(log_ratio)
    return f"about {ratio:.2g} : 1" if log_ratio >= 0 else f"about 1 : {ratio:.2g}"
