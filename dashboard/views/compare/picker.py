"""Selects the images to compare: uploads, a test image, or one of the built-in samples."""

import hashlib
from collections.abc import Sequence

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.dataset.photographs import photographs
from core.dataset.splits import Split
from core.intake.errors import ACCEPTED
from core.plain_english import counted
from core.store import ArtifactError
from dashboard.data.store import load_split
from dashboard.views.compare.image import PART_SIDE, ChosenImage, Selection, Version
from dashboard.views.compare.own_uploads import choose_uploads, offer_removal
from dashboard.views.compare.slow_metrics import MAX_PIXELS_FOR_SLOW_METRICS
from dashboard.views.compare.uploads import LIMITS, MAX_FILES, read_uploads
from dashboard.widgets.reconstruction_cards import plain
from dashboard.widgets.states import show_empty

#: Height and width of the images that the learned codecs were trained on.
_TRAINED_ON = (160, 160)
#: Name in the address of a test image's id.
PARAMETER = "image"
_SAMPLE = "sample"
_PREPARE = "python -m pipelines.prepare"
_NOT_PREPARED = (
    "The link names a test image of the data set, which is not prepared on this machine; a sample "
    "is shown in its place. To see the test image, prepare the data set:"
)
_UNKNOWN = "The link names a test image that the data set does not have; a sample is shown."
_NOT_RESIZED = " Nothing is resized: codecs and metrics work on this grid of pixels."
_LIMITS_LINE = (
    f"{ACCEPTED.removesuffix(' are accepted').replace(' and ', ', ')} or .bnk, "
    f"up to {LIMITS.max_bytes / 1e6:g} MB and {LIMITS.max_pixels / 1e6:g} megapixels, "
    f"{MAX_FILES} at a time. An image is processed in memory and is not stored."
)
_LIMITS_HELP = (
    "A codec that is a program, such as cjxl, gets the image in a temporary file, which is deleted "
    "when the program ends or is stopped."
)
_REMOVED = (
    "Of your list, {files} had to make room for other uploads, of yours or of others. Remove from "
    "the list what you do not need, and upload the rest again."
)
_ROLES = {"images": "Images to compress", "versions": "Versions of the first"}
_ROLES_HELP = (
    "**Images to compress**: each goes through the codecs, with the mean over all of them. "
    "**Versions of the first**: the first file is the original, and the others, made of it by "
    "whatever program, are weighed and measured against it."
)
_PARTS = {"middle": f"Centre {PART_SIDE} x {PART_SIDE}", "whole": "Whole image"}
_PARTS_HELP = (
    "At full resolution, not resized. Comparing the centre of a large image takes seconds; the "
    "whole image may take a minute per codec."
)


