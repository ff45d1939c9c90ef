"""Reconstructions kept between reruns, so that turning one dial computes one codec."""

import hashlib
import threading
from collections.abc import Mapping

import numpy as np
import streamlit as st

from core import comparison
from core.codecs import get_family
from core.comparison import Choice, Goal, Reconstruction
from core.container_bytes import container_bytes
from core.images import Image
from core.metrics import metrics
from core.metrics.base import Metric
from core.ssim_map import ssim_map, ssim_picture
from dashboard.cache import fingerprint, open_store
from dashboard.widgets.picture_picker import ChosenPicture

#: Above so many pixels the slow metrics take long enough to be asked for.
MOST_PIXELS_FOR_SLOW_METRICS = 2_000_000


def reconstruction(
    picture: ChosenPicture, choice: Choice, *, goal: Goal | None, slow_metrics: bool
) -> Reconstruction:
    """One codec on one picture, computed once.

    Args:
        picture: Picture to encode.
        choice: The codec.
        goal: Size or quality that its dial is turned to; None to leave it as it is set.
        slow_metrics: Whether to measure also what takes seconds per megapixel.
    """
    if goal is not None:
        choice = Choice(choice.family, None, choice.knobs)
    state = fingerprint(f"models/{choice.family}")
    return _reconstruction(picture.digest, choice, goal, slow_metrics, state, picture.pixels)


def bytes_of_container(choice: Choice) -> int:
    """What the codec spends on its container, as `core.container_bytes` measures it.

    Raises:
        ArtifactError: The weights of a learned family are missing or damaged.
    """
    dial = get_family(choice.family).dial
    start = Choice(choice.family, dial.default if dial else None, choice.knobs)
    return _container_bytes(start, fingerprint(f"models/{choice.family}"))


def structure_map(picture: ChosenPicture, decoded: Image) -> Image:
    """Where a reconstruction differs in structure, as `core.ssim_map` draws it."""
    # A codec may give back a crop of a larger array, which has no bytes in one piece.
    digest = hashlib.sha256(np.ascontiguousarray(decoded)).hexdigest()
    return _structure_map(picture.digest, digest, picture.pixels, decoded)


@st.cache_data(max_entries=64, show_spinner=False)
def _container_bytes(choice: Choice, state: str) -> int:
    return container_bytes(comparison.codec_of(choice, open_store()))


@st.cache_data(max_entries=48, max_size="150MB", ttl=1800, show_spinner=False)
def _structure_map(digest: str, decoded_digest: str, _pixels: Image, _decoded: Image) -> Image:
    return ssim_picture(ssim_map(_pixels, _decoded))


@st.cache_data(max_entries=96, max_size="400MB", ttl=1800, show_spinner=False)
def _reconstruction(
    digest: str, choice: Choice, goal: Goal | None, slow_metrics: bool, state: str, _pixels: Image
) -> Reconstruction:
    wanted, store = _wanted_metrics(slow_metrics), open_store()
    with _turns():
        if goal is None:
            return comparison.reconstruct(choice, _pixels, metrics=wanted, store=store)
        files = _files(digest, choice, state)
        return comparison.reconstruct_at(
            goal, choice, _pixels, metrics=wanted, store=store, files=files
        )


@st.cache_resource(max_entries=24, ttl=900, show_spinner=False)
def _files(digest: str, choice: Choice, state: str) -> dict[float, bytes]:
    """Files by dial position that searches on one picture have made, for the next search on it."""
    return {}


@st.cache_resource
def _turns() -> threading.BoundedSemaphore:
    """Two pictures are encoded at a time, however many people ask, to bound the memory."""
    return threading.BoundedSemaphore(2)


def _wanted_metrics(slow: bool) -> Mapping[str, Metric]:
    return {name: metric for name, metric in metrics().items() if slow or not metric.ON_SUBSET_ONLY}
