"""JPEG XL by the command cjxl of libjxl, effort 7."""

from dataclasses import dataclass, field
from typing import ClassVar

from core.codecs.base import Dial, Kind, choices
from core.codecs.external.command_line import (
    CommandLineCodec,
    program_version,
    require_programs,
)

require_programs("cjxl", "djxl")

LABEL = "JPEG XL, cjxl"
KIND: Kind = "lossy"
SUFFIX = ".jxl"
DIAL = Dial(name="distance", lowest=0.05, highest=15, step=0.05, default=1, rising=False)
SWEEP = (13.0, 10.0, 7.5, 5.5, 4.0, 3.0, 2.2, 1.6, 1.15, 0.8)


@dataclass(frozen=True)
class Cjxl(CommandLineCodec):
    """JPEG XL of the installed cjxl.

    Attributes:
        distance: Butteraugli distance: 0.05 (nearly exact) to 15; 1 is meant to look lossless.
        effort: 1 (fast) to 9 (small files).
    """

    codec: ClassVar[str] = "cjxl"
    scale: ClassVar[Dial | None] = DIAL
    suffix: ClassVar[str] = SUFFIX
    encoder: ClassVar[str] = (
        "cjxl {input} {output} --distance={distance:g} --effort={effort} --num_threads=0"
    )
    decoder: ClassVar[str] = "djxl {input} {output} --num_threads=0"

    distance: float
    effort: int = field(default=7, metadata=choices(range(1, 10)))


def version() -> str:
    """Version of the installed encoder."""
    return f"cjxl {program_version('cjxl --version')}"


def sweep(store: object = None) -> list[Cjxl]:
    """Curve of the codec; nothing is read from the store."""
    return [Cjxl(distance) for distance in SWEEP]


def at(value: float, store: object = None) -> Cjxl:
    """Codec at a distance of 0.05 to 15."""
    return Cjxl(DIAL.check(value))
