"""Lines over a rate-distortion figure at the quality and at the rate that are read off."""

import numpy as np
import plotly.graph_objects as go

#: Contrast of more than 3 : 1 against the light and the dark page.
_COLOR = "#757f84"


def with_read_off(
    figure: go.Figure, *, value: float | None, value_text: str, rate: float | None, rate_text: str
) -> go.Figure:
    """A copy of the figure with a line at the quality and one at the rate that are read off.

    Args:
        figure: Figure of `rate_distortion_figure`, which stays as it is.
        value: The quality; None for no line.
        value_text: What is written at its line.
        rate: The rate in bits per pixel; None for no line.
        rate_text: What is written at its line.
    """
    marked = go.Figure(figure)
    line = {"width": 1.5, "dash": "dot", "color": _COLOR}
    if value is not None:
        marked.add_hline(
            y=value, line=line, annotation_text=value_text, annotation_position="top left"
        )
    if rate is not None:
        marked.add_vline(x=rate, line=line)
        is_log = figure.layout.xaxis.type == "log"
        marked.add_annotation(
            x=np.log10(rate) if is_log else rate,
            y=0.02,
            yref="paper",
            text=rate_text,
            showarrow=False,
            xanchor="left",
        )
    return marked
