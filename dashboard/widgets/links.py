"""Links from one page to another, with the state that the other shall open in."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from core.codecs import families
from dashboard.charts.picture_ranking import Point
from dashboard.curve_cache import label_of

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


def compare_query(points: Sequence[Point]) -> dict[str, str | list[str]]:
    """State of the page Compare with these codecs at these settings."""
    query: dict[str, str | list[str]] = {"codecs": [label_of(point.family) for point in points]}
    for point in points:
        family = families().get(point.family)
        if family and family.dial and point.dial is not None:
            query[f"{point.family}_{family.dial.name}"] = f"{point.dial:g}"
    return query
