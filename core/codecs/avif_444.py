"""AVIF with colour at full resolution (4:4:4), speed 4."""

from dataclasses import dataclass, field
from typing import ClassVar

from core.codecs import avif
from core.codecs.base import Kind

LABEL = "AVIF 4:4:4"
KIND: Kind = "lossy"
SUFFIX = avif.SUFFIX
DIAL = avif.DIAL
version = avif.version


@dataclass(frozen=True)
class Avif444(avif.Avif):
    """AVIF that keeps as many samples of colour as of brightness."""

    codec: ClassVar[str] = "avif_444"

    subsampling: str = field(default="4:4:4", metadata=avif.SUBSAMPLINGS)


def sweep(store: object = None) -> list[Avif444]:
    """Curve of the codec; nothing is read from the store."""
    return [Avif444(quality) for quality in avif.SWEEP]


def at(value: float, store: object = None) -> Avif444:
    """Codec at a quality of 0 to 100."""
    return Avif444(round(DIAL.check(value)))
