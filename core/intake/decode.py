"""Turns the bytes of any accepted image into upright 8-bit sRGB pixels, or one clear refusal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.intake.avif import decode_avif
from core.intake.errors import ACCEPTED, MEMORY_SENTENCE, ImageError, Limits
from core.intake.formats import HEIC, JPEG_2000, JPEG_XL, JPEG_XR, describe, identify
from core.intake.heic import decode_heic, is_heic_supported
from core.intake.jpeg_2000 import decode_jpeg_2000
from core.intake.jpeg_xl import decode_jpeg_xl
from core.intake.jpeg_xr import decode_jpeg_xr
from core.intake.notes import Converted
from core.intake.parts import check_parts
from core.intake.pillow_formats import decode_with_pillow
from core.intake.png_file import decode_png
from core.intake.tiff import decode_tiff


@dataclass(frozen=True)
class DecodedImage:
    """A decoded image.

    Attributes:
        pixels: uint8, shape (height, width, 3), sRGB, upright.
        format: Name of the file format, such as `JPEG XL`.
        notes: Sentences for the person who gave it: what was changed on the way.
    """

    pixels: NDArray[np.uint8]
    format: str
    notes: tuple[str, ...] = ()


def decode_image(data: bytes, *, limits: Limits = Limits()) -> DecodedImage:  # noqa: B008 frozen
    """Image in a file that a person gives: first frame, upright, sRGB, on white.

    Args:
        data: The whole file. What it is follows from its bytes alone.
        limits: How large it may be; checked before anything is decoded.

    Raises:
        ImageError: The file is not accepted. Nothing else is ever raised.
    """
    name = check_file(data, limits)
    with _one_error(name, limits):
        converted = _decode(check_parts(data, name), name, limits)
        return DecodedImage(np.array(converted.image, order="C"), name, converted.notes)


def check_file(data: bytes, limits: Limits) -> str:
    """Name of the format of a file, from its length and first bytes alone.

    Raises:
        ImageError: The file is too long or begins like no accepted format.
    """
    if not isinstance(data, bytes):
        raise ImageError(f"The bytes of an image are needed; received {type(data).__name__}.")
    limits.check_bytes(len(data))
    name = identify(data)
    if name is None or (name == HEIC and not is_heic_supported()):
        raise ImageError(f"This is not a supported image: received {describe(data)}; {ACCEPTED}.")
    return name


_DECODERS: dict[str, Callable[[bytes, Limits], Converted]] = {
    "AVIF": decode_avif,
    "PNG": decode_png,
    "TIFF": decode_tiff,
    HEIC: decode_heic,
    JPEG_2000: decode_jpeg_2000,
    JPEG_XL: decode_jpeg_xl,
    JPEG_XR: decode_jpeg_xr,
}


def _decode(data: bytes, name: str, limits: Limits) -> Converted:
    decoder = _DECODERS.get(name)
    return decoder(data, limits) if decoder else decode_with_pillow(data, name, limits)


@contextmanager
def _one_error(name: str, limits: Limits) -> Iterator[None]:
    """Turns whatever a decoder raises into one sentence."""
    try:
        yield
    except ImageError:
        raise
    except MemoryError:
        raise ImageError(MEMORY_SENTENCE) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageError(
            f"The image is too large; at most {limits.max_pixels / 1e6:g} megapixels are accepted."
        ) from None
    except Exception as error:  # decoders raise seven types; a person needs one sentence
        raise ImageError(
            f"The {name} file cannot be read: it is damaged, incomplete or of an unusual kind."
        ) from error
