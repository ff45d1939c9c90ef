"""JPEG XL without loss (modular mode), effort 7."""

from dataclasses import dataclass
from typing import Any, ClassVar

from core.codecs.base import Kind
from core.codecs.jpeg_xl import SUFFIX as JPEG_XL_SUFFIX
from core.codecs.jpeg_xl import JpegXlCodec

LABEL = "JPEG XL, lossless"
KIND: Kind = "lossless"
SUFFIX = JPEG_XL_SUFFIX


@dataclass(frozen=True)
class JpegXlLossless(JpegXlCodec):
    """JPEG XL that restores every pixel."""

    codec: ClassVar[str] = "jpeg_xl_lossless"

    def options(self) -> dict[str, Any]:
        """Options of the encoder beside effort and threads."""
        return {"lossless": True}


def sweep(store: object = None) -> list[JpegXlLossless]:
    """The one point of the codec; nothing is read from the store."""
    return [JpegXlLossless()]
