"""Curves of others over ours: which ones, and where they come from."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from dashboard.data.curves import View
from dashboard.data.quoted import curve_label, load_quoted
from dashboard.formats import metric_d3_format
from dashboard.views.rate_distortion.quoted_curves import add_quoted, beyond_line, shown_first

QUOTED_HELP = (
    "Published curves, and those that were imported with `python -m pipelines.import_results`. "
    "Their BD-rates are of means where their single images are not known here."
)


def choose_quoted(view: View) -> tuple[str, ...]:
    """Keys of the curves that others measured which are laid over ours."""
    known = list(load_quoted(view))
    if not known:
        return ()
    chosen = st.multiselect(
        "Curves of others",
        known,
        default=shown_first(known),
        format_func=curve_label,
        key="quoted",
        bind="query-params",
        help=QUOTED_HELP,
        wrap=True,
    )
    return tuple(chosen)


def with_quoted(figure: go.Figure, view: View, quoted: Sequence[str]) -> go.Figure:
    """A copy of the figure with the quoted curves over it."""
    marked = go.Figure(figure)
    add_quoted(
        marked,
        load_quoted(view),
        quoted,
        metric_label=view.metric_label,
        value_format=metric_d3_format(view.metric),
    )
    return marked


def show_sources(view: View, quoted: Sequence[str], *, most: float) -> None:
    """Where the quoted curves come from, as they say themselves, and what of them is not drawn.

    Args:
        view: What is drawn.
        quoted: Keys of the quoted curves.
        most: Largest rate that is drawn.
    """
    curves = load_quoted(view)
    by_source: dict[str, list[str]] = {}
    for key in quoted:
        by_source.setdefault(curves[key].source, []).append(curves[key].label)
    lines = [f"{', '.join(labels)}: {source}" for source, labels in by_source.items()]
    st.caption("Dashed, quoted and not measured here:")
    beyond = beyond_line(curves, quoted, most=most)
    st.text("\n".join([*lines, beyond] if beyond else lines))
