"""The images of the comparison as layers of the viewer."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from core.evaluation.comparison import Reconstruction
from core.images import Image
from core.metrics import metrics
from core.metrics.ssim_map import ssim_image, ssim_map
from dashboard.charts.colors import codec_style
from dashboard.views.compare.image import ChosenImage
from dashboard.widgets.comparison_viewer import ViewerLayer
from dashboard.widgets.reconstruction_cards import NEUTRAL

#: Shown for the original instead of a metric's value.
_EXACT = "exact"


def original_layer(image: ChosenImage) -> ViewerLayer:
    """The image as it was given, as the viewer takes it."""
    raw = 3 * image.pixel_count
    size = image.upload_bytes or raw
    words = "" if image.upload_bytes else " (raw)"
    readout = {"Bytes": f"{size:,}{words}", "Bits per pixel": f"{8 * size / image.pixel_count:.3f}"}
    exact = dict.fromkeys((metric.LABEL for metric in metrics().values()), _EXACT)
    return ViewerLayer("Original", image.pixels, readout | exact, NEUTRAL)


def decoded_layers(
    found: Sequence[Reconstruction], words: Sequence[Mapping[str, str]]
) -> list[ViewerLayer]:
    """The images that came out of the codecs; one that missed its goal is not among them."""
    return [
        ViewerLayer(
            f"{one.label} {one.record.setting}".strip(), one.decoded, figures, color_of(one)
        )
        for one, figures in zip(found, words, strict=True)
        if one.decoded is not None
    ]


def map_layers(image: ChosenImage, found: Sequence[Reconstruction]) -> list[ViewerLayer]:
    """SSIM maps of the reconstructions as layers of the viewer."""
    return [
        ViewerLayer(f"SSIM map, {one.label}", structure_map(image, one.decoded), {}, color_of(one))
        for one in found
        if one.decoded is not None
    ]


def structure_map(image: ChosenImage, decoded: Image) -> Image:
    """SSIM map of a reconstruction as a grey image."""
    # A codec may give back a crop of a larger array, which has no bytes in one piece.
    digest = hashlib.sha256(np.ascontiguousarray(decoded).data).hexdigest()
    return _structure_map(image.digest, digest, image.pixels, decoded)


def color_of(found: Reconstruction) -> str:
    """Colour of the codec, the same on every page."""
    return codec_style(found.record.codec).color


@st.cache_data(max_entries=48, max_size="100MB", ttl=1800, show_spinner=False)
def _structure_map(digest: str, decoded_digest: str, _pixels: Image, _decoded: Image) -> Image:
    return ssim_image(ssim_map(_pixels, _decoded))
