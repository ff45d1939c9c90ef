"""Turns the bytes of any accepted image into upright 8-bit sRGB pixels, or one clear refusal."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from core.intake import jpeg_xl
from core.intake.colors import DEPTH_NOTE, FRAMES_NOTE, check_finite, reduce_16_bit, to_srgb
from core.intake.errors import ACCEPTED, MEMORY_SENTENCE, ImageError, Limits
from core.intake.formats import JPEG_XL, READERS, describe, identify, read_webp_size
from core.intake.parts import check_parts

_ORIENTATION_TAG = 0x0112


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
    try:
        return _decode_jpeg_xl(data, limits) if name == JPEG_XL else _decode(data, name, limits)
    except ImageError:
        raise
    except MemoryError:
        raise ImageError(MEMORY_SENTENCE) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageError(
            f"The image is too large; at most {limits.max_pixels / 1e6:g} megapixels are accepted."
        ) from None
    except Exception as error:  # decoders raise seven types; a visitor needs one sentence
        raise ImageError(
            f"The {name} file cannot be read: it is damaged, incomplete or of an unusual kind."
        ) from error


def check_file(data: bytes, limits: Limits) -> str:
    """Name of the format of a file, from its length and first bytes alone.

    Raises:
        ImageError: The file is too long or begins like no accepted format.
    """
    if not isinstance(data, bytes):
        raise ImageError(f"The bytes of an image are needed; received {type(data).__name__}.")
    limits.check_bytes(len(data))
    name = identify(data)
    if name is None:
        raise ImageError(f"This is not a supported image: received {describe(data)}; {ACCEPTED}.")
    return name


def _decode(data: bytes, name: str, limits: Limits) -> DecodedImage:
    check_parts(data, name)
    if name == "WebP":
        limits.check_size(*read_webp_size(data))
    image = READERS[name](io.BytesIO(data))
    limits.check_size(*image.size)
    raw_modes = " ".join(str(tile.args) for tile in image.tile)
    notes = _prepare(image, raw_modes)
    image.load()
    limits.check_size(*image.size)  # a GIF frame may reach beyond the canvas in the header
    converted = to_srgb(image, white_level=4095 if "I;12" in raw_modes else 65535)
    pixels = _turn_upright(np.asarray(converted.image), _read_orientation(image))
    return DecodedImage(np.array(pixels, order="C"), name, notes + converted.notes)


def _prepare(image: ImageFile.ImageFile, raw_modes: str) -> tuple[str, ...]:
    """Notes on what loading hides: further frames, and depths that Pillow reduces by itself."""
    deep = ";16" in raw_modes and image.mode[0] not in "IF"
    transparent = image.info.get("transparency")
    if deep and isinstance(transparent, tuple):  # Pillow keeps its 16 bits and compares the low 8
        image.info["transparency"] = tuple(level >> 8 for level in transparent)
    frames = getattr(image, "is_animated", False)
    return ((FRAMES_NOTE,) if frames else ()) + ((DEPTH_NOTE,) if deep else ())


def _read_orientation(image: Image.Image) -> int:
    """EXIF orientation 1 to 8; 1 when it is absent, out of range or unreadable."""
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # metadata must not cost the image
        return 1
    return orientation if orientation in range(1, 9) else 1


def _turn_upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels


def _decode_jpeg_xl(data: bytes, limits: Limits) -> DecodedImage:
    header = jpeg_xl.read_header(data)
    limits.check_size(header.width, header.height)
    samples = jpeg_xl.decode_frame(data)
    limits.check_size(samples.shape[1], samples.shape[0])
    notes: tuple[str, ...] = (FRAMES_NOTE,) if header.animated else ()
    if samples.dtype != np.uint8:
        notes += (DEPTH_NOTE,)
        samples = _reduce_deep(samples)
    converted = to_srgb(Image.fromarray(samples))
    return DecodedImage(np.array(converted.image), JPEG_XL, notes + converted.notes)


def _reduce_deep(samples: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Samples of JPEG XL on 0..255; its floats are nominally 0..1."""
    if samples.dtype == np.uint16:
        return reduce_16_bit(samples.astype(np.uint16, copy=False))
    check_finite(samples.astype(np.float32, copy=False))
    values: NDArray[np.float32] = np.clip(samples, 0, 1, dtype=np.float32)
    values *= 255
    return np.rint(values, out=values).astype(np.uint8)
