"""Reconstructions made in worker processes and cached, so that a changed setting recomputes one."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from core.codecs import get_codec
from core.codecs.container_bytes import container_bytes
from core.evaluation import comparison
from core.evaluation.comparison import CodecConfig, Goal, Reconstruction
from core.evaluation.dial_search import SearchEnd
from core.evaluation.record import Record
from core.evaluation.search_starts import KEY as STARTS
from core.evaluation.search_starts import load_starts
from core.evaluation.visitor_jobs import (
    PILOT_SIDE,
    ReconstructionRequest,
    estimated_seconds,
    reconstruct_requested,
)
from core.images import Image
from core.jobs.errors import TooSlow
from core.metrics import metrics
from core.metrics.ssim_map import ssim_image, ssim_map
from core.store import ArtifactError
from dashboard.data.bounded_cache import BoundedCache
from dashboard.data.store import open_store, store_state
from dashboard.data.visitor_jobs import Call, Task, start_tasks, wait_for
from dashboard.views.compare.image import ChosenImage

#: Above so many pixels the slow metrics take long enough to be asked for.
MAX_PIXELS_FOR_SLOW_METRICS = 2_000_000

Show = Callable[[Sequence[Task]], None]


@dataclass(frozen=True)
class Wanted:
    """One codec on one image.

    Attributes:
        config: The codec.
        goal: Size or quality to reach; None to keep the user's quality setting.
        metric_names: Metrics to measure.
    """

    config: CodecConfig
    goal: Goal | None
    metric_names: tuple[str, ...]

    def key(self, digest: str) -> tuple[object, ...]:
        """What the outcome depends on."""
        state = store_state(f"models/{self.config.codec}")
        return digest, self.config, self.goal, self.metric_names, state


def wanted(config: CodecConfig, *, goal: Goal | None, metric_names: tuple[str, ...]) -> Wanted:
    """A codec at its own quality setting, or at the one that reaches a goal."""
    return Wanted(replace(config, dial=None) if goal else config, goal, metric_names)


def reconstructions(
    image: ChosenImage, asked: Sequence[Wanted], *, show: Show, is_patient: bool = False
) -> list[Reconstruction]:
    """What comes of each codec; what is not known yet is computed, all at the same time.

    Args:
        image: Image to encode.
        asked: The codecs.
        show: As `dashboard.data.visitor_jobs.wait_for` takes it.
        is_patient: Whether to wait for a turn however long it takes.
    """
    known = {one: _kept().get(one.key(image.digest)) for one in asked}
    missing = [one for one, found in known.items() if found is None]
    tasks = start_tasks([_call(image, one) for one in missing], is_patient=is_patient)
    wait_for(tasks, show=lambda pending: _keep_and_show(image, missing, pending, show))
    for one, task in zip(missing, tasks, strict=True):
        known[one] = _outcome(image, one, task)
    return [known[one] for one in asked]


def chosen_metrics(*, slow: bool) -> tuple[str, ...]:
    """Names of the metrics, with or without those that take seconds per megapixel."""
    return tuple(name for name, metric in metrics().items() if slow or not metric.ON_SUBSET_ONLY)


def failed(config: CodecConfig, problem: str) -> Reconstruction:
    """A reconstruction that there is none of."""
    codec = get_codec(config.codec)
    record = Record("", config.codec, "", config.dial, error=problem)
    return Reconstruction(codec.label, codec.suffix, record, problem=problem)


def bytes_of_container(config: CodecConfig) -> int:
    """What the codec spends on its container, as `core.codecs.container_bytes` measures it.

    Raises:
        ArtifactError: The weights of a learned codec are missing or damaged.
    """
    dial = get_codec(config.codec).dial
    start = CodecConfig(config.codec, dial.default if dial else None, config.knobs)
    return _container_bytes(start, store_state(f"models/{config.codec}"))


def structure_map(image: ChosenImage, decoded: Image) -> Image:
    """Where a reconstruction differs in structure, as `core.metrics.ssim_map` draws it."""
    # A codec may give back a crop of a larger array, which has no bytes in one piece.
    digest = hashlib.sha256(np.ascontiguousarray(decoded).data).hexdigest()
    return _structure_map(image.digest, digest, image.pixels, decoded)


def _call(image: ChosenImage, one: Wanted) -> Call:
    start = _starts(store_state(STARTS)).get(image.digest, {}).get(one.config.codec)
    root = open_store().root
    request = ReconstructionRequest(one.config, one.goal, one.metric_names, root, start)
    files = _files().get(_files_key(image, one.config)) or {}
    return Call(
        get_codec(one.config.codec).label,
        reconstruct_requested,
        (request, image.pixels, files),
        estimated_seconds,
        (request, _middle(image.pixels), image.pixel_count),
    )


@st.cache_data(max_entries=2, show_spinner=False)
def _starts(state: object) -> dict[str, Mapping[str, SearchEnd]]:
    """Where searches end, by codec, by digest of the image; empty where it is not known."""
    try:
        return {f"sample:{title}": found for title, found in load_starts(open_store()).items()}
    except ArtifactError:
        return {}


def _middle(image: Image) -> Image:
    height, width = image.shape[:2]
    top, left = (max(0, (side - PILOT_SIDE) // 2) for side in (height, width))
    return np.ascontiguousarray(image[top : top + PILOT_SIDE, left : left + PILOT_SIDE])


def _keep_and_show(
    image: ChosenImage, asked: Sequence[Wanted], tasks: Sequence[Task], show: Show
) -> None:
    """Keeps what is done, for the run of the page may end at the next element that is shown."""
    for one, task in zip(asked, tasks, strict=True):
        if task.is_done:
            _outcome(image, one, task)
    show(tasks)


def _outcome(image: ChosenImage, one: Wanted, task: Task) -> Reconstruction:
    """Reconstruction of a task that is done, kept unless the error is one of the moment."""
    if task.error is not None:
        found = failed(one.config, str(task.error))
    else:
        found = task.value.reconstruction
        _files().put(_files_key(image, one.config), task.value.files)
    if task.error is None or isinstance(task.error, TooSlow):
        _kept().put(one.key(image.digest), found)
    return found


def _files_key(image: ChosenImage, config: CodecConfig) -> tuple[object, ...]:
    state = store_state(f"models/{config.codec}")
    return image.digest, config.codec, config.knobs, state


@st.cache_resource(show_spinner=False)
def _kept() -> BoundedCache:
    return BoundedCache(max_bytes=200_000_000, ttl_seconds=1800)


@st.cache_resource(show_spinner=False)
def _files() -> BoundedCache:
    """Files that earlier searches made, by quality setting, for the next search."""
    return BoundedCache(max_bytes=60_000_000, ttl_seconds=900)


@st.cache_data(max_entries=64, show_spinner=False)
def _container_bytes(config: CodecConfig, state: str) -> int:
    return container_bytes(comparison.operating_point(config, open_store()))


@st.cache_data(max_entries=48, max_size="100MB", ttl=1800, show_spinner=False)
def _structure_map(digest: str, decoded_digest: str, _pixels: Image, _decoded: Image) -> Image:
    return ssim_image(ssim_map(_pixels, _decoded))
