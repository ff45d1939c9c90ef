"""The built-in photographs as a data set keeps its images."""

import numpy as np
import streamlit as st

from core.dataset.photographs import photographs
from core.images import Image


@st.cache_data(max_entries=32, show_spinner=False)
def stored_sample(title: str) -> Image:
    """A built-in photograph resized to 160x160, as `pipelines.prepare` would store it."""
    import PIL.Image

    from core.dataset.preparation.decoding import stored_image

    return np.asarray(stored_image(PIL.Image.fromarray(photographs()[title])), dtype=np.uint8)
