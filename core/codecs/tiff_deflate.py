"""TIFF with deflate compression."""

from dataclasses import dataclass
from typing import ClassVar

from core.codecs import tiff_lzw
from core.codecs.base import Kind

LABEL = "TIFF, deflate"
KIND: Kind = "lossless"
SUFFIX = tiff_lzw.SUFFIX
version = tiff_lzw.version


@dataclass(frozen=True)
class TiffDeflate(tiff_lzw.TiffLzw):
    """TIFF that holds one zlib stream per strip."""

    codec: ClassVar[str] = "tiff_deflate"

    compression: str = "tiff_adobe_deflate"


def sweep(store: object = None) -> list[TiffDeflate]:
    """The one point of the codec; nothing is read from the store."""
    return [TiffDeflate()]
