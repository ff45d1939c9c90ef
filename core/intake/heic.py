"""HEIC, the photographs of phones, through the optional package pillow-heif."""

import io
from importlib.util import find_spec

import numpy as np

from core.intake.bmff import read_properties
from core.intake.deep_images import check_deep, convert_deep
from core.intake.errors import Limits
from core.intake.notes import Converted
from core.intake.pillow_formats import convert_opened


def is_heic_supported() -> bool:
    """Whether the optional package is installed."""
    try:
        return find_spec("pillow_heif") is not None
    except ValueError:  # the module was taken out of reach
        return False


def decode_heic(data: bytes, limits: Limits) -> Converted:
    """Main image, upright, in 8-bit sRGB on white.

    Raises:
        ImageError: The image is too large.
        Exception: The file is damaged.
    """
    from pillow_heif import HeifImageFile, open_heif

    properties = read_properties(data)
    if properties.size:
        limits.check_size(*properties.size)
    image = HeifImageFile(io.BytesIO(data))  # type: ignore[no-untyped-call]
    if properties.bits <= 8:
        return convert_opened(image, properties, limits)
    check_deep(image.size, limits)
    file = open_heif(io.BytesIO(data), convert_hdr_to_8bit=False, hdr_to_16bit=False)
    deep = file[file.primary_index]
    values = np.asarray(deep, np.uint16)
    return convert_deep(image, values, properties, premultiplied=deep.premultiplied_alpha)
