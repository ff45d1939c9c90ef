"""Files that Pillow writes and reads, one format at a time."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from io import BytesIO
from typing import Any, ClassVar

import numpy as np
from PIL import Image as PillowImage
from PIL import UnidentifiedImageError, features

from core.codecs.base import Knobs, check_decoded
from core.errors import CodecError
from core.images import Image

# Everything that Pillow's readers and writers were seen to raise on damaged files and on images
# too large for a format. Warning: on a damaged file, where warnings are errors.
_FAILURES = (
    OSError,
    SyntaxError,
    ValueError,
    RuntimeError,
    PillowImage.DecompressionBombError,
    Warning,
)


def library_version(name: str, feature: str) -> str:
    """Name and version of a library inside Pillow.

    Args:
        name: Its own name.
        feature: What Pillow calls it.
    """
    return f"{name} {features.version(feature) or 'of unknown version'}"


@dataclass(frozen=True)
class PillowReader(Knobs):
    """Codec of a format that Pillow reads.

    Attributes:
        format: Pillow's name of the format; no other is read.
    """

    format: ClassVar[str]

    def decode(self, data: bytes) -> Image:
        """Image of a complete file.

        Raises:
            CodecError: The file is damaged, cut short or of another format.
        """
        try:
            with PillowImage.open(BytesIO(data), formats=(self.format,)) as opened:
                pixels = np.array(opened)
        except _FAILURES as error:
            raise CodecError(f"Expected a complete {self.format} file; {_reason(error)}") from error
        return check_decoded(pixels, self.format)


@dataclass(frozen=True)
class PillowCodec(PillowReader, ABC):
    """Codec of a format that Pillow writes, too."""

    @abstractmethod
    def options(self) -> dict[str, Any]:
        """Options of Pillow's writer."""

    def encode(self, image: Image) -> bytes:
        """Whole file for the image.

        Raises:
            CodecError: The format cannot hold the image.
        """
        file = BytesIO()
        try:
            PillowImage.fromarray(image).save(file, self.format, **self.options())
        except _FAILURES as error:
            height, width = image.shape[:2]
            raise CodecError(
                f"{self.format} cannot hold this image of {width}x{height} pixels: {error}"
            ) from error
        return file.getvalue()


def _reason(error: BaseException) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "received something else, or the beginning of one."
    return f"the decoder says: {error}."
