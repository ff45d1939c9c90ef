"""Links from one page to another, with the state that the other shall open in."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.analysis.labels import label_of
from core.codecs import find_codec
from dashboard.charts.image_ranking import MeasuredPoint
from dashboard.page_discovery import VIEWS


def link_to_page(
    name: str,
    label: str,
    *,
    icon: str | None = None,
    query: Mapping[str, str | Sequence[str]] | None = None,
) -> None:
    """Link to the page `views/<name>/`; nothing when there is no such page.

    Args:
        name: Name of the page's folder.
        label: What the link says.
        icon: Icon before the label.
        query: State that the page opens in, by the keys of its widgets; several values repeat.
    """
    if (VIEWS / name / "page.py").is_file():
        st.page_link(
            f"views/{name}/page.py", label=label, icon=icon, query_params=dict(query or {})
        )


def comparable(points: Sequence[MeasuredPoint]) -> list[list[MeasuredPoint]]:
    """The points in groups that Compare can show at once: it has one setting of a codec."""
    different = list(dict.fromkeys(points))
    if len({point.codec for point in different}) == len(different):
        return [different]
    return [[point] for point in different]


def compare_query(points: Sequence[MeasuredPoint]) -> dict[str, str | list[str]]:
    """State of the page Compare with these codecs at these settings.

    Args:
        points: Operating points of different codecs, as `comparable` groups them.
    """
    query: dict[str, str | list[str]] = {
        "codecs": [label_of(point.codec) for point in points],
        "mode": "My settings",
    }
    for point in points:
        codec = find_codec(point.codec)
        if codec and codec.dial and point.dial is not None:
            query[f"{point.codec}_{codec.dial.name}"] = f"{point.dial:g}"
    return query
