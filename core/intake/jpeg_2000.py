"""JPEG 2000: colours and depth are read here (ISO/IEC 15444-1, annexes A and I).

Pillow exposes neither the ICC profile nor the depth of colour images. Samples of fewer than 8 bits
it shifts instead of scaling them, and of more it lets the largest overflow: imagecodecs reads both.
"""

import io
import struct
from typing import NamedTuple

import imagecodecs
from PIL import Jpeg2KImagePlugin

from core.intake.bmff import ImageProperties
from core.intake.boxes import read_boxes
from core.intake.deep_images import convert_deep
from core.intake.errors import Limits
from core.intake.formats import find_jpeg_2000_codestream, read_jpeg_2000_sizes
from core.intake.notes import UNKNOWN_SPACE_NOTE, Converted
from core.intake.pillow_formats import convert_opened

_MAX_BOXES = 200

#: Offsets from the start of the codestream: number of components, and 3 bytes on each.
_COMPONENT_COUNT, _COMPONENTS = 40, 42

#: No coded data contains this marker.
_END_OF_CODESTREAM = b"\xff\xd9"

_ENUMERATED, _RESTRICTED_PROFILE, _ANY_PROFILE = 1, 2, 3

_CMYK, _SYCC = 12, 18

#: Enumerated colour spaces that are honoured: bilevel, CMYK, bilevel, sRGB, grey and sYCC.
_KNOWN_SPACES = frozenset({0, _CMYK, 15, 16, 17, _SYCC})


class _Component(NamedTuple):
    """How the samples of one channel are stored.

    Attributes:
        bits: Bits per sample.
        is_signed: Whether half of the samples are negative.
        steps: Columns and rows of the image per sample.
    """

    bits: int
    is_signed: bool
    steps: tuple[int, int]


class _Colors(NamedTuple):
    """What the boxes say of the colours.

    Attributes:
        profile: ICC profile; None without one.
        space: Enumerated colour space that is known; None without one.
        has_palette: Whether samples are indices.
        notes: What cannot be honoured.
    """

    profile: bytes | None = None
    space: int | None = None
    has_palette: bool = False
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
    colors, components = _read_colors(data), _read_components(data)
    image = Jpeg2KImagePlugin.Jpeg2KImageFile(io.BytesIO(data))
    if colors.profile:
        image.info["icc_profile"] = colors.profile
    bits = max(component.bits for component in components)
    properties = ImageProperties(bits=bits, notes=colors.notes)
    if bits == 8 or not _are_plain(components, colors):
        return convert_opened(image, properties, limits)
    limits.check_samples(image.width * image.height, len(components), bits)
    values = imagecodecs.jpeg2k_decode(_without_colors(data), numthreads=1)
    if components[0].is_signed:
        values = values.view(f"u{values.itemsize}") + (1 << (bits - 1))
    return convert_deep(image, values, properties)


def _read_components(data: bytes) -> list[_Component]:
    """How the samples of each channel are stored.

    Raises:
        struct.error: The header is cut off.
    """
    start = find_jpeg_2000_codestream(data)
    (count,) = struct.unpack_from(">H", data, start + _COMPONENT_COUNT)
    first = start + _COMPONENTS
    parts = struct.iter_unpack("3B", data[first : first + 3 * count])
    return [
        _Component(1 + (depth & 0x7F), depth > 0x7F, (across, down))
        for depth, across, down in parts
    ]


def _are_plain(components: list[_Component], colors: _Colors) -> bool:
    """Whether the samples are grey or RGB as they are stored, perhaps with opacity."""
    is_whole = len(components) <= 4 and {*components} == {components[0]._replace(steps=(1, 1))}
    return is_whole and not colors.has_palette and colors.space not in (_CMYK, _SYCC)


def _without_colors(data: bytes) -> bytes:
    """File of which imagecodecs gives the samples as they are.

    It would apply a profile to samples of 12 bits as if they had 16.
    """
    start = find_jpeg_2000_codestream(data)
    return data[:start].replace(b"colr", b"free") + data[start:]


def _read_colors(data: bytes) -> _Colors:
    """The first colour specification that is understood; a bare codestream has none."""
    if data.startswith(b"\xff\x4f"):
        return _Colors()
    parts = _header_parts(data)
    colors = _Colors(has_palette=any(kind == b"pclr" for kind, _ in parts))
    for body in (body for kind, body in parts if kind == b"colr"):
        space = int.from_bytes(body[3:7], "big")
        if body[0] in (_RESTRICTED_PROFILE, _ANY_PROFILE):
            return colors._replace(profile=body[3:], notes=())
        if body[0] == _ENUMERATED and space in _KNOWN_SPACES:
            return colors._replace(space=space, notes=())
        colors = colors._replace(notes=(UNKNOWN_SPACE_NOTE,))
    return colors


def _header_parts(data: bytes) -> list[tuple[bytes, bytes]]:
    """Kinds and contents of the boxes in the header, in their order."""
    header = next(box for box in read_boxes(data, limit=_MAX_BOXES) if box.kind == b"jp2h")
    inside = data[header.start : header.end]
    boxes = read_boxes(inside, limit=_MAX_BOXES)
    return [(box.kind, inside[box.start : box.end]) for box in boxes]
