"""The size of an image from its header, before a process is given the work of decoding it."""

import io
import struct

from core.intake.bmff import read_properties
from core.intake.errors import Limits
from core.intake.formats import (
    HEIC,
    JPEG_2000,
    JPEG_XL,
    JPEG_XR,
    READERS,
    identify,
    read_jpeg_2000_sizes,
    read_webp_size,
)
from core.intake.jpeg_xl_header import read_header
from core.intake.jpeg_xr_header import read_jpeg_xr_size
from core.intake.parts import check_parts

Size = tuple[int, int]


def check_stated_sizes(data: bytes, limits: Limits) -> None:
    """Refuses an image by the sizes in its header, where no C library is needed to read them.

    Raises:
        ImageError: The image is too large or empty.
    """
    try:
        sizes = _read_plainly(data)
    except Exception:  # what is wrong with the file is the decoder's to say
        return
    for size in sizes:
        limits.check_size(*size)


def read_pixel_count(data: bytes) -> int:
    """Width times height by the header; 0 where it cannot be read, as decoding will tell why."""
    try:
        sizes = _read_plainly(data) or [_read_by_pillow(data)]
    except Exception:  # as above
        return 0
    return max(width * height for width, height in sizes)


def _read_plainly(data: bytes) -> list[Size]:
    """Sizes in headers that are read here; empty for other formats."""
    name = identify(data)
    if name == "PNG":
        width, height = struct.unpack_from(">II", data, 16)
        return [(width, height)]
    if name == "WebP":
        return [read_webp_size(data)]
    if name == JPEG_XL:
        header = read_header(data)
        return [(header.width, header.height)]
    if name == HEIC:
        size = read_properties(data).size
        return [size] if size else []
    if name == JPEG_XR:
        return [read_jpeg_xr_size(data)]
    return read_jpeg_2000_sizes(data) if name == JPEG_2000 else []


def _read_by_pillow(data: bytes) -> Size:
    name = identify(data) or ""
    return READERS[name](io.BytesIO(check_parts(data, name))).size
