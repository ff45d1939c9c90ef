"""PNG files of pixels as they are."""

import io

import numpy as np
import PIL.Image

from core.images import Image, check_image


def encode_png(image: Image) -> bytes:
    """PNG file with exactly these pixels, without metadata."""
    buffer = io.BytesIO()
    PIL.Image.fromarray(check_image(image)).save(buffer, format="PNG")
    return buffer.getvalue()


def decode_png(data: bytes) -> Image:
    """Image of a PNG file of 8 bits and three colours, read-only, uint8 (H, W, 3).

    Raises:
        OSError: It is no PNG file.
        ValueError: Its image is of another kind.
    """
    with PIL.Image.open(io.BytesIO(data), formats=("PNG",)) as opened:
        pixels = check_image(np.array(opened))
    pixels.flags.writeable = False
    return pixels
