"""Boxes of AVIF and HEIC files (ISO/IEC 14496-12, 23008-12): colours and depth of the main image.

Pillow exposes neither.
"""

import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from core.intake.boxes import read_boxes
from core.intake.color_spaces import ColorSpace, from_code_points
from core.intake.notes import UNKNOWN_SPACE_NOTE

#: Boxes looked through at each level; files have fewer than a hundred.
_MAX_BOXES = 2000


class ImageProperties(NamedTuple):
    """What the boxes say of the main image.

    Attributes:
        space: Colour space that is declared by code points; None for none.
        has_profile: Whether an ICC profile describes the colours.
        bits: Bits per sample; 8 where nothing is said.
        notes: What cannot be honoured.
        size: Width and height before any rotation; None where nothing is said.
    """

    space: ColorSpace | None = None
    has_profile: bool = False
    bits: int = 8
    notes: tuple[str, ...] = ()
    size: tuple[int, int] | None = None


def read_properties(data: bytes) -> ImageProperties:
    """Properties of the main image; nothing is said where the boxes are damaged."""
    try:
        return _interpret(_main_properties(data))
    except (KeyError, IndexError, StopIteration, struct.error):
        return ImageProperties()


def read_brands(data: bytes) -> frozenset[bytes]:
    """Brands that the file says it follows; empty where it begins with another box."""
    if data[4:8] != b"ftyp":
        return frozenset()
    length = min(int.from_bytes(data[:4], "big"), 4096)
    brands = data[8:12] + data[16:length]
    return frozenset(brands[start : start + 4] for start in range(0, len(brands) - 3, 4))


class _Box(NamedTuple):
    kind: bytes
    body: bytes


def _boxes(data: bytes) -> Iterator[_Box]:
    """Boxes up to the first damaged one."""
    with suppress(ValueError):
        for box in read_boxes(data, limit=_MAX_BOXES):
            yield _Box(box.kind, data[box.start : box.end])


def _main_properties(data: bytes) -> list[_Box]:
    """Properties of the main image, in the order in which they are associated."""
    meta = next(body for kind, body in _boxes(data) if kind == b"meta")
    parts = dict(_boxes(meta[4:]))
    primary = parts[b"pitm"]
    item = int.from_bytes(primary[4:6] if primary[0] == 0 else primary[4:8], "big")
    inside = dict(_boxes(parts[b"iprp"]))
    properties = list(_boxes(inside[b"ipco"]))
    indices = _associations(inside[b"ipma"])[item]
    return [properties[index - 1] for index in indices if 0 < index <= len(properties)]


def _associations(body: bytes) -> dict[int, list[int]]:
    """Indices of the properties of each item."""
    version, is_wide = body[0], body[3] & 1
    (count,) = struct.unpack_from(">I", body, 4)
    position = 8
    found: dict[int, list[int]] = {}
    for _ in range(min(count, _MAX_BOXES)):
        (item,) = struct.unpack_from(">I" if version else ">H", body, position)
        position += 4 if version else 2
        number = body[position]
        position += 1
        size = 2 if is_wide else 1
        values = [
            int.from_bytes(body[start : start + size], "big")
            for start in range(position, position + number * size, size)
        ]
        found[item] = [value & (0x7FFF if is_wide else 0x7F) for value in values]
        position += number * size
    return found


def _interpret(properties: list[_Box]) -> ImageProperties:
    space: ColorSpace | None = None
    has_profile = False
    bits = 8
    notes: tuple[str, ...] = ()
    size: tuple[int, int] | None = None
    for kind, body in properties:
        if kind == b"colr" and body[:4] == b"nclx":
            primaries, transfer = struct.unpack_from(">HH", body, 4)
            space = from_code_points(primaries, transfer)
            notes = () if space else (UNKNOWN_SPACE_NOTE,)
        elif kind == b"colr":
            has_profile = True
        elif kind == b"ispe":
            size = struct.unpack_from(">II", body, 4)
        elif kind == b"pixi":
            bits = max(bits, *body[5 : 5 + body[4]])
        elif kind == b"av1C":
            bits = max(bits, (8, 8, 10, 12)[body[2] >> 5 & 3])
        elif kind == b"hvcC":
            bits = max(bits, 8 + (body[17] & 7))
    return ImageProperties(space, has_profile, bits, () if has_profile else notes, size)
