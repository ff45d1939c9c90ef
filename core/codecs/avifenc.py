"""AVIF 4:4:4 by the command avifenc of libavif, speed 2."""

from dataclasses import dataclass, field
from typing import ClassVar

from core.codecs.base import Dial, Kind, choices
from core.codecs.external.command_line import (
    CommandLineCodec,
    program_version,
    require_programs,
)

require_programs("avifenc", "avifdec")

LABEL = "AVIF 4:4:4, avifenc"
KIND: Kind = "lossy"
SUFFIX = ".avif"
DIAL = Dial(name="quantizer", lowest=1, highest=63, step=1, default=24, rising=False)
#: libaom in the list of codecs that avifenc prints, such as `aom [enc/dec]:v3.6.0`.
_AOM = r"\baom \[[^]]*\]:v?(\d+(?:\.\d+)+)"
SWEEP = (60, 55, 50, 45, 40, 34, 28, 22, 16, 10)


@dataclass(frozen=True)
class Avifenc(CommandLineCodec):
    """AVIF of the installed avifenc.

    Attributes:
        quantizer: 1 (best) to 63 (smallest); the encoder's constant-quality level.
        speed: 0 (small files) to 10 (fast).
    """

    codec: ClassVar[str] = "avifenc"
    scale: ClassVar[Dial | None] = DIAL
    suffix: ClassVar[str] = SUFFIX
    encoder: ClassVar[str] = (
        "avifenc --codec aom --yuv 444 --jobs 1 --speed {speed} --min 0 --max 63 "
        "-a end-usage=q -a cq-level={quantizer} {input} {output}"
    )
    decoder: ClassVar[str] = "avifdec --jobs 1 {input} {output}"

    quantizer: int
    speed: int = field(default=2, metadata=choices(range(11)))


def version() -> str:
    """Versions of the installed program and of libaom, the encoder that it is linked to."""
    command = "avifenc --version"
    return f"avifenc {program_version(command)}, aom {program_version(command, _AOM)}"


def sweep(store: object = None) -> list[Avifenc]:
    """Curve of the codec; nothing is read from the store."""
    return [Avifenc(quantizer) for quantizer in SWEEP]


def at(value: float, store: object = None) -> Avifenc:
    """Codec at a quantizer of 1 to 63."""
    return Avifenc(round(DIAL.check(value)))
