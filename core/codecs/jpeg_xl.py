"""JPEG XL, lossy (VarDCT), effort 7."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

import imagecodecs

from core.codecs.base import Dial, Kind, Knobs, check_decoded, choices
from core.errors import CodecError
from core.images import Image

LABEL = "JPEG XL"
KIND: Kind = "lossy"
SUFFIX = ".jxl"
# From 20 on libjxl halves the resolution, and files become larger again.
DIAL = Dial(name="distance", lowest=0.05, highest=19.95, step=0.05, default=1, rising=False)
# Evenly spaced in log rate on photographs of 160x160, with 4.
SWEEP = (17.0, 13.0, 10.0, 7.5, 5.5, 4.0, 3.0, 2.2, 1.6, 1.15, 0.8)

# What imagecodecs was seen to raise on damaged files (JpegxlError is a RuntimeError), and on one
# that announces more pixels than there is memory for.
_FAILURES = (RuntimeError, ValueError, MemoryError)


@dataclass(frozen=True)
class JpegXlCodec(Knobs, ABC):
    """JPEG XL of libjxl through imagecodecs.

    Attributes:
        effort: 1 (fast) to 9 (small files).
        threads: Threads; one, so that times compare with those of other formats.
    """

    effort: int = field(default=7, metadata=choices(range(1, 10)))
    threads: int = 1

    @abstractmethod
    def options(self) -> dict[str, Any]:
        """Options of the encoder beside effort and threads."""

    def encode(self, image: Image) -> bytes:
        """Whole file for the image.

        Raises:
            CodecError: The format cannot hold the image.
        """
        try:
            data = imagecodecs.jpegxl_encode(
                image, effort=self.effort, numthreads=self.threads, **self.options()
            )
        except _FAILURES as error:
            raise CodecError(f"JPEG XL cannot hold this image: {error}") from error
        return bytes(data)

    def decode(self, data: bytes) -> Image:
        """Image of a complete file.

        Raises:
            CodecError: The file is damaged, cut short or of another format.
        """
        try:
            pixels = imagecodecs.jpegxl_decode(data, numthreads=self.threads)
        except _FAILURES as error:
            raise CodecError(
                f"Expected a complete JPEG XL file; the decoder says: {error}."
            ) from error
        return check_decoded(pixels, "JPEG XL")


@dataclass(frozen=True, kw_only=True)
class JpegXl(JpegXlCodec):
    """Lossy JPEG XL.

    Attributes:
        distance: Butteraugli distance: 0.05 (nearly exact) to 19.95; 1 is meant to look lossless.
    """

    codec: ClassVar[str] = "jpeg_xl"
    scale: ClassVar[Dial | None] = DIAL

    distance: float

    def options(self) -> dict[str, Any]:
        """Options of the encoder beside effort and threads."""
        return {"distance": self.distance}


def version() -> str:
    """Version of the library inside imagecodecs."""
    return str(imagecodecs.jpegxl_version())


def sweep(store: object = None) -> list[JpegXl]:
    """Curve of the codec; nothing is read from the store."""
    return [JpegXl(distance=distance) for distance in SWEEP]


def at(value: float, store: object = None) -> JpegXl:
    """Codec at a distance of 0.05 to 19.95."""
    return JpegXl(distance=DIAL.check(value))
