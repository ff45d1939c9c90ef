"""Figures of the Models page: values per layer, and the rate of each latent channel."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.training_records.model_layers import Layer
from dashboard.charts.colors import codec_style, translucent

_ROW_PIXELS = 52
_OPACITY = {"image": 0.25, "encoder": 0.5, "decoder": 0.5, "latent": 1.0}
_MARGIN = {"l": 8, "r": 8, "t": 12, "b": 8}


def layer_table(layers: Sequence[Layer]) -> pd.DataFrame:
    """One row per step of a network, in order: what it holds after the step."""
    rows = [{**layer._asdict(), "values": layer.values} for layer in layers]
    return pd.DataFrame(rows, columns=[*Layer._fields, "values"])


def layer_figure(layers: Sequence[Layer], *, codec: str) -> go.Figure:
    """A bar per step as long as the values after it; the latent in full colour.

    The texts stand above their bar, so that the figure is readable on a narrow screen too.
    """
    color = codec_style(codec).color
    indices = list(range(len(layers)))
    figure = go.Figure(
        go.Bar(
            x=[layer.values for layer in layers],
            y=indices,
            orientation="h",
            width=0.36,
            marker={"color": [translucent(color, _OPACITY[layer.part]) for layer in layers]},
            hovertext=[f"{layer.step}<br>{_shape(layer)}" for layer in layers],
            hoverinfo="text",
        )
    )
    for index, layer in zip(indices, layers, strict=True):
        text = f"{layer.step}: <b>{_shape(layer)}</b>"
        figure.add_annotation(
            x=0, y=index, yshift=18, text=text, showarrow=False, xanchor="left", font={"size": 11}
        )
    figure.add_vline(x=layers[0].values, line={"dash": "dot", "width": 1, "color": "#8a9499"})
    figure.update_xaxes(title="Values per layer", rangemode="tozero", nticks=5, tickformat="~s")
    figure.update_yaxes(visible=False, range=[len(layers) - 0.6, -0.85])
    figure.update_layout(
        height=_ROW_PIXELS * len(layers) + 60, margin=_MARGIN, showlegend=False, dragmode=False
    )
    return figure


def channel_table(bits: NDArray[np.float64], *, stride: int) -> pd.DataFrame:
    """One row per channel, by cost: its cost by itself and with those before it.

    Args:
        bits: Bits per symbol of each channel, shape (channels,).
        stride: Rows of the image per row of the latent.
    """
    order = np.argsort(-bits, kind="stable")
    per_pixel = bits[order] / stride**2
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(bits) + 1),
            "channel": order,
            "bits_per_symbol": bits[order],
            "bits_per_pixel": per_pixel,
            "bits_per_pixel_so_far": np.cumsum(per_pixel),
        }
    )


def channel_figure(table: pd.DataFrame, *, codec: str) -> go.Figure:
    """Cost of each channel, by cost.

    Args:
        table: Rows of `channel_table`.
        codec: Model that the channels are of.
    """
    figure = go.Figure(
        go.Bar(
            x=table["rank"],
            y=table["bits_per_symbol"],
            customdata=table[["channel", "bits_per_pixel", "bits_per_pixel_so_far"]],
            marker={"color": codec_style(codec).color},
            hovertemplate=(
                "channel %{customdata[0]}: %{y:.2f} bits per symbol<br>"
                "%{customdata[1]:.3f} bits per pixel<br>"
                "%{customdata[2]:.3f} with all to its left<extra></extra>"
            ),
        )
    )
    figure.update_xaxes(title="Channels by cost", dtick=-(-len(table) // 8), tick0=1)
    figure.update_yaxes(title="Bits per symbol", rangemode="tozero")
    figure.update_layout(height=320, margin=_MARGIN, bargap=0.15, showlegend=False)
    return figure


def _shape(layer: Layer) -> str:
    return f"{layer.height} x {layer.width} x {layer.channels} = {layer.values:,}"
