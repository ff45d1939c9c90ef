"""One preview on a page: six small images in a line that breaks where the screen ends."""

import streamlit as st

from core.images import Image
from core.training_records.previews import (
    PREVIEW_CROPS,
    PREVIEW_QUALITY,
    join_preview,
    preview_originals,
    preview_psnr_db,
    split_preview,
)
from dashboard import glossary
from dashboard.widgets.pixels import show_pixels

#: Edge of the square that stands for each pixel: two images fit beside each other on a phone.
SCALE = 2

HELP = (
    "Six crops of photographs that come with scikit-image, 64x64 pixels each and shown at twice "
    "their size; no model was trained on them. An autoencoder's latent is not quantised here; the "
    f"learned codec decodes at quality {PREVIEW_QUALITY}. PSNR is the mean over the six. "
    f"{glossary.PSNR}"
)


def show_originals() -> None:
    """The six images as they are."""
    _show("**Originals**", join_preview(preview_originals()), of="original")


def show_preview(preview: Image, *, title: str, of: str) -> None:
    """What a model made of the six images, below its title and PSNR.

    Args:
        preview: uint8, shape (64, 384, 3).
        title: Markdown that says whose preview it is.
        of: The same in plain words, for readers who do not see the images.
    """
    _show(f"{title}: PSNR {preview_psnr_db(preview):.2f} dB", preview, of=of)


def _show(caption: str, preview: Image, *, of: str) -> None:
    st.markdown(caption)
    with st.container(horizontal=True, gap="xsmall"):
        for crop, image in zip(PREVIEW_CROPS, split_preview(preview), strict=True):
            show_pixels(image, alt=f"{crop.title}, {of}", scale=SCALE)
