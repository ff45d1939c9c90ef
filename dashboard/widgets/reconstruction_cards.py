"""Cards of reconstructions: the image, its numbers, and its files."""

from collections.abc import Callable

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from core.evaluation.comparison import Reconstruction
from core.images import Image
from core.metrics import metrics
from core.png import encode_png
from dashboard import glossary
from dashboard.charts.colors import codec_style
from dashboard.data.crops import middle_of
from dashboard.widgets.codec_picker import color_bar
from dashboard.widgets.pixels import show_pixels
from dashboard.widgets.reconstruction_table import (
    best_cells,
    column_title,
    file_name,
    reached_words,
    spelled_cell,
)

#: Small images are magnified up to about this width, by a whole number.
_WIDTH = 400
_BEST_CSS = "font-weight: bold; background-color: rgba(15, 150, 140, 0.22)"
NEUTRAL = "#808080"
_EXPLANATIONS = {
    "bytes": "Size of the whole file, headers included.",
    "container_bytes": (
        "Size of this codec's file for a grey image of 16x16 pixels: headers, tables and boxes."
    ),
    "payload_bytes": "The whole file less the container.",
    "raw_percent": "Of three bytes per pixel.",
    "bits_per_pixel": glossary.BITS_PER_PIXEL,
    "encode_ms": "Measured once; another machine gives another time.",
    "error_percent": "(achieved - target) / target; a dial moves in steps.",
}
_HIDDEN = ("codec", "problem", "lossless")
#: A larger image stands in its card by the middle of it, this many pixels in square.
_MAX_PIXELS = 2_000_000
_PART_SIDE = 1024
#: Of a longer image its card shows the middle, so that no card is taller than this many widths.
_MAX_ASPECT = 2


def whole_scale(image: Image) -> int:
    """Largest whole number of times that what a card shows fits into it, at least 1."""
    return max(1, _WIDTH // int(max(part_of(image).shape[:2])))


def part_of(image: Image) -> Image:
    """What a card shows: the whole image, or the middle of one too large or too long."""
    height, width = image.shape[:2]
    limit = _MAX_ASPECT * min(height, width)
    if height * width > _MAX_PIXELS:
        limit = min(limit, _PART_SIDE)
    if max(height, width) <= limit:
        return image
    return middle_of(image, limit)


def scale_line(image: Image) -> str:
    """How the images in the cards relate to their pixels, in one sentence."""
    scale = whole_scale(image)
    if scale > 1:
        return f"In the cards, each pixel is a square of {scale} x {scale} equal pixels."
    what = "Cards show the image" if part_of(image) is image else "Cards show the middle"
    return (
        f"{what}. Pixels reach the browser unchanged; where a card is narrower than the image, "
        "the browser scales it down for display."
    )


def show_original(image: Image, *, title: str) -> None:
    """Card of the image as it was given."""
    with st.container(border=True, gap="xsmall"):
        color_bar(NEUTRAL)
        st.markdown("**Original**")
        st.caption(title)
        show_pixels(part_of(image), alt="The original image", scale=whole_scale(image))


def show_reconstruction(found: Reconstruction, *, quantity: str) -> None:
    """Card of one codec.

    Args:
        found: What came of the codec.
        quantity: What is equal, for the target line.
    """
    with st.container(border=True, gap="xsmall"):
        color_bar(codec_style(found.record.codec).color)
        st.markdown(f"**{plain(found.label)}**")
        if found.problem is not None or found.decoded is None:
            st.warning(plain(found.problem or ""), icon=":material/block:")
            return
        st.caption(found.record.setting)
        alt = f"The image as {found.label} at {found.record.setting} gives it back"
        show_pixels(part_of(found.decoded), alt=alt, scale=whole_scale(found.decoded))
        if words := reached_words(found, quantity):
            st.caption(words)
        _show_downloads(found)


def show_table(frame: pd.DataFrame, *, equal: str) -> None:
    """Numbers of all codecs, the best of each column marked.

    Args:
        frame: Rows of `dashboard.widgets.reconstruction_table.comparison_table`.
        equal: Quantity that all were brought to, in which none is the best.
    """
    shown = frame.drop(columns=[name for name in _HIDDEN if name in frame])
    marks = best_cells(shown, equal=equal)
    styled = shown.style.format({c: _formatter(c) for c in shown.columns}, na_rep="")
    styled = styled.apply(lambda _: marks.map(lambda best: _BEST_CSS if best else ""), axis=None)
    titles = {column: _heading(str(column)) for column in shown.columns}
    st.dataframe(styled, hide_index=True, column_config=titles, height="content", placeholder="-")


def plain(text: str) -> str:
    """Text with every character that Markdown would read as markup made harmless."""
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]()#+!|<>~$:" else letter for letter in text)


def _heading(column: str) -> ColumnConfig:
    metric = metrics().get(column)
    return st.column_config.Column(
        column_title(column), help=metric.DEFINITION if metric else _EXPLANATIONS.get(column)
    )


def _formatter(column: object) -> Callable[[object], str]:
    return lambda value: spelled_cell(str(column), value)


def _show_downloads(found: Reconstruction) -> None:
    data, decoded, codec = found.data, found.decoded, found.record.codec
    if data is None or decoded is None:
        return
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            f"File ({len(data):,} bytes)",
            data,
            file_name=file_name(found, suffix=found.suffix),
            mime="application/octet-stream",
            key=f"file_{codec}",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Pixels (PNG)",
            data=lambda: encode_png(decoded),
            file_name=file_name(found, suffix=".png"),
            mime="image/png",
            key=f"pixels_{codec}",
            icon=":material/image:",
            on_click="ignore",
        )
