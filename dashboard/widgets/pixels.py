"""Shows pictures without changing a pixel: the only module that may call `st.image`."""

import numpy as np
import streamlit as st

from core.images import Image, encode_png


def show_pixels(image: Image, *, alt: str, caption: str | None = None, scale: int = 1) -> None:
    """Puts a picture on the page as a PNG of exactly these pixels.

    Left to itself, `st.image` sends a JPEG and shrinks what is wider than 1460 pixels or than
    the width asked for: both would falsify what a codec did.

    Args:
        image: Picture to show.
        alt: What the picture shows, for readers who do not see it.
        caption: Line below the picture.
        scale: Edge of the square of equal pixels that stands for each pixel.
    """
    magnified = np.repeat(np.repeat(image, scale, axis=0), scale, axis=1) if scale > 1 else image
    st.image(
        encode_png(magnified),
        caption=caption,
        width=magnified.shape[1],
        output_format="PNG",
        alt=alt,
    )
