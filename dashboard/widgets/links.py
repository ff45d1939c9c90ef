"""Links from one page to another, with the state that the other shall open in."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

_VIEWS = Path(__file__).resolve().parents[1] / "views"


def link_to_page(
    name: str,
    label: str,
    *,
    icon: str | None = None,
    query: Mapping[str, str | Sequence[str]] | None = None,
) -> None:
    """Link to the page `views/<name>.py`; nothing when there is no such page.

    Args:
        name: File name of the page without `.py`.
        label: What the link says.
        icon: Icon before the label.
        query: State that the page opens in, by the keys of its widgets; several values repeat.
    """
    if (_VIEWS / f"{name}.py").is_file():
        st.page_link(f"views/{name}.py", label=label, icon=icon, query_params=dict(query or {}))
