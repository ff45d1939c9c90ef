"""HEIC with colour at half resolution (4:2:0), by x265 as libheif sets it."""

from dataclasses import dataclass, field
from io import BytesIO
from typing import ClassVar

import numpy as np
import PIL.Image
import pillow_heif

from core.codecs.base import Dial, Kind, Knobs, check_decoded, choices
from core.errors import CodecError
from core.images import Image

LABEL = "HEIC"
KIND: Kind = "lossy"
SUFFIX = ".heic"
DIAL = Dial(name="quality", lowest=0, highest=100, step=1, default=50)
# Evenly spaced in log rate on photographs of 160x160.
SWEEP = (5, 14, 20, 26, 32, 38, 45, 52, 61, 71)
SUBSAMPLINGS = choices(("4:4:4", "4:2:2", "4:2:0"))

# What pillow-heif was seen to raise on damaged files, and on images of other formats.
_FAILURES = (
    *(OSError, EOFError, SyntaxError, ValueError, LookupError, RuntimeError, MemoryError),
    Warning,
)


@dataclass(frozen=True)
class Heic(Knobs):
    """HEIC of libheif and x265 through pillow-heif, on one thread.

    Attributes:
        quality: 0 to 100.
        subsampling: Resolution of the colour: `4:4:4`, `4:2:2` or `4:2:0`.
    """

    codec: ClassVar[str] = "heic"
    scale: ClassVar[Dial | None] = DIAL

    quality: int
    subsampling: str = field(default="4:2:0", metadata=SUBSAMPLINGS)

    def encode(self, image: Image) -> bytes:
        """Whole file for the image.

        Raises:
            CodecError: The format cannot hold the image.
        """
        file = BytesIO()
        try:
            pillow_heif.from_pillow(PIL.Image.fromarray(image)).save(
                file,
                quality=self.quality,
                chroma=self.subsampling.replace(":", ""),
                enc_params={"x265:pools": "none", "x265:frame-threads": "1"},
            )
        except _FAILURES as error:
            raise CodecError(f"HEIC cannot hold this image: {_sentence(error)}") from error
        return file.getvalue()

    def decode(self, data: bytes) -> Image:
        """Image of a complete file.

        Raises:
            CodecError: The file is damaged, cut short or of another format.
        """
        pillow_heif.options.DECODE_THREADS = 1
        try:
            pixels = np.array(pillow_heif.open_heif(data))
        except _FAILURES as error:
            raise CodecError(
                f"Expected a complete HEIC file; the decoder says: {_sentence(error)}"
            ) from error
        return check_decoded(pixels, "HEIC")


def _sentence(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".") + "."


def version() -> str:
    """Versions of the library and of the encoder inside it."""
    found = pillow_heif.libheif_info()
    return f"libheif {found['libheif']}, {found['encoders']['x265']}"


def sweep(store: object = None) -> list[Heic]:
    """Curve of the codec; nothing is read from the store."""
    return [Heic(quality) for quality in SWEEP]


def at(value: float, store: object = None) -> Heic:
    """Codec at a quality of 0 to 100."""
    return Heic(round(DIAL.check(value)))
