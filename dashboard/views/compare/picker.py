"""Takes an image from a person: an upload, a test image, or one of the built-in samples."""

import hashlib
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.dataset.splits import Split, sample_images
from core.images import Image
from core.intake.decode import DecodedImage
from core.intake.errors import ACCEPTED, ImageError, Limits
from core.store import ArtifactError
from dashboard.data.store import load_split
from dashboard.widgets.states import show_empty

LIMITS = Limits()
#: Height and width of the images that the learned codecs were trained on.
_TRAINED_ON = (160, 160)
#: Name in the address of a test image's id.
PARAMETER = "image"
_PREPARE = "python -m pipelines.prepare"
_NOT_PREPARED = (
    "The link names a test image of the data set, which is not prepared on this machine. Take a "
    "sample or an image of your own, or prepare the data set:"
)
_NOT_RESIZED = " Nothing is resized: codecs and metrics work on this grid of pixels."
_LIMITS_LINE = (
    f"{ACCEPTED.removesuffix(' are accepted')}, up to {LIMITS.max_bytes / 1e6:g} MB and "
    f"{LIMITS.max_pixels / 1e6:g} megapixels. The image is processed in the memory of the "
    "machine that runs this page and is not stored."
)


@dataclass(frozen=True)
class ChosenImage:
    """The image that codecs are compared on.

    Attributes:
        pixels: The image, read-only.
        digest: Hash of what it was made from; equal digests are equal images.
        source: What it is, in words of our own.
        notes: Sentences on what the intake changed.
        upload_bytes: Size of the uploaded file; None for a sample.
    """

    pixels: Image
    digest: str
    source: str
    notes: tuple[str, ...] = ()
    upload_bytes: int | None = None

    @property
    def pixel_count(self) -> int:
        """Width times height."""
        return self.pixels.shape[0] * self.pixels.shape[1]


def choose_image() -> ChosenImage | None:
    """The upload if there is one, else the test image, else the sample that a person chose.

    None for an upload that is refused, and for a test image that is not on this machine.
    """
    left, right = st.columns(2, gap="large")
    with left:
        upload = st.file_uploader(
            "Your image",
            key="upload",
            max_upload_size=20,
            help="Pixels are never resized. Metrics are taken on the image at its own size.",
        )
        st.caption(_LIMITS_LINE)
    with right:
        split = _test_split()
        test_id = _choose_test_image(split, is_disabled=upload is not None) if split else None
        sample = _choose_sample(is_disabled=upload is not None or test_id is not None)
        if upload is not None:
            st.caption("The upload is shown. Take it away to come back to the images here.")
    if upload is not None:
        return _take_upload(upload.getvalue())
    if split is None and PARAMETER in st.query_params:
        show_empty("This test image is not here", why=_NOT_PREPARED, command=_PREPARE)
        return None
    if split is not None and test_id is not None:
        return _take_test_image(split, test_id)
    return _take_sample(sample)


def describe_image(image: ChosenImage) -> None:
    """What the image is, and what the intake changed."""
    height, width = image.pixels.shape[:2]
    size = f"{image.upload_bytes:,} bytes, " if image.upload_bytes is not None else ""
    resized = "" if (height, width) == _TRAINED_ON else _NOT_RESIZED
    st.markdown(
        f"**{image.source}**, {size}{width:,} x {height:,} pixels "
        f"({image.pixel_count / 1e6:.2f} megapixels).{resized}"
    )
    for note in image.notes:
        st.info(note, icon=":material/info:")


def _choose_test_image(split: Split, *, is_disabled: bool) -> str | None:
    return st.selectbox(
        "A test image of the data set",
        split.ids,
        index=None,
        placeholder="Type a part of its id, or come here from the gallery",
        key=PARAMETER,
        bind="query-params",
        disabled=is_disabled,
    )


def _choose_sample(*, is_disabled: bool) -> str:
    titles = list(sample_images())
    chosen = st.pills(
        "Or a sample",
        titles,
        default=titles[0],
        required=True,
        key="sample",
        bind="query-params",
        disabled=is_disabled,
        wrap=True,
    )
    return chosen or titles[0]


def _test_split() -> Split | None:
    """The test images, or None where the data set is not prepared."""
    try:
        return load_split("test")
    except ArtifactError:
        return None


def _take_test_image(split: Split, image_id: str) -> ChosenImage:
    place = split.ids.index(image_id)
    pixels = np.array(split.images[place])
    pixels.flags.writeable = False
    source = f"Test image: {split.classes[place]}, {image_id}"
    return ChosenImage(pixels, hashlib.sha256(pixels).hexdigest(), source)


def _take_sample(title: str) -> ChosenImage:
    return ChosenImage(sample_images()[title], f"sample:{title}", f"Sample: {title}")


def _take_upload(data: bytes) -> ChosenImage | None:
    digest = hashlib.sha256(data).hexdigest()
    try:
        image = _decode(digest, data)
    except ImageError as error:
        st.error(str(error), icon=":material/broken_image:")
        return None
    source = f"Your {image.format} image"
    return ChosenImage(image.pixels, digest, source, image.notes, len(data))


@st.cache_data(max_entries=8, max_size="200MB", ttl=900, show_spinner="Reading the image …")
def _decode(digest: str, _data: bytes) -> DecodedImage:
    from core.intake.isolation import decode_image_isolated

    return decode_image_isolated(_data, limits=LIMITS)
