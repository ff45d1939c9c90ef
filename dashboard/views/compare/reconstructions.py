"""Reconstructions kept between reruns, so that turning one dial computes one codec."""

import hashlib
import threading
from collections.abc import Mapping

import numpy as np
import streamlit as st

from core.codecs import get_codec
from core.codecs.container_bytes import container_bytes
from core.evaluation import comparison
from core.evaluation.comparison import Choice, Goal, Reconstruction
from core.images import Image
from core.metrics import metrics
from core.metrics.base import Metric
from core.metrics.ssim_map import ssim_image, ssim_map
from dashboard.data.store import fingerprint, open_store
from dashboard.views.compare.picker import ChosenImage

#: Above so many pixels the slow metrics take long enough to be asked for.
MOST_PIXELS_FOR_SLOW_METRICS = 2_000_000


def reconstruction(
    image: ChosenImage, choice: Choice, *, goal: Goal | None, slow_metrics: bool
) -> Reconstruction:
    """One codec on one image, computed once.

    Args:
        image: Image to encode.
        choice: The codec.
        goal: Size or quality that its dial is turned to; None to leave it as it is set.
        slow_metrics: Whether to measure also what takes seconds per megapixel.
    """
    if goal is not None:
        choice = Choice(choice.codec, None, choice.knobs)
    state = fingerprint(f"models/{choice.codec}")
    return _reconstruction(image.digest, choice, goal, slow_metrics, state, image.pixels)


def bytes_of_container(choice: Choice) -> int:
    """What the codec spends on its container, as `core.codecs.container_bytes` measures it.

    Raises:
        ArtifactError: The weights of a learned codec are missing or damaged.
    """
    dial = get_codec(choice.codec).dial
    start = Choice(choice.codec, dial.default if dial else None, choice.knobs)
    return _container_bytes(start, fingerprint(f"models/{choice.codec}"))


def structure_map(image: ChosenImage, decoded: Image) -> Image:
    """Where a reconstruction differs in structure, as `core.metrics.ssim_map` draws it."""
    # A codec may give back a crop of a larger array, which has no bytes in one piece.
    digest = hashlib.sha256(np.ascontiguousarray(decoded)).hexdigest()
    return _structure_map(image.digest, digest, image.pixels, decoded)


@st.cache_data(max_entries=64, show_spinner=False)
def _container_bytes(choice: Choice, state: str) -> int:
    return container_bytes(comparison.point_of(choice, open_store()))


@st.cache_data(max_entries=48, max_size="150MB", ttl=1800, show_spinner=False)
def _structure_map(digest: str, decoded_digest: str, _pixels: Image, _decoded: Image) -> Image:
    return ssim_image(ssim_map(_pixels, _decoded))


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
    """Files by dial position that searches on one image have made, for the next search on it."""
    return {}


@st.cache_resource
def _turns() -> threading.BoundedSemaphore:
    """Two images are encoded at a time, however many people ask, to bound the memory."""
    return threading.BoundedSemaphore(2)


def _wanted_metrics(slow: bool) -> Mapping[str, Metric]:
    return {name: metric for name, metric in metrics().items() if slow or not metric.ON_SUBSET_ONLY}
