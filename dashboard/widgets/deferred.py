"""Parts of a page that are computed and drawn when the visitor reaches them."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

_ASSETS = Path(__file__).parent / "deferred_assets"


def draw_when_reached(draw: Callable[[], None], *, key: str, title: str, height: int) -> None:
    """Draws a part of the page when the visitor scrolls or tabs to it, prints or searches.

    Until then a placeholder has the part's place. The part is a fragment: its widgets rerun the
    part alone, so nothing outside of it may depend on them. A part that was drawn stays.

    Args:
        draw: Draws the part.
        key: Name in the session, unique in the dashboard.
        title: What the part shows, for those who reach the placeholder first.
        height: Usual height of the part in pixels, so that the page keeps its length.
    """
    _part(draw, f"deferred-{key}", title, height)


@st.fragment
def _part(draw: Callable[[], None], key: str, title: str, height: int) -> None:
    if not has_browser() or st.session_state.get(f"{key}-reached"):
        draw()
        return
    _component()(
        key=key,
        data={"title": title, "height": height},
        on_reached_change=functools.partial(_remember, f"{key}-reached"),
    )


def has_browser() -> bool:
    """Whether the page is shown in a browser, which can tell what the visitor sees."""
    return bool(st.context.headers)


def _remember(key: str) -> None:
    st.session_state[key] = True


@functools.cache
def _component() -> Any:
    return st.components.v2.component(
        "deferred_part",
        css=(_ASSETS / "deferred.css").read_text(encoding="utf-8"),
        js=(_ASSETS / "deferred.js").read_text(encoding="utf-8"),
        isolate_styles=False,
    )
