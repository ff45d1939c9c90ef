"""JPEG with the two options of libjpeg that save bytes and leave the pixels as they are."""

from dataclasses import dataclass
from typing import ClassVar

from core.codecs import jpeg
from core.codecs.base import Kind

LABEL = "JPEG, optimised"
KIND: Kind = "lossy"
SUFFIX = jpeg.SUFFIX
DIAL = jpeg.DIAL
version = jpeg.version


@dataclass(frozen=True)
class JpegOptimized(jpeg.Jpeg):
    """JPEG with Huffman tables made for the image, in progressive scans."""

    codec: ClassVar[str] = "jpeg_optimized"

    optimize: bool = True
    progressive: bool = True


def sweep(store: object = None) -> list[JpegOptimized]:
    """Curve of the codec; nothing is read from the store."""
    return [JpegOptimized(quality) for quality in jpeg.SWEEP]


def at(value: float, store: object = None) -> JpegOptimized:
    """Codec at a quality of 1 to 95."""
    return JpegOptimized(round(DIAL.check(value)))
