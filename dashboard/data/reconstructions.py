"""Reconstructions made in worker processes and cached, so that a changed setting recomputes one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import streamlit as st

from core.codecs import get_codec
from core.evaluation.comparison import CodecConfig, Goal, Reconstruction
from core.evaluation.dial_search import SearchEnd
from core.evaluation.first_comparison import KEY as FIRST
from core.evaluation.first_comparison import load_first
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
from core.store import ArtifactError
from dashboard.data.bounded_cache import BoundedCache
from dashboard.data.crops import middle_of
from dashboard.data.store import open_store, store_state
from dashboard.data.visitor_jobs import Call, Task, start_tasks, wait_for

#: Six codecs' reconstructions of an image of 16 megapixels, and what others look at meanwhile.
_MAX_BYTES = 400_000_000

Show = Callable[[Sequence[Task]], None]


class Original(Protocol):
    """An image that codecs encode."""

    @property
    def pixels(self) -> Image:
        """The image, uint8 (H, W, 3)."""

    @property
    def digest(self) -> str:
        """Hash of what it was made from; equal digests are equal images."""


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


class _Keys(NamedTuple):
    """Where the outcome and the files of one codec on one image are kept."""

    outcome: tuple[object, ...]
    files: tuple[object, ...]


def wanted(config: CodecConfig, *, goal: Goal | None, metric_names: tuple[str, ...]) -> Wanted:
    """A codec at its own quality setting, or at the one that reaches a goal."""
    return Wanted(replace(config, dial=None) if goal else config, goal, metric_names)


def reconstructions(
    image: Original,
    asked: Sequence[Wanted],
    *,
    show: Show,
    is_patient: bool = False,
    is_short: bool = False,
) -> list[Reconstruction]:
    """What comes of each codec; what is not known yet is computed, all at the same time.

    Args:
        image: Image to encode.
        asked: The codecs.
        show: As `dashboard.data.visitor_jobs.wait_for` takes it.
        is_patient: Whether to wait for a turn however long it takes.
        is_short: Whether they are known to take a moment, so that no time is spent on estimates.
    """
    # A model may be replaced while they are computed, so the keys are those of the start.
    keys = {one: _Keys(one.key(image.digest), _files_key(image, one.config)) for one in asked}
    known: dict[Wanted, Reconstruction | None] = {
        one: _kept().get(key.outcome) or _measured_beforehand(image.digest, one)
        for one, key in keys.items()
    }
    missing = {one: keys[one] for one, found in known.items() if found is None}
    calls = [
        _call(image, one, _files().get(key.files) or {}, is_estimated=not is_short)
        for one, key in missing.items()
    ]
    tasks = start_tasks(calls, is_patient=is_patient)
    wait_for(tasks, show=lambda pending: _keep_and_show(missing, pending, show))
    made = {
        one: _outcome(one, key, task)
        for (one, key), task in zip(missing.items(), tasks, strict=True)
    }
    return [known[one] or made[one] for one in asked]


def failed(config: CodecConfig, problem: str) -> Reconstruction:
    """A reconstruction that there is none of."""
    codec = get_codec(config.codec)
    record = Record("", config.codec, "", config.dial, error=problem)
    return Reconstruction(codec.label, codec.suffix, record, problem=problem)


def _measured_beforehand(digest: str, one: Wanted) -> Reconstruction | None:
    """What Compare shows at first, which is stored, as long as it is of the present models."""
    stored = _stored_first(store_state(FIRST) + store_state("models/"))
    found = stored.get((digest, one.config, one.goal))
    if found is None or not found.record.metrics.keys() >= set(one.metric_names):
        return None
    chosen = {name: found.record.metrics[name] for name in one.metric_names}
    return replace(found, record=replace(found.record, metrics=chosen))


@st.cache_resource(max_entries=1, show_spinner=False)
def _stored_first(state: str) -> dict[tuple[str, CodecConfig, Goal | None], Reconstruction]:
    try:
        first = load_first(open_store())
    except ArtifactError:
        return {}
    if first is None:
        return {}
    digest = f"sample:{first.title}"
    return {(digest, one.config, one.goal): one.reconstruction for one in first.compared}


def _call(
    image: Original, one: Wanted, files: Mapping[float, bytes], *, is_estimated: bool
) -> Call:
    start = _start(image.digest, one.config.codec)
    root = open_store().root
    request = ReconstructionRequest(one.config, one.goal, one.metric_names, root, start)
    height, width = image.pixels.shape[:2]
    return Call(
        get_codec(one.config.codec).label,
        reconstruct_requested,
        (request, image.pixels, dict(files)),
        estimated_seconds if is_estimated else None,
        (request, middle_of(image.pixels, PILOT_SIDE), height * width),
    )


def _start(digest: str, codec: str) -> SearchEnd | None:
    """Where a search is known to end on this image; for another one, where it ends usually."""
    starts = _starts(store_state(STARTS))
    usual = sorted(found[codec].position for found in starts.values() if codec in found)
    if codec in starts.get(digest, {}) or not usual:
        return starts.get(digest, {}).get(codec)
    return SearchEnd(usual[len(usual) // 2], target_bytes=0, file_bytes=0)


@st.cache_data(max_entries=2, show_spinner=False)
def _starts(state: object) -> dict[str, Mapping[str, SearchEnd]]:
    """Where searches end, by codec, by digest of the image; empty where it is not known."""
    try:
        return {f"sample:{title}": found for title, found in load_starts(open_store()).items()}
    except ArtifactError:
        return {}


def _keep_and_show(asked: Mapping[Wanted, _Keys], tasks: Sequence[Task], show: Show) -> None:
    """Keeps what is done, for the run of the page may end at the next element that is shown."""
    for (one, key), task in zip(asked.items(), tasks, strict=True):
        if task.is_done:
            _outcome(one, key, task)
    show(tasks)


def _outcome(one: Wanted, key: _Keys, task: Task) -> Reconstruction:
    """Reconstruction of a task that is done, kept unless the error is one of the moment.

    An estimate is of the moment too: a busy machine makes it longer.
    """
    if task.error is not None:
        found = failed(one.config, str(task.error))
    else:
        found = task.value.reconstruction
        _files().put(key.files, task.value.files)
    if task.error is None or (isinstance(task.error, TooSlow) and task.has_run):
        _kept().put(key.outcome, found)
    return found


def _files_key(image: Original, config: CodecConfig) -> tuple[object, ...]:
    state = store_state(f"models/{config.codec}")
    return image.digest, config.codec, config.knobs, state


@st.cache_resource(show_spinner=False)
def _kept() -> BoundedCache:
    return BoundedCache(max_bytes=_MAX_BYTES, ttl_seconds=1800)


@st.cache_resource(show_spinner=False)
def _files() -> BoundedCache:
    """Files that earlier searches made, by quality setting, for the next search."""
    return BoundedCache(max_bytes=60_000_000, ttl_seconds=900)
