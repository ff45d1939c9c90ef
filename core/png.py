"""PNG files of pixels as they are."""

import io

import PIL.Image

from core.images import Image, check_image


def encode_png(image: Image) -> bytes:
    """PNG file with exactly these pixels, without metadata."""
    buffer = io.BytesIO()
    PIL.Image.fromarray(check_image(image)).save(buffer, format="PNG")
    return buffer.getvalue()
