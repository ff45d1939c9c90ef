"""Cache of the pages' images as PNG files."""

import hashlib

import numpy as np
import streamlit as st

from core.images import Image
from core.png import encode_png


def png_of(image: Image, *, scale: int = 1) -> bytes:
    """PNG file with exactly these pixels.

    Args:
        image: The image.
        scale: Edge of the square of equal pixels that stands for each pixel.
    """
    # Streamlit's own hash looks at a sample of a large array. An image may be a crop of a larger
    # array, which has no bytes in one piece.
    digest = hashlib.sha256(np.ascontiguousarray(image).data).hexdigest()
    return _png(digest, image.shape, scale, image)


@st.cache_data(max_entries=1024, max_size="50MB", ttl=1800, show_spinner=False)
def _png(digest: str, shape: tuple[int, ...], scale: int, _image: Image) -> bytes:
    magnified = np.repeat(np.repeat(_image, scale, axis=0), scale, axis=1) if scale > 1 else _image
    return encode_png(magnified)
