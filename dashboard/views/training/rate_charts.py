"""Rate-distortion curve of a model during training."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.colors import codec_style, translucent
from dashboard.charts.legend import LEGEND_BELOW
from dashboard.charts.log_axis import log_ticks_of
from dashboard.views.training.charts import measure_title

_MAX_CURVES = 7
_FAINTEST = 0.2
_HEIGHT = 440


def shown_epochs(epochs: Sequence[int], best: int | None) -> list[int]:
    """The first, last and best epoch, and geometrically spaced ones between them."""
    ordered = sorted(set(epochs))
    if not ordered:
        return []
    indices = np.geomspace(1, len(ordered), min(_MAX_CURVES, len(ordered))).round().astype(int) - 1
    return sorted({*(ordered[index] for index in indices), *({best} if best in ordered else ())})


def moving_curve_figure(
    table: pd.DataFrame, quality: str, *, run: str, best: int | None
) -> go.Figure:
    """One curve per epoch on the validation images, later ones more opaque, the best marked.

    Args:
        table: Rows of `core.training_records.tables.level_table`.
        quality: Column of the vertical axis.
        run: Training that the curves are of.
        best: Epoch whose weights are kept; None when there is none yet.
    """
    figure, color = go.Figure(), codec_style(run).color
    epochs = shown_epochs(table["epoch"].tolist(), best)
    strengths = np.linspace(_FAINTEST, 1.0, len(epochs)) if len(epochs) > 1 else [1.0]
    for epoch, strength in zip(epochs, strengths, strict=True):
        rows = table[table["epoch"] == epoch].sort_values("bits_per_pixel")
        shade = color if epoch == best else translucent(color, float(strength))
        figure.add_trace(_curve(rows, quality, color=shade, is_best=epoch == best))
    figure.update_xaxes(
        title="Bits per pixel (estimated, header included)",
        type="log",
        **log_ticks_of(table["bits_per_pixel"]),
    )
    figure.update_yaxes(title=measure_title(quality))
    figure.update_layout(
        height=_HEIGHT,
        margin={"l": 8, "r": 8, "t": 12, "b": 8},
        legend=LEGEND_BELOW,
        hovermode="closest",
        uirevision=f"{run}-{quality}",
    )
    return figure


def _curve(rows: pd.DataFrame, quality: str, *, color: str, is_best: bool) -> go.Scatter:
    """Curve of one epoch."""
    epoch = int(rows["epoch"].iloc[0])
    return go.Scatter(
        x=rows["bits_per_pixel"],
        y=rows[quality],
        customdata=rows["level"],
        name=f"epoch {epoch}, kept" if is_best else f"epoch {epoch}",
        mode="lines+markers",
        line={"color": color, "width": 3 if is_best else 1.5},
        marker={"size": 7 if is_best else 4, "color": color},
        hovertemplate=(
            f"epoch {epoch}, quality %{{customdata}}<br>%{{x:.3f}} bits per pixel<br>"
            f"{measure_title(quality)} %{{y:.4~g}}<extra></extra>"
        ),
    )
