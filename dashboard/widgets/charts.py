"""What all charts of the pages have in common."""

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import streamlit as st

#: Settings of plotly's tool bar; points are chosen by a click, so selecting areas is left out.
_CONFIG: dict[str, Any] = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d"]}
#: Pixels of a saved image for each pixel on the screen: sharp in print and on a slide.
PNG_SCALE = 3


def chart_config(name: str) -> dict[str, Any]:
    """Settings of a chart whose tool bar saves it as `<name>.png`."""
    image = {"format": "png", "filename": name, "scale": PNG_SCALE}
    return _CONFIG | {"toImageButtonOptions": image}


def show_chart(
    figure: go.Figure,
    *,
    key: str,
    name: str,
    alt: str,
    on_select: Callable[[], None] | None = None,
) -> None:
    """Puts a chart on the page, with a button in its tool bar that saves it as PNG.

    Args:
        figure: The chart.
        key: Name in the session, unique on the page.
        name: Name of the saved file, without its ending.
        alt: What the chart shows, for readers who do not see it.
        on_select: Called when a point is clicked.
    """
    if on_select is None:
        st.plotly_chart(figure, key=key, config=chart_config(name), alt=alt)
        return
    st.plotly_chart(
        figure,
        key=key,
        config=chart_config(name),
        alt=alt,
        on_select=on_select,
        selection_mode="points",
    )
