"""JPEG XL without loss (modular mode), effort 7."""

from dataclasses import dataclass
from typing import Any, ClassVar

from core.codecs import jpeg_xl
from core.codecs.base import Kind

LABEL = "JPEG XL, lossless"
KIND: Kind = "lossless"
SUFFIX = jpeg_xl.SUFFIX
version = jpeg_xl.version


@dataclass(frozen=True)
class JpegXlLossless(jpeg_xl.JpegXlCodec):
    """JPEG XL that restores every pixel."""

    codec: ClassVar[str] = "jpeg_xl_lossless"

    def options(self) -> dict[str, Any]:
        """Options of the encoder beside effort and threads."""
        return {"lossless": True}


def sweep(store: object = None) -> list[JpegXlLossless]:
    """The one point of the codec; nothing is read from the store."""
    return [JpegXlLossless()]
