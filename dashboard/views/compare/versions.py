"""Sizes and metrics of compressed versions that the user made of an image."""

from collections.abc import Sequence
from pathlib import PurePath

import numpy as np
import streamlit as st

from core.evaluation.comparison import Reconstruction
from core.evaluation.record import Record
from core.evaluation.visitor_jobs import PILOT_SIDE, measured_against, measuring_seconds
from dashboard.data.bounded_cache import BoundedCache
from dashboard.data.crops import middle_of
from dashboard.data.reconstructions import Show
from dashboard.data.visitor_jobs import Call, start_tasks, wait_for
from dashboard.views.compare.image import ChosenImage, Version
from dashboard.views.compare.slow_metrics import chosen_metrics
from dashboard.widgets.reconstruction_cards import plain


def weigh_versions(
    image: ChosenImage, versions: Sequence[Version], *, slow: bool, show: Show
) -> list[Reconstruction]:
    """Bytes and metrics of each file, as if a codec had made it.

    Args:
        image: The original.
        versions: The files.
        slow: Whether to measure also what takes seconds per megapixel.
        show: As `dashboard.data.visitor_jobs.wait_for` takes it.
    """
    names = chosen_metrics(slow=slow)
    keys = [(image.digest, version.image.digest, names) for version in versions]
    known = [_kept().get(key) for key in keys]
    missing = [index for index, values in enumerate(known) if values is None]
    calls = [_call(image, versions[index], names) for index in missing]
    tasks = start_tasks(calls)
    wait_for(tasks, show=show)
    problems: dict[int, str] = {}
    for index, task in zip(missing, tasks, strict=True):
        if task.error is not None:
            problems[index] = str(task.error)
        else:
            known[index] = task.value
            _kept().put(keys[index], task.value)
    return [
        _weighed(image, version, known[index], number=index + 1, problem=problems.get(index))
        for index, version in enumerate(versions)
    ]


def _call(image: ChosenImage, version: Version, names: tuple[str, ...]) -> Call:
    reference, pixels = image.pixels, version.image.pixels
    middles = (middle_of(each, PILOT_SIDE) for each in (reference, pixels))
    return Call(
        plain(version.name),
        measured_against,
        (reference, pixels, names),
        measuring_seconds,
        (*middles, names, image.pixel_count),
    )


def _weighed(
    image: ChosenImage,
    version: Version,
    values: dict[str, float | None] | None,
    *,
    number: int,
    problem: str | None,
) -> Reconstruction:
    height, width = image.pixels.shape[:2]
    record = Record(
        image="",
        codec=f"your file {number}",
        setting="",
        width=width,
        height=height,
        bytes=len(version.data),
        bits_per_pixel=8 * len(version.data) / image.pixel_count,
        metrics=values or {},
        lossless=bool(np.array_equal(image.pixels, version.image.pixels)),
        error=problem,
    )
    suffix = PurePath(version.name).suffix or ".bin"
    return Reconstruction(
        version.name, suffix, record, version.data, version.image.pixels, problem=problem
    )


@st.cache_resource(show_spinner=False)
def _kept() -> BoundedCache:
    return BoundedCache(max_bytes=2_000_000, ttl_seconds=1800)
