"""TIFF with LZW compression, the lossless format of the thesis."""

from dataclasses import dataclass
from typing import Any, ClassVar

from core.codecs.base import Kind
from core.codecs.pillow import PillowCodec, library_version

LABEL = "TIFF, LZW"
KIND: Kind = "lossless"
SUFFIX = ".tif"


@dataclass(frozen=True)
class TiffLzw(PillowCodec):
    """TIFF of libtiff through Pillow.

    Attributes:
        compression: Pillow's name of a lossless compression.
    """

    codec: ClassVar[str] = "tiff_lzw"
    format: ClassVar[str] = "TIFF"

    compression: str = "tiff_lzw"

    def options(self) -> dict[str, Any]:
        """Options of Pillow's writer."""
        return {"compression": self.compression}


def version() -> str:
    """Version of the library inside Pillow."""
    return library_version("libtiff", "libtiff")


def sweep(store: object = None) -> list[TiffLzw]:
    """The one point of the codec; nothing is read from the store."""
    return [TiffLzw()]
