"""AVIF with colour at full resolution (4:4:4) at its slowest useful speed, 1 of libavif.

Measured on 12 images of the validation split over the sweep of AVIF, libavif 1.4.2 with
aom 3.14.1, one thread on two busy cores; BD-rates are against speed 4 (`avif_444`):

| speed | seconds per image | BD-rate, PSNR | SSIM | SSIMULACRA2 |
|---|---|---|---|---|
| 0 | 1.60 | -4.3 % | -3.1 % | -8.5 % |
| 1 | 0.70 | -4.1 % | -2.8 % | -8.5 % |
| 2 | 0.60 | -3.8 % | -2.5 % | -8.8 % |
| 3 | 0.41 | -3.0 % | -2.4 % | -7.6 % |
| 4 | 0.21 | 0 | 0 | 0 |

Speed 0 takes 2.3 times as long as speed 1 and saves another quarter of a percent at equal PSNR.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from PIL import _avif

from core.codecs import avif, avif_444
from core.codecs.base import Kind, choices

LABEL = "AVIF 4:4:4, speed 1"
KIND: Kind = "lossy"
SUFFIX = avif.SUFFIX
DIAL = avif.DIAL


@dataclass(frozen=True)
class AvifSlow(avif_444.Avif444):
    """AVIF that spends more time to save bytes."""

    codec: ClassVar[str] = "avif_slow"

    speed: int = field(default=1, metadata=choices(range(11)))


def version() -> str:
    """Versions of the library and of the encoder inside it."""
    return f"libavif {_avif.libavif_version}, {_avif.codec_versions()}"


def sweep(store: object = None) -> list[AvifSlow]:
    """Curve of the codec; nothing is read from the store."""
    return [AvifSlow(quality) for quality in avif.SWEEP]


def at(value: float, store: object = None) -> AvifSlow:
    """Codec at a quality of 0 to 100."""
    return AvifSlow(round(DIAL.check(value)))
