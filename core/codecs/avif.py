"""AVIF with colour at half resolution (4:2:0), speed 4."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from PIL import _avif

from core.codecs.base import Dial, Kind, choices
from core.codecs.pillow import PillowCodec

LABEL = "AVIF"
KIND: Kind = "lossy"
SUFFIX = ".avif"
DIAL = Dial(name="quality", lowest=0, highest=100, step=1, default=60)
# Evenly spaced in log rate on photographs of 160x160, with 50. As few as a curve needs: no other
# format takes as long.
SWEEP = (20, 32, 41, 50, 58, 67, 76, 84, 90, 94)
#: Fastest speed whose files are about as large as those of the default; 9 and 10 write larger ones.
_DRAFT_SPEED = 8
SUBSAMPLINGS = choices(("4:4:4", "4:2:2", "4:2:0"))


@dataclass(frozen=True)
class Avif(PillowCodec):
    """AVIF of libavif through Pillow.

    Attributes:
        quality: 0 to 100; neighbouring values may give the same file.
        subsampling: Resolution of the colour: `4:4:4`, `4:2:2` or `4:2:0`.
        speed: 0 (small files) to 10 (fast).
        threads: Threads of the encoder; one, so that times compare with those of other formats.
    """

    codec: ClassVar[str] = "avif"
    scale: ClassVar[Dial | None] = DIAL
    format: ClassVar[str] = "AVIF"

    quality: int
    subsampling: str = field(default="4:2:0", metadata=SUBSAMPLINGS)
    speed: int = field(default=4, metadata=choices(range(11)))
    threads: int = 1

    @property
    def draft(self) -> "Avif | None":
        """The same at a much faster speed, with files of about the same size."""
        return replace(self, speed=_DRAFT_SPEED) if self.speed < _DRAFT_SPEED else None

    def options(self) -> dict[str, Any]:
        """Options of Pillow's writer."""
        return {
            "quality": self.quality,
            "subsampling": self.subsampling,
            "speed": self.speed,
            "max_threads": self.threads,
        }


def version() -> str:
    """Versions of the library and of the encoder inside it."""
    return f"libavif {_avif.libavif_version}, {_avif.codec_versions()}"


def sweep(store: object = None) -> list[Avif]:
    """Curve of the codec; nothing is read from the store."""
    return [Avif(quality) for quality in SWEEP]


def at(value: float, store: object = None) -> Avif:
    """Codec at a quality of 0 to 100."""
    return Avif(round(DIAL.check(value)))
