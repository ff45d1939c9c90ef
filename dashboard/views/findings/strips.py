"""One image reconstructed by the methods of the thesis, and by BNK at equal bytes."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis.findings import MethodRow
from core.dataset.splits import sample_images
from core.evaluation.comparison import BYTES, CodecConfig, Goal, Reconstruction
from core.images import Image
from core.store import ArtifactError
from dashboard import formats
from dashboard.data.reconstructions import Show, reconstructions, wanted
from dashboard.data.samples import stored_sample
from dashboard.data.store import load_split
from dashboard.data.visitor_jobs import Task, queue_line
from dashboard.widgets.pixels import show_pixels

SIDE = 160
#: Test images that can be chosen, evenly taken from the sorted ids.
COUNT = 6
#: JPEG at these qualities gives the sizes that BNK is brought to; each search takes seconds.
EQUAL_TO_JPEG = (50,)
_LEARNED = "bottleneck"
_METRICS = ("psnr_db", "ssim")
HELP = (
    "Every image is decoded from its file and shown pixel by pixel; for an autoencoder, from the "
    "file of its latent. BNK, our learned codec, is shown at the file size of the JPEG named."
)


class StripImage(NamedTuple):
    """The image of a strip, as `dashboard.data.reconstructions` takes it."""

    pixels: Image
    digest: str


class Method(NamedTuple):
    """What is done to the image.

    Attributes:
        title: Name of the method.
        config: Codec and setting; None where none was measured.
        goal: Size that its dial is turned to; None to keep the setting.
    """

    title: str
    config: CodecConfig | None
    goal: Goal | None = None


class MethodImage(NamedTuple):
    """One reconstruction.

    Attributes:
        title: Method.
        pixels: Image that comes back; None where there is a problem.
        size: Bytes of the file; None for the original.
        psnr: PSNR in dB; None for the original.
        ssim: SSIM; None for the original.
        problem: Why there is no image.
    """

    title: str
    pixels: Image | None
    size: int | None = None
    psnr: float | None = None
    ssim: float | None = None
    problem: str | None = None


def show_strips(rows: Sequence[MethodRow], means: pd.DataFrame) -> None:
    """The selected image and its reconstruction by each method.

    Args:
        rows: The ten methods of the thesis.
        means: Means per codec and setting, which know the dial of each setting.
    """
    images = test_images() or samples()
    title = st.pills(
        "Image",
        list(images),
        default=next(iter(images)),
        required=True,
        key="strip",
        bind="query-params",
        wrap=True,
    )
    image = StripImage(images[title], hashlib.sha256(images[title].tobytes()).hexdigest())
    place = st.empty()

    def show(tasks: Sequence[Task]) -> None:
        place.caption(queue_line(tasks))

    methods = [method for row in rows if (method := _method(row, means)) is not None]
    tiles = _tiles(image, methods, show)
    equal = _tiles(image, [_equal(tile) for tile in _targets(tiles)], show)
    place.empty()
    learned = [tile for tile in tiles if tile.title in _autoencoders(rows)]
    _show_row([MethodImage("Original", image.pixels), *learned, *equal])
    _show_row([tile for tile in tiles if tile not in learned])


def test_images() -> dict[str, Image]:
    """Some test images by title; none where the data set is not prepared."""
    try:
        split = load_split("test")
    except ArtifactError:
        return {}
    indices = np.linspace(0, len(split.ids) - 1, min(COUNT, len(split.ids))).round().astype(int)
    return {
        f"{split.classes[index]} {number}": np.array(split.images[index], dtype=np.uint8)
        for number, index in enumerate(dict.fromkeys(indices.tolist()), start=1)
    }


def samples() -> dict[str, Image]:
    """The built-in photographs, resized to 160x160."""
    return {title: stored_sample(title) for title in sample_images()}


def _autoencoders(rows: Sequence[MethodRow]) -> set[str]:
    return {row.published.label for row in rows if row.published.is_autoencoder}


def _method(row: MethodRow, means: pd.DataFrame) -> Method | None:
    """Autoencoder or format of the thesis at its operating point; None for a lossless one."""
    codec, title = row.published.codec, row.published.label
    if not row.published.is_autoencoder:
        dial = row.published.dial
        return None if dial is None else Method(title, CodecConfig(codec, dial))
    at = (means["codec"] == codec) & (means["setting"] == row.weighed_setting)
    dials = means.loc[at, "dial"].dropna()
    return Method(title, None if dials.empty else CodecConfig(codec, float(dials.iloc[0])))


def _targets(tiles: Sequence[MethodImage]) -> list[MethodImage]:
    wanted_titles = [f"JPEG, quality {quality}" for quality in EQUAL_TO_JPEG]
    return [tile for tile in tiles if tile.title in wanted_titles and tile.size]


def _equal(target: MethodImage) -> Method:
    quality = target.title.rpartition(" ")[2]
    goal = Goal(BYTES, float(target.size or 0))
    return Method(f"BNK at the bytes of JPEG {quality}", CodecConfig(_LEARNED), goal)


def _tiles(image: StripImage, methods: Sequence[Method], show: Show) -> list[MethodImage]:
    """Reconstructions by each method, computed in worker processes."""
    asked = {
        method: wanted(method.config, goal=method.goal, metric_names=_METRICS)
        for method in methods
        if method.config is not None
    }
    found = reconstructions(image, list(asked.values()), show=show, is_short=True)
    by_method = dict(zip(asked, found, strict=True))
    return [_tile(method, by_method.get(method)) for method in methods]


def _tile(method: Method, found: Reconstruction | None) -> MethodImage:
    if found is None:
        return MethodImage(method.title, None, problem="Not measured yet.")
    if found.problem is not None or found.decoded is None:
        return MethodImage(method.title, None, problem=found.problem)
    record = found.record
    psnr, ssim = (record.metrics.get(name) for name in _METRICS)
    return MethodImage(method.title, found.decoded, record.bytes, psnr, ssim)


def _show_row(tiles: Sequence[MethodImage]) -> None:
    with st.container(horizontal=True, gap="small"):
        for tile in tiles:
            with st.container(width=SIDE, gap="xsmall"):
                _show_tile(tile)


def _show_tile(tile: MethodImage) -> None:
    if tile.pixels is None:
        st.markdown(f"**{tile.title}**")
        st.caption(tile.problem or "")
        return
    show_pixels(tile.pixels, alt=tile.title)
    if tile.size is None or tile.psnr is None or tile.ssim is None:
        st.markdown(f"**{tile.title}**")
        return
    st.markdown(
        f"**{tile.title}**  \n{formats.byte_count(tile.size)}  \n"
        f"{formats.decibels(tile.psnr)} · {formats.metric_text('ssim', tile.ssim)}"
    )
