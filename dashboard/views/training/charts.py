"""Training curves from histories: smoothed values, with the raw values behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.training_records.runs import AXES, Measure, TrainingRun, measure_of
from dashboard.charts.colors import CodecStyle, codec_style, translucent
from dashboard.charts.legend import LEGEND_BELOW
from dashboard.charts.log_axis import log_ticks_of

#: Metrics that come first.
_FIRST = ("loss", "psnr_db")
_TITLES = {
    "loss": "Loss",
    "psnr_db": "PSNR (dB)",
    "ssim": "SSIM",
    "ssimulacra2": "SSIMULACRA2",
    "ssimulacra2_aligned": "SSIMULACRA2 with aligned weights",
    "bits_per_pixel": "Bits per pixel",
    "learning_rate": "Learning rate",
    "images_per_second": "Images per second",
    "side_bits_per_pixel": "Bits per pixel of side information",
    "units": "Units",
    "dead_units": "Dead units",
    "rare_units": "Rare units",
}
_DASHES = {"training": "dot", "validation": "solid"}
_HEIGHT = 380


@dataclass(frozen=True)
class Look:
    """Display options of the curves.

    Attributes:
        axis: Column of the horizontal axis, one of `core.training_records.runs.AXES`.
        smoothing: Weight of the previous average, in 0 (raw values) to below 1.
        log_scale: Whether the vertical axis is logarithmic, except that of decibels, of SSIM and
            of values of which some are 0 or below.
        labels: Display label by run; a run without one is shown by its name.
    """

    axis: str = "epoch"
    smoothing: float = 0.0
    log_scale: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)

    def label(self, run: str) -> str:
        """Display label of a run."""
        return self.labels.get(run, run)

    def __post_init__(self) -> None:
        if self.axis not in AXES:
            raise ValueError(f"axis must be one of {', '.join(AXES)}; received {self.axis!r}.")
        if not 0 <= self.smoothing < 1:
            raise ValueError(f"smoothing must lie in 0..1; received {self.smoothing}.")


def measure_title(name: str) -> str:
    """Display label of a measure."""
    spelled = name.removesuffix("_db").replace("_", " ").capitalize()
    return _TITLES.get(name, f"{spelled} (dB)" if name.endswith("_db") else spelled)


def measure_names(runs: Sequence[TrainingRun]) -> list[str]:
    """Metrics that any of the runs recorded, loss and PSNR first."""
    found = (measure_of(column) for run in runs for column in run.columns)
    names = dict.fromkeys(measure.name for measure in found if measure.level is None)
    return sorted(names, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))


def default_measures(names: Sequence[str]) -> list[str]:
    """Metrics drawn by default: losses, rates and qualities."""
    telling = ("loss", "psnr", "ssim", "bits", "rate", "distortion")
    found = [
        name
        for name in names
        if any(word in name for word in telling) and name not in ("learning_rate",)
    ]
    return found or list(names)


def smoothed(values: pd.Series, weight: float) -> pd.Series:
    """Exponential moving average with bias correction; NaN stays NaN.

    Args:
        values: Values in their order.
        weight: Weight of the previous average, in 0 to below 1; 0 gives the values themselves.
    """
    if not weight:
        return values
    averaged = values.ewm(alpha=1 - weight, adjust=True, ignore_na=True).mean()
    return averaged.where(values.notna())


def training_figure(runs: Sequence[TrainingRun], name: str, look: Look) -> go.Figure:
    """Curves of one metric: a colour per run, training dotted, validation solid.

    A ring marks the epoch whose weights are kept. What was measured at single quality
    levels is left out: see `dashboard.views.training.rate_charts`.

    Args:
        runs: Runs to overlay.
        name: Measure, one of `measure_names`.
        look: How it is drawn.
    """
    figure = go.Figure()
    for run in runs:
        measures = {column: measure_of(column) for column in run.columns}
        if look.axis not in run.frame:
            continue
        for column, measure in measures.items():
            if measure.name == name and measure.level is None:
                _add_curve(figure, run, column, measure, look)
    return _laid_out(figure, name, look)


def _add_curve(
    figure: go.Figure, run: TrainingRun, column: str, measure: Measure, look: Look
) -> None:
    style = codec_style(run.name)
    x, raw = run.frame[look.axis], run.frame[column]
    if look.smoothing:
        figure.add_trace(_raw(x, raw, style))
    values, label = smoothed(raw, look.smoothing), look.label(run.name)
    figure.add_trace(
        go.Scatter(
            x=x,
            y=values,
            customdata=np.stack([run.frame["epoch"], raw], axis=-1),
            name=f"{label}, {measure.phase}",
            legendgroup=run.name,
            mode="lines+markers" if len(x) <= 60 else "lines",
            line={"color": style.color, "width": 2, "dash": _DASHES[measure.phase]},
            marker={"size": 5, "symbol": style.symbol, "color": style.color},
            hovertemplate=(
                f"<b>{label}</b>, {measure.phase}, epoch %{{customdata[0]:.0f}}<br>"
                f"{measure_title(measure.name)} %{{customdata[1]:.5~g}}<extra></extra>"
            ),
        )
    )
    best = run.best_row
    if measure.phase == "validation" and best is not None:
        figure.add_trace(_ring(x.iloc[best], values.iloc[best], style, run.name, label))


def _raw(x: pd.Series, values: pd.Series, style: CodecStyle) -> go.Scatter:
    return go.Scatter(
        x=x,
        y=values,
        mode="lines",
        line={"color": translucent(style.color, 0.28), "width": 1.5},
        hoverinfo="skip",
        showlegend=False,
    )


def _ring(x: float, y: float, style: CodecStyle, group: str, label: str) -> go.Scatter:
    marker = {"symbol": "circle-open", "size": 14, "color": style.color, "line": {"width": 2}}
    return go.Scatter(
        x=[x],
        y=[y],
        mode="markers",
        marker=marker,
        legendgroup=group,
        showlegend=False,
        hovertemplate=f"<b>{label}</b>: the weights of this epoch are kept<extra></extra>",
    )


def _shorten_legend(figure: go.Figure) -> None:
    """Keeps one legend entry per run, preferably that of the validation curve."""
    entries: dict[str, go.Scatter] = {}
    for trace in figure.data:
        if trace.name:
            trace.showlegend = False
            entries[trace.legendgroup] = trace
    for trace in entries.values():
        trace.showlegend = True


def _laid_out(figure: go.Figure, name: str, look: Look) -> go.Figure:
    _shorten_legend(figure)
    figure.update_xaxes(title=AXES[look.axis])
    if look.axis == "epoch":
        figure.update_xaxes(dtick=_epoch_step(figure), tick0=0)
    figure.update_yaxes(title=measure_title(name), automargin=True)
    drawn = np.array([value for trace in figure.data for value in trace.y], dtype=float)
    has_log_scale = look.log_scale and not name.endswith("_db") and name != "ssim"
    if has_log_scale and not (drawn <= 0).any():  # such an axis would leave those out
        figure.update_yaxes(type="log", **log_ticks_of(drawn))
    figure.update_layout(
        height=_HEIGHT,
        margin={"l": 8, "r": 8, "t": 12, "b": 8},
        legend=LEGEND_BELOW,
        showlegend=True,
        hovermode="closest",
        uirevision=f"{name}-{look.axis}-{look.log_scale}",
    )
    return figure


def _epoch_step(figure: go.Figure) -> int:
    """Tick interval in whole epochs: Plotly's default can be a fraction of an epoch."""
    last = max((float(np.max(trace.x)) for trace in figure.data if len(trace.x)), default=1.0)
    return next((step for step in (1, 2, 5, 10, 20, 50) if last <= 10 * step), 100)
