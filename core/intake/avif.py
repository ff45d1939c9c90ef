"""AVIF: Pillow reads it at 8 bits; files with more are read through imagecodecs at full depth."""

import io

import imagecodecs
from PIL import AvifImagePlugin

from core.intake.bmff import read_properties
from core.intake.deep_images import check_deep, convert_deep
from core.intake.errors import Limits
from core.intake.notes import Converted
from core.intake.pillow_formats import convert_opened


def decode_avif(data: bytes, limits: Limits) -> Converted:
    """First frame, upright, in 8-bit sRGB on white.

    Raises:
        ImageError: The image is too large.
        Exception: The file is damaged.
    """
    properties = read_properties(data)
    image = AvifImagePlugin.AvifImageFile(io.BytesIO(data))
    if properties.bits <= 8:
        return convert_opened(image, properties, limits)
    check_deep(image.size, limits)
    values = imagecodecs.avif_decode(data, index=0, numthreads=1)
    if values.dtype.itemsize == 1:  # the boxes state more than there is
        return convert_opened(image, properties, limits)
    return convert_deep(image, values, properties)
