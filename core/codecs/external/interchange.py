"""Files in which images go to and from commands, by suffix."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import NamedTuple

import numpy as np
import PIL.Image

from core.codecs.base import check_decoded
from core.errors import CodecError
from core.images import Image
from core.png import encode_png

#: Weights of red, green and blue in the brightness of BT.709.
_WEIGHTS = np.array([0.2126, 0.7152, 0.0722])
#: Largest differences from the brightness: those of red and blue, each over 255 levels.
_RED_SCALE, _BLUE_SCALE = 2 * (1 - _WEIGHTS[0]), 2 * (1 - _WEIGHTS[2])
_ZERO = 128
_Y4M = re.compile(rb"YUV4MPEG2 ([^\n]*)\nFRAME[^\n]*\n")


class Interchange(NamedTuple):
    """A format of image files.

    Attributes:
        write: Gives the file of an image.
        read: Gives the image of a file; it raises CodecError where it is not an 8-bit colour image.
    """

    write: Callable[[Image], bytes]
    read: Callable[[bytes], Image]


def _ppm(image: Image) -> bytes:
    file = BytesIO()
    PIL.Image.fromarray(image).save(file, "PPM")
    return file.getvalue()


def _read_by_pillow(data: bytes, format_name: str) -> Image:
    try:
        with PIL.Image.open(BytesIO(data), formats=(format_name,)) as opened:
            pixels = np.array(opened)
    except (OSError, SyntaxError, ValueError, PIL.Image.DecompressionBombError, Warning) as error:
        raise CodecError(
            f"Expected a complete {format_name} file; received another one."
        ) from error
    return check_decoded(pixels, format_name)


def write_y4m(image: Image) -> bytes:
    """Y4M file of one frame: 8 bits, 4:4:4, Y'CbCr of BT.709 in full range, rounded."""
    height, width = image.shape[:2]
    brightness = image @ _WEIGHTS
    planes = [
        brightness,
        (image[..., 2] - brightness) / _BLUE_SCALE + _ZERO,
        (image[..., 0] - brightness) / _RED_SCALE + _ZERO,
    ]
    header = f"YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 C444\nFRAME\n"
    return header.encode() + _levels(np.stack(planes)).tobytes()


def read_y4m(data: bytes) -> Image:
    """Image of a Y4M file of the kind that `write_y4m` writes.

    Raises:
        CodecError: It is no such file, or damaged.
    """
    header = _Y4M.match(data)
    if header is None:
        raise CodecError("Expected a Y4M file; received something else.")
    words = header.group(1).decode("ascii", errors="replace").split()
    values = {word[0]: word[1:] for word in words}
    sizes, samples = (values.get("H", ""), values.get("W", "")), data[header.end() :]
    height, width = (int(size) if size.isdecimal() else 0 for size in sizes)
    if values.get("C") != "444" or len(samples) != 3 * height * width or not samples:
        raise CodecError(
            "Expected one whole 8-bit 4:4:4 frame (C444) in a Y4M file; "
            f"received {' '.join(words)} and {len(samples)} bytes."
        )
    planes = np.frombuffer(samples, np.uint8).reshape(3, height, width).astype(np.float64)
    brightness, blue, red = planes[0], planes[1] - _ZERO, planes[2] - _ZERO
    colours = np.stack([brightness + _RED_SCALE * red, brightness, brightness + _BLUE_SCALE * blue])
    colours[1] = (brightness - _WEIGHTS[0] * colours[0] - _WEIGHTS[2] * colours[2]) / _WEIGHTS[1]
    return np.ascontiguousarray(_levels(colours).transpose(1, 2, 0))


def _levels(values: np.ndarray) -> np.ndarray:
    levels: np.ndarray = values.round().clip(0, 255).astype(np.uint8)
    return levels


#: Formats by suffix.
INTERCHANGES = {
    ".png": Interchange(encode_png, lambda data: _read_by_pillow(data, "PNG")),
    ".ppm": Interchange(_ppm, lambda data: _read_by_pillow(data, "PPM")),
    ".y4m": Interchange(write_y4m, read_y4m),
}
