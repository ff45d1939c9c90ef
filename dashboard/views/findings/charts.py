"""Figures of the Findings page: quality against bytes with the thesis marked, and margins."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.analysis.findings import MethodRow
from core.evaluation.measurements import Measurements
from dashboard.charts.colors import codec_style
from dashboard.charts.rate_distortion import Look, point_table, rate_distortion_figure

#: Codecs of the headline figure: one per format, AVIF as slow as is useful, and the autoencoders.
HEADLINE = (
    *("bottleneck", "ae80", "ae40", "ae20", "ae80_rd", "ae40_rd", "ae20_rd"),
    *("jpeg", "webp", "avif_444", "avif_slow", "jpeg_xl", "jpeg2000"),
)


def headline_figure(
    tables: Mapping[str, Measurements],
    rows: Sequence[MethodRow],
    *,
    labels: Mapping[str, str],
    metric_label: str,
) -> go.Figure:
    """Mean PSNR against bits per pixel, with a ring around each method of the thesis.

    Args:
        tables: Measurements by codec; those outside `HEADLINE` are left out.
        rows: The ten methods of the thesis.
        labels: Display label by codec.
        metric_label: Title of the quality axis.
    """
    shown = {codec: tables[codec] for codec in HEADLINE if codec in tables}
    figure = rate_distortion_figure(
        point_table(shown, labels),
        metric_label=metric_label,
        look=Look(log_rate=True),
        lossless=pd.DataFrame(),
        tables=shown,
    )
    figure.add_trace(_rings(rows))
    figure.update_layout(height=460, clickmode="event")
    return figure


def _rings(rows: Sequence[MethodRow]) -> go.Scatter:
    """Rings around the files that stand for a method of the thesis."""
    coded = [row for row in rows if row.bits_per_pixel and row.coded_psnr_db]
    lossy = [row for row in coded if row.coded_psnr_db != float("inf")]
    return go.Scatter(
        x=[row.bits_per_pixel for row in lossy],
        y=[row.coded_psnr_db for row in lossy],
        text=[row.published.label for row in lossy],
        mode="markers",
        name="Method of the thesis",
        marker={
            "symbol": "circle-open",
            "size": 17,
            "color": [codec_style(row.published.codec).color for row in lossy],
            "line": {"width": 2},
        },
        hovertemplate="<b>%{text}</b><br>%{x:.2f} bits per pixel<br>%{y:.2f} dB<extra></extra>",
    )


def published_figure(rows: Sequence[MethodRow]) -> go.Figure:
    """Published and measured mean PSNR of the thesis' lossy methods, one line per method."""
    lossy = [row for row in rows if row.published.psnr_db != float("inf")]
    labels = [row.published.label for row in lossy]
    figure = go.Figure()
    for row in lossy:
        if row.psnr_db is not None:
            figure.add_trace(_difference(row))
    ring = {"symbol": "circle-open", "size": 11, "color": "#7d8c92", "line": {"width": 2}}
    published = [row.published.psnr_db for row in lossy]
    figure.add_trace(_marks("Published", published, labels, ring))
    dots = {"size": 11, "color": [codec_style(row.published.codec).color for row in lossy]}
    figure.add_trace(_marks("Measured here", [row.psnr_db for row in lossy], labels, dots))
    figure.update_yaxes(
        autorange="reversed", automargin=True, categoryorder="array", categoryarray=labels
    )
    figure.update_xaxes(title="Mean PSNR (dB)")
    figure.update_layout(
        height=380,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    )
    return figure


def _marks(
    name: str, values: Sequence[float | None], labels: Sequence[str], marker: dict[str, Any]
) -> go.Scatter:
    return go.Scatter(
        x=values,
        y=labels,
        mode="markers",
        name=name,
        marker=marker,
        hovertemplate=f"%{{y}}<br>{name.split()[0].lower()} %{{x:.2f}} dB<extra></extra>",
    )


def _difference(row: MethodRow) -> go.Scatter:
    return go.Scatter(
        x=[row.published.psnr_db, row.psnr_db],
        y=[row.published.label] * 2,
        mode="lines",
        line={"color": "#9aa8ad", "width": 2},
        hoverinfo="skip",
        showlegend=False,
    )
