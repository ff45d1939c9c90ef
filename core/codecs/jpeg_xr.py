"""JPEG XR, lossy, with the default settings of jxrlib."""

import struct
from dataclasses import dataclass
from typing import ClassVar

import imagecodecs
import numpy as np

from core.codecs.base import Dial, Kind, Knobs, check_decoded
from core.errors import CodecError
from core.images import Image

if not imagecodecs.JPEGXR.available:
    raise ImportError("This imagecodecs has no JPEG XR.", name="an imagecodecs with JPEG XR")

LABEL = "JPEG XR"
KIND: Kind = "lossy"
SUFFIX = ".jxr"
DIAL = Dial(name="quality", lowest=1, highest=99, step=1, default=75)
# Evenly spaced in log rate on photographs of 160x160.
SWEEP = (2, 7, 12, 18, 26, 34, 42, 48, 56, 66, 76, 84)

# Rec. ITU-T T.832 (2019), annex A: the file is a table of tags as in TIFF, version 1, and one
# codestream, whose position and length two tags state.
_SIGNATURE = b"II\xbc\x01"
_IMAGE_OFFSET, _IMAGE_BYTE_COUNT = 0xBCC0, 0xBCC1
_FAILURES = (RuntimeError, ValueError, MemoryError)

# jxrlib halves the colour below quality 50 and then refuses images of less than two macroblocks.
_FULL_COLOR_QUALITY, _LEAST_WIDTH = 50, 17


@dataclass(frozen=True)
class JpegXr(Knobs):
    """JPEG XR of jxrlib through imagecodecs.

    Attributes:
        quality: 1 to 99, a hundred times jxrlib's level; 100 would be lossless. Images of at most
            16 pixels in width are coded at 50 or more, for jxrlib refuses them below.
    """

    codec: ClassVar[str] = "jpeg_xr"
    scale: ClassVar[Dial | None] = DIAL

    quality: int

    def encode(self, image: Image) -> bytes:
        """Whole file for the image.

        Raises:
            CodecError: The format cannot hold the image.
        """
        is_narrow = image.shape[1] < _LEAST_WIDTH
        quality = max(self.quality, _FULL_COLOR_QUALITY) if is_narrow else self.quality
        try:
            data = imagecodecs.jpegxr_encode(np.ascontiguousarray(image), level=quality / 100)
        except _FAILURES as error:
            raise CodecError(f"JPEG XR cannot hold this image: {error}") from error
        return bytes(data)

    def decode(self, data: bytes) -> Image:
        """Image of a complete file.

        Raises:
            CodecError: The file is damaged, cut short or of another format.
        """
        # jxrlib gives an image for a file that ends in the middle.
        if not _is_complete(data):
            raise CodecError("Expected a complete JPEG XR file; its codestream is missing or cut.")
        try:
            pixels = imagecodecs.jpegxr_decode(data)
        except _FAILURES as error:
            raise CodecError(
                f"Expected a complete JPEG XR file; the decoder says: {error}."
            ) from error
        return check_decoded(pixels, "JPEG XR")


def _is_complete(data: bytes) -> bool:
    """Whether the file contains the whole codestream that its tags state."""
    if not data.startswith(_SIGNATURE):
        return False
    try:
        (table,) = struct.unpack_from("<I", data, 4)
        (count,) = struct.unpack_from("<H", data, table)
        entries = [struct.unpack_from("<HHII", data, table + 2 + 12 * n) for n in range(count)]
    except struct.error:
        return False
    values: dict[int, int] = {tag: value for tag, _, _, value in entries}
    length = values.get(_IMAGE_BYTE_COUNT, 0)
    return length > 0 and values.get(_IMAGE_OFFSET, 0) + length <= len(data)


def version() -> str:
    """Version of the encoder."""
    return str(imagecodecs.jpegxr_version())


def sweep(store: object = None) -> list[JpegXr]:
    """Curve of the codec; nothing is read from the store."""
    return [JpegXr(quality) for quality in SWEEP]


def at(value: float, store: object = None) -> JpegXr:
    """Codec at a quality of 1 to 99."""
    return JpegXr(round(DIAL.check(value)))
