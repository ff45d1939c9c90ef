"""AVIF with colour at full resolution (4:4:4) at its slowest useful speed, 1 of libavif.

Speed 0 takes more than twice as long and saves hardly anything more at equal PSNR; speeds 2 and 3
are little faster and save less.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from core.codecs import avif, avif_444
from core.codecs.base import Kind, choices

LABEL = "AVIF 4:4:4, speed 1"
KIND: Kind = "lossy"
SUFFIX = avif.SUFFIX
DIAL = avif.DIAL
version = avif.version


@dataclass(frozen=True)
class AvifSlow(avif_444.Avif444):
    """AVIF that spends more time to save bytes."""

    codec: ClassVar[str] = "avif_slow"

    speed: int = field(default=1, metadata=choices(range(11)))


def sweep(store: object = None) -> list[AvifSlow]:
    """Curve of the codec; nothing is read from the store."""
    return [AvifSlow(quality) for quality in avif.SWEEP]


def at(value: float, store: object = None) -> AvifSlow:
    """Codec at a quality of 0 to 100."""
    return AvifSlow(round(DIAL.check(value)))
