"""WebP as Pillow writes it by default: lossy, method 4."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from core.codecs.base import Dial, Kind, choices
from core.codecs.pillow import PillowCodec, library_version

LABEL = "WebP"
KIND: Kind = "lossy"
SUFFIX = ".webp"
DIAL = Dial(name="quality", lowest=0, highest=100, step=1, default=80)
# Evenly spaced in log rate on photographs of 160x160, with 25, 50 and 75 of the thesis.
SWEEP = (1, 3, 7, 12, 18, 25, 37, 50, 75, 82, 88, 93)
METHODS = choices(range(7))


@dataclass(frozen=True)
class Webp(PillowCodec):
    """Lossy WebP of libwebp through Pillow.

    Attributes:
        quality: 0 to 100.
        method: 0 (fast) to 6 (small files).
    """

    codec: ClassVar[str] = "webp"
    scale: ClassVar[Dial | None] = DIAL
    format: ClassVar[str] = "WEBP"

    quality: int
    method: int = field(default=4, metadata=METHODS)

    def options(self) -> dict[str, Any]:
        """Options of Pillow's writer."""
        return {"quality": self.quality, "method": self.method}


def version() -> str:
    """Version of the library inside Pillow."""
    return library_version("libwebp", "webp")


def sweep(store: object = None) -> list[Webp]:
    """Curve of the codec; nothing is read from the store."""
    return [Webp(quality) for quality in SWEEP]


def at(value: float, store: object = None) -> Webp:
    """Codec at a quality of 0 to 100."""
    return Webp(round(DIAL.check(value)))
