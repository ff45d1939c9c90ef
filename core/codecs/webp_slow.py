"""WebP by its most thorough method."""

from dataclasses import dataclass, field
from typing import ClassVar

from core.codecs import webp
from core.codecs.base import Kind

LABEL = "WebP, method 6"
KIND: Kind = "lossy"
SUFFIX = webp.SUFFIX
DIAL = webp.DIAL
version = webp.version


@dataclass(frozen=True)
class WebpSlow(webp.Webp):
    """Lossy WebP that spends more time to save bytes."""

    codec: ClassVar[str] = "webp_slow"

    method: int = field(default=6, metadata=webp.METHODS)


def sweep(store: object = None) -> list[WebpSlow]:
    """Curve of the codec; nothing is read from the store."""
    return [WebpSlow(quality) for quality in webp.SWEEP]


def at(value: float, store: object = None) -> WebpSlow:
    """Codec at a quality of 0 to 100."""
    return WebpSlow(round(DIAL.check(value)))
