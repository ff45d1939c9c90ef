"""WebP without loss, with Pillow's default effort."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from core.codecs import webp
from core.codecs.base import Kind, choices
from core.codecs.pillow import PillowCodec

LABEL = "WebP, lossless"
KIND: Kind = "lossless"
SUFFIX = webp.SUFFIX
version = webp.version


@dataclass(frozen=True)
class WebpLossless(PillowCodec):
    """Lossless WebP of libwebp through Pillow.

    Attributes:
        effort: 0 (fast) to 100 (small files); Pillow and libwebp call it quality here too.
        method: 0 (fast) to 6 (small files).
    """

    codec: ClassVar[str] = "webp_lossless"
    format: ClassVar[str] = "WEBP"

    effort: int = field(default=80, metadata=choices(range(0, 101, 10)))
    method: int = field(default=4, metadata=webp.METHODS)

    def options(self) -> dict[str, Any]:
        """Options of Pillow's writer."""
        return {"lossless": True, "quality": self.effort, "method": self.method}


def sweep(store: object = None) -> list[WebpLossless]:
    """The one point of the codec; nothing is read from the store."""
    return [WebpLossless()]
