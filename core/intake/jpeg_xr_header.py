"""The table of tags in a JPEG XR file (Rec. ITU-T T.832, annex A)."""

import struct
from typing import NamedTuple

ICC_PROFILE, PIXEL_FORMAT = 0x8773, 0xBC01
WIDTH, HEIGHT, OFFSET, BYTE_COUNT = 0xBC80, 0xBC81, 0xBCC0, 0xBCC1

_MAX_TAGS = 1000


class Tag(NamedTuple):
    """A tag.

    Attributes:
        value_count: Number of values.
        value: The value, or the position of the values.
    """

    value_count: int
    value: int


def read_tags(data: bytes) -> dict[int, Tag]:
    """Tags by their number.

    Raises:
        struct.error: The table is cut off.
    """
    (table,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, table)
    entries = (
        struct.unpack_from("<HHII", data, table + 2 + 12 * number)
        for number in range(min(count, _MAX_TAGS))
    )
    return {number: Tag(values, value) for number, _, values, value in entries}


def read_jpeg_xr_size(data: bytes) -> tuple[int, int]:
    """Width and height.

    Raises:
        KeyError: The table does not state them.
        struct.error: The table is cut off.
    """
    tags = read_tags(data)
    return tags[WIDTH].value, tags[HEIGHT].value
