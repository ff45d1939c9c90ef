"""Takes a picture from a person: an upload, or one of the built-in samples."""

import hashlib
from dataclasses import dataclass

import streamlit as st

from core.dataset import sample_pictures
from core.images import Image, ImageError, Limits, Picture
from core.intake.errors import ACCEPTED

LIMITS = Limits()
#: Height and width of the pictures that the learned codecs were trained on.
_TRAINED_ON = (160, 160)
_NOT_RESIZED = " Nothing is resized: codecs and metrics work on this grid of pixels."
_LIMITS_LINE = (
    f"{ACCEPTED.removesuffix(' are accepted')}, up to {LIMITS.max_bytes / 1e6:g} MB and "
    f"{LIMITS.max_pixels / 1e6:g} megapixels. The picture is processed in the memory of the "
    "machine that runs this page and is not stored."
)


@dataclass(frozen=True)
class ChosenPicture:
    """The picture that codecs are compared on.

    Attributes:
        pixels: The picture, read-only.
        digest: Hash of what it was made from; equal digests are equal pictures.
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


def choose_picture() -> ChosenPicture | None:
    """The upload if there is one, else the chosen sample; None for an upload that is refused."""
    left, right = st.columns(2, gap="large")
    with left:
        upload = st.file_uploader(
            "Your picture",
            key="upload",
            max_upload_size=20,
            help="Pixels are never resized. Metrics are taken on the picture at its own size.",
        )
        st.caption(_LIMITS_LINE)
    with right:
        sample = st.pills(
            "Or a sample",
            list(sample_pictures()),
            default=next(iter(sample_pictures())),
            required=True,
            key="sample",
            bind="query-params",
            disabled=upload is not None,
            wrap=True,
        )
        if upload is not None:
            st.caption("The upload is shown. Take it away to come back to the samples.")
    if upload is None:
        return _take_sample(sample or next(iter(sample_pictures())))
    return _take_upload(upload.getvalue())


def describe_picture(picture: ChosenPicture) -> None:
    """What the picture is, and what the intake changed."""
    height, width = picture.pixels.shape[:2]
    size = f"{picture.upload_bytes:,} bytes, " if picture.upload_bytes is not None else ""
    resized = "" if (height, width) == _TRAINED_ON else _NOT_RESIZED
    st.markdown(
        f"**{picture.source}**, {size}{width:,} x {height:,} pixels "
        f"({picture.pixel_count / 1e6:.2f} megapixels).{resized}"
    )
    for note in picture.notes:
        st.info(note, icon=":material/info:")


def _take_sample(title: str) -> ChosenPicture:
    return ChosenPicture(sample_pictures()[title], f"sample:{title}", f"Sample: {title}")


def _take_upload(data: bytes) -> ChosenPicture | None:
    digest = hashlib.sha256(data).hexdigest()
    try:
        picture = _decode(digest, data)
    except ImageError as error:
        st.error(str(error), icon=":material/broken_image:")
        return None
    source = f"Your {picture.format} picture"
    return ChosenPicture(picture.pixels, digest, source, picture.notes, len(data))


@st.cache_data(max_entries=8, max_size="200MB", ttl=900, show_spinner="Reading the picture …")
def _decode(digest: str, _data: bytes) -> Picture:
    from core.isolation import decode_picture_isolated

    return decode_picture_isolated(_data, limits=LIMITS)
