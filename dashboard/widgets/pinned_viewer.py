"""The comparison viewer on a page whose address opens what a person pinned."""

from collections.abc import Sequence

import streamlit as st

from dashboard.widgets.comparison_viewer import ViewerLayer, ViewerPin, comparison_viewer

#: Query parameter with the pinned view.
PARAMETER = "view"
_PINNED = "The address of this page now opens this view."
_PINNED_ON_A_SAMPLE = (
    "The address now opens this view of a built-in sample; your own image is not part of a link."
)


def pinned_viewer(
    layers: Sequence[ViewerLayer], *, key: str, memory: str | None = None, is_upload: bool = False
) -> None:
    """Shows the viewer, opened as the address says; a view that is pinned goes into the address.

    Args:
        layers: Images of one size, the original first.
        key: Identity of this viewer on the page.
        memory: Name under which the browser remembers zoom, mode and pair; the key when None.
        is_upload: Whether the address does not say which image it is.
    """
    start = ViewerPin.parse(st.query_params.get(PARAMETER, ""))
    pin = comparison_viewer(layers, key=key, memory=memory, start=start)
    if pin is not None:
        st.query_params[PARAMETER] = pin.text
        st.toast(_PINNED_ON_A_SAMPLE if is_upload else _PINNED, icon=":material/keep:")
