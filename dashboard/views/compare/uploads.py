"""Reads uploads: images of every accepted format, and files of our codecs."""

import hashlib
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.entropy.bitstream import MAGIC
from core.evaluation.visitor_jobs import open_coded_file
from core.intake.decode import DecodedImage
from core.intake.errors import DecoderFailed, ImageError, IntakeBusy, Limits
from core.jobs.errors import JobError, QueueBusy
from dashboard.data.bounded_cache import BoundedCache
from dashboard.data.store import open_store, store_state
from dashboard.data.visitor_jobs import (
    Call,
    Task,
    queue_line,
    queue_words,
    start_tasks,
    wait_for,
)
from dashboard.views.compare.image import ChosenImage, Version
from dashboard.widgets.reconstruction_cards import plain

LIMITS = Limits()
MAX_FILES = 20
#: Bytes of all files of one visitor together.
MAX_BYTES = 100_000_000
#: Bytes of all decoded images that are kept: eight photographs of 12 megapixels.
_MAX_DECODED_BYTES = 300_000_000
#: After so long a file that its decoder did not survive is tried again.
_RETRY_SECONDS = 60.0


@dataclass(frozen=True)
class _Refusal:
    """Reason why a file is not accepted.

    Attributes:
        sentence: The reason.
        until: Time on the monotonic clock after which the file is looked at again.
    """

    sentence: str
    until: float = math.inf


def read_uploads(uploads: Sequence[UploadedFile]) -> list[Version]:
    """The files that could be read, in their order; the others are refused on the page by name."""
    read, total = [], 0
    for upload in uploads[:MAX_FILES]:
        total += upload.size
        if total > MAX_BYTES:
            st.error(f"The files have more than {MAX_BYTES / 1e6:g} MB together; remove some.")
            break
        if (version := _read(upload, is_alone=len(uploads) == 1)) is not None:
            read.append(version)
    if len(uploads) > MAX_FILES:
        st.warning(f"At most {MAX_FILES} files are compared at a time; the others are left out.")
    return read


def _read(upload: UploadedFile, *, is_alone: bool) -> Version | None:
    data = upload.getvalue()
    digest = hashlib.sha256(data).hexdigest()
    found = _decoded(digest, data)
    if isinstance(found, _Refusal):
        name = "" if is_alone else f"{plain(upload.name)}: "
        st.error(f"{name}{plain(found.sentence)}", icon=":material/broken_image:")
        return None
    source = (
        f"Your {found.format} image"
        if is_alone
        else f"Your {found.format} image {plain(upload.name)}"
    )
    image = ChosenImage(found.pixels, digest, source, found.notes, len(data), upload.name)
    return Version(image, upload.name, data)


def _decoded(digest: str, data: bytes) -> DecodedImage | _Refusal:
    """The image in a file, or why there is none; both are remembered by the file's digest."""
    is_coded = data[:1] == bytes([MAGIC])
    key = (digest, store_state("models/") if is_coded else "")
    found: DecodedImage | _Refusal | None = _kept().get(key)
    if found is None or (isinstance(found, _Refusal) and time.monotonic() > found.until):
        try:
            found = _open_coded(data) if is_coded else _decode(data)
        except (QueueBusy, IntakeBusy) as error:  # of the moment, so not remembered
            return _Refusal(str(error))
        except (DecoderFailed, JobError) as error:  # perhaps of a busy machine
            found = _Refusal(str(error), time.monotonic() + _RETRY_SECONDS)
        except ImageError as error:
            found = _Refusal(str(error))
        _kept().put(key, found)
    return found


def _decode(data: bytes) -> DecodedImage:
    """Image in a file, decoded in a process that ends when the visitor leaves.

    Raises:
        IntakeBusy: Too many others are being read.
        ImageError: The file is not accepted.
    """
    from core.intake.isolation import decode_image_isolated

    line = st.empty()

    def show(before: int | None) -> None:
        line.caption(f"Reading the image … {'' if before is None else queue_words(before)}")

    show(None)
    try:
        found = decode_image_isolated(data, limits=LIMITS, show=show)
    finally:
        line.empty()
    found.pixels.flags.writeable = False
    return found


def _open_coded(data: bytes) -> DecodedImage:
    """Image in a file of one of our codecs, decoded in a worker process.

    Raises:
        JobError: The file is refused.
    """
    LIMITS.check_bytes(len(data))
    container = st.empty()
    tasks = start_tasks([Call("Reading the file", open_coded_file, (data, open_store().root))])

    def show(pending: Sequence[Task]) -> None:
        container.caption(queue_line(pending))

    wait_for(tasks, show=show)
    container.empty()
    if tasks[0].error is not None:
        raise tasks[0].error
    found = tasks[0].value
    height, width = found.pixels.shape[:2]
    LIMITS.check_size(width, height)
    found.pixels.flags.writeable = False
    return DecodedImage(found.pixels, found.label)


@st.cache_resource(show_spinner=False)
def _kept() -> BoundedCache:
    return BoundedCache(max_bytes=_MAX_DECODED_BYTES, ttl_seconds=900)
