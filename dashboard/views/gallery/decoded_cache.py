"""Cache of small images as codecs reconstruct them."""

import hashlib

import numpy as np
import streamlit as st

from core.codecs import Codec, Reference, get_codec
from core.codecs.base import OperatingPoint
from core.images import Image
from core.store import ArtifactStore
from dashboard.charts.image_ranking import MeasuredPoint
from dashboard.data.store import open_store, store_state


def decoded_image(image: Image, point: MeasuredPoint) -> Image:
    """The image after encoding and decoding at an operating point.

    Raises:
        ArtifactError: The weights of a learned codec are missing or damaged.
        ValueError: There is no such codec or setting, or it does not take the image.
    """
    digest = hashlib.sha256(np.ascontiguousarray(image).data).hexdigest()
    return _decoded(point, store_state(f"models/{point.codec}"), digest, image)


@st.cache_data(max_entries=600, max_size="100MB", show_spinner=False)
def _decoded(point: MeasuredPoint, state: str, digest: str, _image: Image) -> Image:
    image = np.asarray(_image)
    found = _operating_point(get_codec(point.codec), point, open_store())
    if isinstance(found, OperatingPoint):
        return found.decode(found.encode(image))
    return found.reconstruct(image)


def _operating_point(
    codec: Codec, point: MeasuredPoint, store: ArtifactStore
) -> OperatingPoint | Reference:
    if codec.at is not None and point.dial is not None:
        found = codec.at(point.dial, store)
        if found.setting == point.setting:
            return found
    candidates: list[OperatingPoint | Reference] = [*codec.sweep(store)]
    candidates += codec.references(store) if codec.references else ()
    for candidate in candidates:
        if candidate.setting == point.setting:
            return candidate
    raise ValueError(f"{codec.label} has no setting {point.setting} here.")
