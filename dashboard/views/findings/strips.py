"""One image through the methods of the thesis, and through BNK at equal bytes."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis.findings import MethodRow
from core.dataset.splits import sample_images
from core.evaluation.comparison import BYTES, CodecConfig, Goal, reconstruct, reconstruct_at
from core.images import Image
from core.metrics import psnr_db, ssim
from core.metrics.base import Metric
from core.store import ArtifactError
from dashboard import formats
from dashboard.data.store import load_split, open_store, store_state
from dashboard.widgets.pixels import show_pixels

SIDE = 160
#: Test images that can be chosen, evenly taken from the sorted ids.
COUNT = 6
#: JPEG at these qualities gives the sizes that BNK is brought to; each search takes seconds.
EQUAL_TO_JPEG = (50,)
_LEARNED = "bottleneck"
_METRICS: Mapping[str, Metric] = {"psnr_db": psnr_db, "ssim": ssim}
HELP = (
    "Every image is decoded from its file and shown pixel by pixel; for an autoencoder, from the "
    "file of its latent. BNK, our learned codec, is shown at the file size of the JPEG named."
)


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
    """The chosen image and what each method makes of it.

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
    image = images[title]
    learned = [tile for row in rows if (tile := _autoencoder(row, means, image)) is not None]
    formats_of_thesis = [_format(row, image) for row in rows if row.published.dial is not None]
    equal = [_equal(tile, image) for tile in _targets(formats_of_thesis)]
    _show_row([MethodImage("Original", image), *learned, *equal])
    _show_row(formats_of_thesis)


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
    """The built-in photographs as the data set would keep them."""
    return {title: _stored(title) for title in sample_images()}


@st.cache_data(max_entries=16, show_spinner=False)
def _stored(title: str) -> Image:
    import PIL.Image

    from core.dataset.preparation.decoding import stored_image

    kept = stored_image(PIL.Image.fromarray(sample_images()[title]))
    return np.asarray(kept, dtype=np.uint8)


def _autoencoder(row: MethodRow, means: pd.DataFrame, image: Image) -> MethodImage | None:
    if not row.published.is_autoencoder:
        return None
    codec = row.published.codec
    at = (means["codec"] == codec) & (means["setting"] == row.weighed_setting)
    dials = means.loc[at, "dial"].dropna()
    if dials.empty:
        return MethodImage(row.published.label, None, problem="Not measured yet.")
    return _tile(row.published.label, CodecConfig(codec, float(dials.iloc[0])), None, image)


def _format(row: MethodRow, image: Image) -> MethodImage:
    config = CodecConfig(row.published.codec, row.published.dial)
    return _tile(row.published.label, config, None, image)


def _targets(tiles: Sequence[MethodImage]) -> list[MethodImage]:
    wanted = [f"JPEG, quality {quality}" for quality in EQUAL_TO_JPEG]
    return [tile for tile in tiles if tile.title in wanted and tile.size]


def _equal(target: MethodImage, image: Image) -> MethodImage:
    quality = target.title.rpartition(" ")[2]
    goal = Goal(BYTES, float(target.size or 0))
    return _tile(f"BNK at the bytes of JPEG {quality}", CodecConfig(_LEARNED), goal, image)


def _tile(title: str, config: CodecConfig, goal: Goal | None, image: Image) -> MethodImage:
    digest = hashlib.sha256(image.tobytes()).hexdigest()
    return _reconstructed(title, config, goal, digest, store_state(f"models/{config.codec}"), image)


@st.cache_data(max_entries=256, max_size="60MB", show_spinner=False)
def _reconstructed(
    title: str, config: CodecConfig, goal: Goal | None, digest: str, state: str, _image: Image
) -> MethodImage:
    store = open_store()
    found = (
        reconstruct(config, _image, metrics=_METRICS, store=store)
        if goal is None
        else reconstruct_at(goal, config, _image, metrics=_METRICS, store=store)
    )
    if found.problem is not None or found.decoded is None or found.data is None:
        return MethodImage(title, None, problem=found.problem)
    return MethodImage(
        title,
        found.decoded,
        len(found.data),
        psnr_db.measure(_image, found.decoded),
        ssim.measure(_image, found.decoded),
    )


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
