"""JPEG 2000 with the 9/7 wavelet and the colour transform, at a target quality in decibels."""

from dataclasses import dataclass
from typing import Any, ClassVar

from core.codecs.base import Dial, Kind
from core.codecs.pillow import PillowCodec, library_version
from core.errors import CodecError
from core.images import Image

LABEL = "JPEG 2000"
KIND: Kind = "lossy"
SUFFIX = ".jp2"
DIAL = Dial(name="quality_db", lowest=20, highest=50, step=0.1, default=36)
# Evenly spaced in log rate on photographs of 160x160.
SWEEP = (23.5, 24.5, 25.5, 27.0, 28.5, 30.0, 32.0, 34.0, 36.5, 39.0, 42.0)

_END_OF_CODESTREAM = b"\xff\xd9"


@dataclass(frozen=True)
class Jpeg2000(PillowCodec):
    """JPEG 2000 of OpenJPEG through Pillow.

    Pillow leaves the irreversible wavelet and the colour transform off, which suits lossless
    files; lossy ones of the same quality are about twice as large without them.

    Attributes:
        quality_db: Peak signal-to-noise ratio in dB at which the encoder stops.
        irreversible: The 9/7 wavelet, made for lossy files, instead of the 5/3 one.
        colour_transform: Brightness and colour differences instead of red, green and blue.
    """

    codec: ClassVar[str] = "jpeg2000"
    scale: ClassVar[Dial | None] = DIAL
    format: ClassVar[str] = "JPEG2000"

    quality_db: float
    irreversible: bool = True
    colour_transform: bool = True

    def options(self) -> dict[str, Any]:
        """Options of Pillow's writer."""
        return {
            "quality_mode": "dB",
            "quality_layers": [self.quality_db],
            "irreversible": self.irreversible,
            "mct": int(self.colour_transform),
        }

    def decode(self, data: bytes) -> Image:
        """Image of a complete file.

        Raises:
            CodecError: The file is damaged, cut short or of another format.
        """
        # OpenJPEG gives a grey image for a file that ends right after its headers.
        if not data.endswith(_END_OF_CODESTREAM):
            raise CodecError("Expected a complete JPEG2000 file; its end is missing.")
        return super().decode(data)


def version() -> str:
    """Version of the library inside Pillow."""
    return library_version("OpenJPEG", "jpg_2000")


def sweep(store: object = None) -> list[Jpeg2000]:
    """Curve of the codec; nothing is read from the store."""
    return [Jpeg2000(quality_db) for quality_db in SWEEP]


def at(value: float, store: object = None) -> Jpeg2000:
    """Codec at a target of 20 to 50 dB."""
    return Jpeg2000(DIAL.check(value))
