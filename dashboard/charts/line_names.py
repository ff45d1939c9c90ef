"""Names of a chart's lines above them, where a name beside would take half of a phone's width."""

from collections.abc import Iterable

import plotly.graph_objects as go


def name_lines(figure: go.Figure, names: Iterable[str]) -> None:
    """Writes each category of the vertical axis above its line, in place of the axis' labels.

    Args:
        figure: Chart with one line per category.
        names: The categories, as the traces name them.
    """
    for name in names:
        figure.add_annotation(
            text=name,
            x=0,
            xref="paper",
            xanchor="left",
            y=name,
            yanchor="bottom",
            yshift=6,
            showarrow=False,
        )
    figure.update_yaxes(showticklabels=False)
