"""HEIC with colour at full resolution (4:4:4), by x265 as libheif sets it."""

from dataclasses import dataclass, field
from typing import ClassVar

from core.codecs import heic
from core.codecs.base import Kind

LABEL = "HEIC 4:4:4"
KIND: Kind = "lossy"
SUFFIX = heic.SUFFIX
DIAL = heic.DIAL
version = heic.version


@dataclass(frozen=True)
class Heic444(heic.Heic):
    """HEIC that keeps as many samples of colour as of brightness."""

    codec: ClassVar[str] = "heic_444"

    subsampling: str = field(default="4:4:4", metadata=heic.SUBSAMPLINGS)


def sweep(store: object = None) -> list[Heic444]:
    """Curve of the codec; nothing is read from the store."""
    return [Heic444(quality) for quality in heic.SWEEP]


def at(value: float, store: object = None) -> Heic444:
    """Codec at a quality of 0 to 100."""
    return Heic444(round(DIAL.check(value)))
