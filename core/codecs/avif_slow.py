"""AVIF at the slowest speed of libavif, with colour at half resolution (4:2:0)."""

from dataclasses import dataclass, field
from typing import ClassVar

from PIL import _avif

from core.codecs import avif
from core.codecs.base import Kind, choices

LABEL = "AVIF, speed 0"
KIND: Kind = "lossy"
SUFFIX = avif.SUFFIX
DIAL = avif.DIAL


@dataclass(frozen=True)
class AvifSlow(avif.Avif):
    """AVIF that spends more time to save bytes."""

    codec: ClassVar[str] = "avif_slow"

    speed: int = field(default=0, metadata=choices(range(11)))


def version() -> str:
    """Versions of the library and of the encoder inside it."""
    return f"libavif {_avif.libavif_version}, {_avif.codec_versions()}"


def sweep(store: object = None) -> list[AvifSlow]:
    """Curve of the codec; nothing is read from the store."""
    return [AvifSlow(quality) for quality in avif.SWEEP]


def at(value: float, store: object = None) -> AvifSlow:
    """Codec at a quality of 0 to 100."""
    return AvifSlow(round(DIAL.check(value)))
