"""JPEG as Pillow writes it by default: baseline, 4:2:0, standard Huffman tables."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from core.codecs.base import Dial, Kind, choices
from core.codecs.pillow import PillowCodec, library_version

LABEL = "JPEG"
KIND: Kind = "lossy"
SUFFIX = ".jpg"
# Pillow's documentation advises against values above 95: the file grows and hardly improves.
DIAL = Dial(name="quality", lowest=1, highest=95, step=1, default=75)
# Evenly spaced in log rate on photographs of 160x160, with 25, 50 and 75 of the thesis. Below 2
# nothing shrinks any more: what is left are the headers.
SWEEP = (2, 5, 8, 12, 18, 25, 35, 50, 65, 75, 85, 90)
SUBSAMPLINGS = choices(("4:4:4", "4:2:2", "4:2:0"))


@dataclass(frozen=True)
class Jpeg(PillowCodec):
    """JPEG of libjpeg-turbo through Pillow.

    Attributes:
        quality: 1 to 95, scale of libjpeg's quantisation tables.
        subsampling: Resolution of the colour: `4:4:4`, `4:2:2` or `4:2:0`.
        optimize: Huffman tables made for the image instead of the standard ones.
        progressive: Several scans from coarse to fine.
    """

    codec: ClassVar[str] = "jpeg"
    scale: ClassVar[Dial | None] = DIAL
    format: ClassVar[str] = "JPEG"

    quality: int
    subsampling: str = field(default="4:2:0", metadata=SUBSAMPLINGS)
    optimize: bool = False
    progressive: bool = False

    def options(self) -> dict[str, Any]:
        """Options of Pillow's writer."""
        return {
            "quality": self.quality,
            "subsampling": self.subsampling,
            "optimize": self.optimize,
            "progressive": self.progressive,
        }


def version() -> str:
    """Version of the library inside Pillow."""
    return library_version("libjpeg-turbo", "libjpeg_turbo")


def sweep(store: object = None) -> list[Jpeg]:
    """Curve of the codec; nothing is read from the store."""
    return [Jpeg(quality) for quality in SWEEP]


def at(value: float, store: object = None) -> Jpeg:
    """Codec at a quality of 1 to 95."""
    return Jpeg(round(DIAL.check(value)))
