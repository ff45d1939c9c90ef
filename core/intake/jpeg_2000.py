"""JPEG 2000: Pillow decodes it; colours and depth are read here (ISO/IEC 15444-1, annexes A and I).

Pillow exposes neither the ICC profile nor the depth of colour images.
"""

import io
import struct
from typing import NamedTuple

from PIL import Jpeg2KImagePlugin

from core.intake.bmff import ImageProperties
from core.intake.boxes import read_boxes
from core.intake.errors import Limits
from core.intake.formats import find_jpeg_2000_codestream, read_jpeg_2000_sizes
from core.intake.notes import UNKNOWN_SPACE_NOTE, Converted
from core.intake.pillow_formats import convert_opened

_MAX_BOXES = 200

#: Offsets from the start of the codestream: number of components and their depths, 3 bytes each.
_COMPONENT_COUNT, _COMPONENT_DEPTHS = 40, 42

#: No coded data contains this marker.
_END_OF_CODESTREAM = b"\xff\xd9"

_ENUMERATED, _RESTRICTED_PROFILE, _ANY_PROFILE = 1, 2, 3

#: Enumerated colour spaces that Pillow converts: bilevel, CMYK, bilevel, sRGB, grey and sYCC.
_KNOWN_SPACES = frozenset({0, 12, 15, 16, 17, 18})


class _Colors(NamedTuple):
    """What the boxes say of the colours.

    Attributes:
        profile: ICC profile; None without one.
        notes: What cannot be honoured.
    """

    profile: bytes | None = None
    notes: tuple[str, ...] = ()


def decode_jpeg_2000(data: bytes, limits: Limits) -> Converted:
    """Image in 8-bit sRGB on white.

    Raises:
        ImageError: The image is too large.
        Exception: The file is damaged.
    """
    for size in read_jpeg_2000_sizes(data):
        limits.check_size(*size)
    if data.find(_END_OF_CODESTREAM, find_jpeg_2000_codestream(data)) < 0:
        raise ValueError("The codestream is cut off.")  # OpenJPEG would give part of an image
    colors = _read_colors(data)
    image = Jpeg2KImagePlugin.Jpeg2KImageFile(io.BytesIO(data))
    if colors.profile:
        image.info["icc_profile"] = colors.profile
    # Pillow keeps the depth of grey images and so their reduction is noted elsewhere.
    bits = 8 if image.mode.startswith("I") else _read_bits(data)
    return convert_opened(image, ImageProperties(bits=bits, notes=colors.notes), limits)


def _read_bits(data: bytes) -> int:
    """Bits per sample of the deepest component.

    Raises:
        struct.error: The header is cut off.
    """
    start = find_jpeg_2000_codestream(data)
    (count,) = struct.unpack_from(">H", data, start + _COMPONENT_COUNT)
    first = start + _COMPONENT_DEPTHS
    return 1 + max(depth & 0x7F for depth in data[first : first + 3 * count : 3])


def _read_colors(data: bytes) -> _Colors:
    """The first colour specification that is understood; a bare codestream has none."""
    if data.startswith(b"\xff\x4f"):
        return _Colors()
    notes: tuple[str, ...] = ()
    for body in _color_specifications(data):
        method = body[0]
        if method in (_RESTRICTED_PROFILE, _ANY_PROFILE):
            return _Colors(body[3:])
        if method == _ENUMERATED and int.from_bytes(body[3:7], "big") in _KNOWN_SPACES:
            return _Colors()
        notes = (UNKNOWN_SPACE_NOTE,)
    return _Colors(notes=notes)


def _color_specifications(data: bytes) -> list[bytes]:
    """Contents of the boxes that specify colours, in their order."""
    header = next(box for box in read_boxes(data, limit=_MAX_BOXES) if box.kind == b"jp2h")
    inside = data[header.start : header.end]
    boxes = read_boxes(inside, limit=_MAX_BOXES)
    return [inside[box.start : box.end] for box in boxes if box.kind == b"colr"]
