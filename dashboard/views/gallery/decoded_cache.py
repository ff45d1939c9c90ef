"""Images as codecs reconstruct them, cached; what takes long is made by worker processes."""

import functools
import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

from core.codecs import Codec, Reference, get_codec
from core.codecs.base import OperatingPoint
from core.evaluation.comparison import CodecConfig, Reconstruction, operating_point
from core.images import Image
from core.store import ArtifactStore
from dashboard.charts.image_ranking import MeasuredPoint
from dashboard.data.reconstructions import reconstructions, wanted
from dashboard.data.store import open_store, store_state
from dashboard.data.visitor_jobs import Task, queue_line

#: Up to this size an image is coded where the page runs: an image of 160x160 has half of it.
_SMALL_PIXELS = 50_000


def decoded_image(image: Image, point: MeasuredPoint) -> Image:
    """The image after encoding and decoding at an operating point.

    Raises:
        ArtifactError: The weights of a learned codec are missing or damaged.
        ValueError: There is no such codec or setting, or it does not take the image.
    """
    digest = hashlib.sha256(np.ascontiguousarray(image).data).hexdigest()
    if image.shape[0] * image.shape[1] > _SMALL_PIXELS:
        return pixels_of(made_by_worker(image, point))
    return _decoded(point, store_state(f"models/{point.codec}"), digest, image)


def made_by_worker(
    image: Image, point: MeasuredPoint, *, metric_names: tuple[str, ...] = ()
) -> Reconstruction:
    """What a worker process makes of an image: it has a queue, and ends when a visitor leaves.

    Args:
        image: The original.
        point: The operating point.
        metric_names: Metrics to measure.

    Raises:
        ArtifactError: The weights of a learned codec are missing or damaged.
        ValueError: There is no such codec, or it has the setting for small images alone.
    """
    digest = hashlib.sha256(np.ascontiguousarray(image).data).hexdigest()
    config = CodecConfig(point.codec, point.dial)
    if operating_point(config, open_store()).setting != point.setting:
        raise ValueError(f"{point.setting} is shown for images of 160x160 pixels alone.")
    status = functools.cache(st.empty)  # no element where the outcome is known

    def show(tasks: Sequence[Task]) -> None:
        status().caption(queue_line(tasks))

    asked = [wanted(config, goal=None, metric_names=metric_names)]
    [made] = reconstructions(_Original(image, digest), asked, show=show, is_patient=True)
    if status.cache_info().currsize:
        status().empty()
    return made


def pixels_of(made: Reconstruction) -> Image:
    """The decoded image.

    Raises:
        ValueError: There is none; the text says why.
    """
    if made.decoded is None:
        raise ValueError(made.problem or "It gives no image.")
    return made.decoded


class _Original(NamedTuple):
    """An image with the hash of its pixels, as `reconstructions` takes it."""

    pixels: Image
    digest: str


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
