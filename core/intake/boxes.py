"""Boxes of the ISO base media file format (ISO/IEC 14496-12): AVIF, HEIC and JPEG XL hold them."""

import struct
from collections.abc import Iterator
from typing import NamedTuple


class Box(NamedTuple):
    """One box of a file.

    Attributes:
        kind: Four-character code, such as `meta`.
        start: Offset of its content.
        end: Offset behind it; larger than the data where the box is cut off.
    """

    kind: bytes
    start: int
    end: int


def read_boxes(data: bytes, *, limit: int) -> Iterator[Box]:
    """Boxes at the top level of some bytes, at most `limit` of them.

    Raises:
        ValueError: A box is shorter than its own header.
        struct.error: The data ends inside a box's header.
    """
    offset = 0
    for _ in range(limit):
        if offset + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, offset)
        start = offset + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, start)
            start += 8
        end = offset + length if length else len(data)
        if end < start:
            raise ValueError("A box of the container is shorter than its own header.")
        yield Box(kind, start, end)
        offset = end
