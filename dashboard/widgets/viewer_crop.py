"""Chooses the part of a large image that the comparison viewer shows at full resolution."""

import math
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.images import Image
from dashboard.widgets.bounded import bounded_slider
from dashboard.widgets.pixels import show_pixels

#: Pixels of a layer that a browser compares without delay.
MAX_PIXELS = 2_000_000
_OVERVIEW_SIDE = 260
_FRAME = 2


@dataclass(frozen=True)
class Crop:
    """Part of an image, in pixels."""

    left: int
    top: int
    width: int
    height: int

    def of(self, image: Image) -> Image:
        """This part of an image, contiguous in memory."""
        rows = slice(self.top, self.top + self.height)
        return np.ascontiguousarray(image[rows, self.left : self.left + self.width])


def choose_crop(image: Image, *, key: str) -> Crop:
    """The whole image, or the part that a person chooses by two sliders if it is too large."""
    height, width = image.shape[:2]
    largest = largest_crop(width, height)
    if (largest.width, largest.height) == (width, height):
        return largest
    with st.container(border=True):
        overview, controls = st.columns([1, 2], vertical_alignment="center")
        with controls:
            st.markdown(
                f"The image has {width * height / 1e6:.1f} megapixels. Below, {largest.width} x "
                f"{largest.height} of its {width} x {height} pixels are shown as they are, none "
                "of them scaled. The figures hold for the whole image."
            )
            left = _position("From the left", width - largest.width, key=f"{key}-crop-left")
            top = _position("From the top", height - largest.height, key=f"{key}-crop-top")
            crop = Crop(left, top, largest.width, largest.height)
        with overview:
            show_pixels(overview_image(image, crop), alt="Overview; a frame marks the part shown")
    return crop


def largest_crop(width: int, height: int) -> Crop:
    """Centred part with the image's proportions and at most `MAX_PIXELS` pixels."""
    share = min(1.0, math.sqrt(MAX_PIXELS / (width * height)))
    inner_width = max(1, math.floor(width * share))
    inner_height = min(height, MAX_PIXELS // inner_width) if share < 1 else height
    return Crop((width - inner_width) // 2, (height - inner_height) // 2, inner_width, inner_height)


def overview_image(image: Image, crop: Crop) -> Image:
    """Small image, pixels skipped, that is dimmed outside the crop and has a frame around it."""
    step = math.ceil(max(image.shape[:2]) / _OVERVIEW_SIDE)
    small = image[::step, ::step].copy()
    bottom = min((crop.top + crop.height - 1) // step, small.shape[0] - 1)
    right = min((crop.left + crop.width - 1) // step, small.shape[1] - 1)
    rows = slice(crop.top // step, bottom + 1)
    columns = slice(crop.left // step, right + 1)
    framed = small[rows, columns].copy()
    small //= 2
    small[rows, columns] = 255
    inner = (slice(_FRAME, -_FRAME), slice(_FRAME, -_FRAME))
    small[rows, columns][inner] = framed[inner]
    return small


def _position(label: str, room: int, *, key: str) -> int:
    """Pixels between the image's edge and the crop's; no slider where there is no choice."""
    if room == 0:
        return 0
    # Another image may leave less room than the slider of the one before.
    return bounded_slider(label, 0, room, room // 2, format="%d px", key=f"{key}-{room}", bind=None)
