"""Shows images without changing a pixel: the only module that may call `st.image`."""

import streamlit as st

from core.images import Image
from dashboard.data.png import png_of


def show_pixels(image: Image, *, alt: str, caption: str | None = None, scale: int = 1) -> None:
    """Puts an image on the page as a PNG of exactly these pixels.

    Left to itself, `st.image` sends a JPEG and shrinks what is wider than 1460 pixels or than
    the width asked for: both would falsify what a codec did.

    Args:
        image: Image to show.
        alt: What the image shows, for readers who do not see it.
        caption: Line below the image.
        scale: Edge of the square of equal pixels that stands for each pixel.
    """
    st.image(
        png_of(image, scale=scale),
        caption=caption,
        width=scale * image.shape[1],
        output_format="PNG",
        alt=alt,
    )
