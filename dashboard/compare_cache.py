"""Reconstructions kept between reruns, so that turning one dial computes one codec."""

import threading
from collections.abc import Mapping

import streamlit as st

from core import comparison
from core.comparison import Choice, Goal, Reconstruction
from core.images import Image
from core.metrics import metrics
from core.metrics.base import Metric
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
