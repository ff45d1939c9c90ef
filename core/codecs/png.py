"""PNG as Pillow writes it by default."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from PIL import features

from core.codecs.base import Kind, choices
from core.codecs.pillow import PillowCodec, library_version

LABEL = "PNG"
KIND: Kind = "lossless"
SUFFIX = ".png"


@dataclass(frozen=True)
class Png(PillowCodec):
    """PNG with a filter chosen per row.

    Attributes:
        compress_level: 0 (none) to 9 (small files) of zlib.
    """

    codec: ClassVar[str] = "png"
    format: ClassVar[str] = "PNG"

    compress_level: int = field(default=6, metadata=choices(range(10)))

    def options(self) -> dict[str, Any]:
        """Options of Pillow's writer."""
        return {"compress_level": self.compress_level}


def version() -> str:
    """Version of the library inside Pillow that compresses."""
    if features.check("zlib_ng"):
        return library_version("zlib-ng", "zlib_ng")
    return library_version("zlib", "zlib")


def sweep(store: object = None) -> list[Png]:
    """The one point of the codec; nothing is read from the store."""
    return [Png()]
