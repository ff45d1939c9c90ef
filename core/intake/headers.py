"""The size of an image from its header, to grant the decoder its memory."""

import io
import struct

from core.intake.bmff import read_properties
from core.intake.formats import (
    HEIC,
    JPEG_XL,
    READERS,
    identify,
    is_jpeg_2000,
    read_jpeg_2000_sizes,
)
from core.intake.jpeg_xl_header import read_header
from core.intake.parts import check_parts


def read_pixel_count(data: bytes) -> int:
    """Width times height by the header; 0 where it cannot be read, as decoding will tell why."""
    try:
        width, height = _read_size(data)
    except Exception:  # what is wrong with the file is the decoder's to say
        return 0
    return width * height


def _read_size(data: bytes) -> tuple[int, int]:
    name = identify(data)
    if name == JPEG_XL:
        header = read_header(data)
        return header.width, header.height
    if name == "PNG":
        width, height = struct.unpack_from(">II", data, 16)
        return width, height
    if name == HEIC:
        return read_properties(data).size or (0, 0)
    if name is None and is_jpeg_2000(data):
        return read_jpeg_2000_sizes(data)[0]
    name = name or ""
    return READERS[name](io.BytesIO(check_parts(data, name))).size