def choose_selection(title: str) -> Selection | None:
    """The user's images: uploads if there are any, else a test image, else a sample.

    None where every upload is refused.

    Args:
        title: Title of the page, which stands in the same line.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="source"):
        st.title(title, width="content")
        uploads = choose_uploads()
        container = st.container(horizontal=True, vertical_alignment="center", gap="small")
    st.caption(_LIMITS_LINE, help=_LIMITS_HELP)
    is_asked = any(name in st.query_params for name in (PARAMETER, _SAMPLE))
    if not uploads or (uploads.are_kept and is_asked):
        return _take_own(container)
    if uploads.removed:
        files = counted(uploads.removed, "file")
        st.error(_REMOVED.format(files=files), icon=":material/delete:")
    selection = _take_uploads(uploads.files, container, is_complete=not uploads.removed)
    if uploads.are_kept:
        with container:
            offer_removal(uploads)
    return selection


def choose_part(image: ChosenImage) -> ChosenImage:
    """The image, or the centre of a large one."""
    if image.pixel_count <= MAX_PIXELS_FOR_SLOW_METRICS:
        return image
    part = st.segmented_control(
        "Compare",
        list(_PARTS),
        default="middle",
        format_func=_PARTS.__getitem__,
        required=True,
        key="part",
        bind="query-params",
        help=_PARTS_HELP,
    )
    return image if part == "whole" else image.middle_part()


def describe_image(image: ChosenImage) -> None:
    """Name, size and dimensions of the image, and what the intake changed."""
    height, width = image.pixels.shape[:2]
    size = ""
    if image.upload_bytes is not None:
        rate = 8 * image.upload_bytes / image.pixel_count
        size = f"{image.upload_bytes:,} bytes, {rate:.3f} bits per pixel, "
    resized = "" if (height, width) == _TRAINED_ON else _NOT_RESIZED
    st.markdown(f"**{image.source}**, {size}{width:,} x {height:,} pixels.{resized}")
    for note in image.notes:
        st.info(note, icon=":material/info:")


def _take_uploads(
    uploads: Sequence[UploadedFile], container: DeltaGenerator, *, is_complete: bool
) -> Selection | None:
    read = read_uploads(uploads)
    if not read:
        return None
    if len(read) == 1:
        return Selection((read[0].image,), read[0].image)
    with container:
        role = st.segmented_control(
            "The files are",
            list(_ROLES),
            default="images",
            format_func=_ROLES.__getitem__,
            required=True,
            key="role",
            bind="query-params",
            help=_ROLES_HELP,
        )
        if role == "versions" and not is_complete:
            return None  # the original may be what was removed
        if role == "versions":
            return Selection((read[0].image,), read[0].image, _of_one_size(read))
        images = tuple(version.image for version in read)
        keys = _keys(images)
        shown = st.selectbox(
            "Shown",
            keys,
            format_func=lambda key: (
                f"{keys.index(key) + 1} of {len(keys)}: {images[keys.index(key)].name}"
            ),
            key="shown",
            width=240,
        )
    return Selection(images, images[keys.index(shown)])


def _keys(images: Sequence[ChosenImage]) -> list[str]:
    """Name of each image that stays the same when others are added or removed."""
    digests = [image.digest for image in images]
    return [f"{digest} {digests[:place].count(digest)}" for place, digest in enumerate(digests)]


def _of_one_size(read: Sequence[Version]) -> tuple[Version, ...]:
    """The files after the first that have its size; the others are named."""
    first, *others = read
    shape = first.image.pixels.shape
    fitting = [version for version in others if version.image.pixels.shape == shape]
    for version in others:
        if version.image.pixels.shape != shape:
            height, width = version.image.pixels.shape[:2]
            st.warning(
                f"{plain(version.name)} has {width} x {height} pixels, the original "
                f"{shape[1]} x {shape[0]}: they cannot be compared.",
                icon=":material/block:",
            )
    return tuple(fitting)


def _take_own(container: DeltaGenerator) -> Selection:
    split = _test_split()
    with container:
        test_id = _choose_test_image(split) if split else None
        sample = _choose_sample(is_disabled=test_id is not None)
    if split is not None and test_id is not None:
        image = _take_test_image(split, test_id)
        return Selection((image,), image)
    if asked := st.query_params.get(PARAMETER):
        _say_unknown(asked, split)
    image = ChosenImage(photographs()[sample], f"sample:{sample}", f"Sample: {sample}")
    return Selection((image,), image)


def _say_unknown(asked: str, split: Split | None) -> None:
    if split is None:
        show_empty("This test image is not here", why=_NOT_PREPARED, command=_PREPARE)
    elif asked not in split.ids:
        st.info(_UNKNOWN, icon=":material/link_off:")


def _choose_test_image(split: Split) -> str | None:
    return st.selectbox(
        "A test image of the data set",
        split.ids,
        index=None,
        placeholder="Test image: part of its id",
        key=PARAMETER,
        bind="query-params",
        label_visibility="collapsed",
        width=220,
    )


def _choose_sample(*, is_disabled: bool) -> str:
    titles = list(photographs())
    chosen = st.selectbox(
        "A sample",
        titles,
        key=_SAMPLE,
        bind="query-params",
        disabled=is_disabled,
        label_visibility="collapsed",
        width=220,
    )
    return chosen or titles[0]


def _test_split() -> Split | None:
    """The test images, or None where the data set is not prepared."""
    try:
        return load_split("test")
    except ArtifactError:
        return None


def _take_test_image(split: Split, image_id: str) -> ChosenImage:
    index = split.ids.index(image_id)
    pixels = np.array(split.images[index])
    pixels.flags.writeable = False
    source = f"Test image: {split.classes[index]}, {image_id}"
    return ChosenImage(pixels, hashlib.sha256(pixels.data).hexdigest(), source)
