"""JPEG XR: 8-bit RGB and grey, through jxrlib."""

import imagecodecs
import numpy as np
from PIL import Image

from core.intake.errors import ImageError, Limits
from core.intake.jpeg_xr_header import (
    BYTE_COUNT,
    ICC_PROFILE,
    OFFSET,
    PIXEL_FORMAT,
    Tag,
    read_jpeg_xr_size,
    read_tags,
)
from core.intake.notes import Converted
from core.intake.profiles import apply_profile, convert_plainly

#: All identifiers of pixel formats begin alike; the last byte tells them apart.
_PIXEL_FORMATS = bytes.fromhex("24c3dd6f034efe4bb1853d77768dc9")
_GREY, _BGR, _RGB = b"\x08", b"\x0c", b"\x0d"
_READ_FORMATS = frozenset(_PIXEL_FORMATS + last for last in (_GREY, _BGR, _RGB))


def decode_jpeg_xr(data: bytes, limits: Limits) -> Converted:
    """Image in 8-bit sRGB.

    Raises:
        ImageError: The image is too large, or has other samples than 8-bit RGB or grey.
        Exception: The file is damaged or cut short.
    """
    limits.check_size(*read_jpeg_xr_size(data))
    tags = read_tags(data)
    if _content(data, tags[PIXEL_FORMAT]) not in _READ_FORMATS:
        raise ImageError("Of JPEG XR files only those of 8-bit RGB or grey samples are read.")
    if tags[OFFSET].value + tags[BYTE_COUNT].value > len(data):
        raise ValueError("The codestream is cut off.")  # jxrlib would give part of an image
    image = Image.fromarray(np.asarray(imagecodecs.jpegxr_decode(data), np.uint8))
    limits.check_size(*image.size)
    profile = _content(data, tags[ICC_PROFILE]) if ICC_PROFILE in tags else None
    return apply_profile(image, profile) if profile else convert_plainly(image)


def _content(data: bytes, tag: Tag) -> bytes:
    return data[tag.value : tag.value + tag.value_count]
