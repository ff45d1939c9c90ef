"""JPEG by jpegli: adaptive quantisation, 4:2:0; any JPEG decoder reads the files."""

from dataclasses import dataclass
from importlib import metadata
from typing import ClassVar

import numpy as np
import pyjpegli

from core.codecs.base import Dial, Kind
from core.codecs.pillow import PillowReader
from core.errors import CodecError
from core.images import Image

LABEL = "JPEG, jpegli"
KIND: Kind = "lossy"
SUFFIX = ".jpg"
DIAL = Dial(name="quality", lowest=1, highest=100, step=1, default=75)
# Evenly spaced in log rate on photographs of 160x160. Below 2 nothing shrinks any more.
SWEEP = (2, 8, 15, 22, 29, 42, 55, 65, 75, 83, 89, 93)


@dataclass(frozen=True)
class Jpegli(PillowReader):
    """JPEG encoded by jpegli through pyjpegli, and decoded by Pillow as every JPEG here.

    Attributes:
        quality: 1 to 100, on a scale like libjpeg's.
    """

    codec: ClassVar[str] = "jpegli"
    scale: ClassVar[Dial | None] = DIAL
    format: ClassVar[str] = "JPEG"

    quality: int

    def encode(self, image: Image) -> bytes:
        """Whole file for the image.

        Raises:
            CodecError: The format cannot hold the image.
        """
        height, width = image.shape[:2]
        try:
            data: bytes = pyjpegli.encode(
                np.ascontiguousarray(image), width, height, quality=self.quality
            )
        except (RuntimeError, ValueError) as error:
            raise CodecError(
                f"JPEG cannot hold this image of {width}x{height} pixels: {error}."
            ) from error
        return data


def version() -> str:
    """Version of the package whose wheel contains the encoder."""
    return f"pyjpegli {metadata.version('pyjpegli')}"


def sweep(store: object = None) -> list[Jpegli]:
    """Curve of the codec; nothing is read from the store."""
    return [Jpegli(quality) for quality in SWEEP]


def at(value: float, store: object = None) -> Jpegli:
    """Codec at a quality of 1 to 100."""
    return Jpegli(round(DIAL.check(value)))
