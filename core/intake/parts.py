"""Counts the parts of a file, because Pillow goes through them one by one in Python.

A file of the greatest size made of empty parts keeps it busy for ten seconds and more.
"""

import struct
from collections.abc import Callable, Iterator

from core.intake.errors import ImageError

#: Photographs have tens of parts; a large PNG in pieces of 8 kB has about 2,500.
_MAX_PARTS = 10_000

#: A progressive JPEG of a few hundred kilobytes can hold so many passes over the image that
#: decoding takes hours; encoders write 10 to 18. At 16 megapixels a pass takes 25 ms.
_MAX_JPEG_SCANS = 100

_START_OF_SCAN = 0xDA

#: JPEG markers that stand alone: TEM, RST0 to RST7, SOI and EOI.
_WITHOUT_LENGTH = frozenset([0x01, *range(0xD0, 0xDA)])


def check_parts(data: bytes, name: str) -> None:
    """Refuses a file of far more parts than any image needs.

    Raises:
        ImageError: There are more than 10,000 parts, or more than 100 scans of a JPEG.
    """
    walk = _WALKS.get(name)
    if walk and any(count >= _MAX_PARTS for count, _ in enumerate(walk(data))):
        raise ImageError(f"The {name} file is refused: it has more than {_MAX_PARTS:,} parts.")
    if name == "JPEG" and data.count(b"\xff\xda") > _MAX_JPEG_SCANS:
        raise ImageError(f"The JPEG file is refused: it has more than {_MAX_JPEG_SCANS} scans.")


def _png_chunks(data: bytes) -> Iterator[int]:
    """Position of every chunk."""
    position = 8
    while position + 12 <= len(data):
        yield position
        (length,) = struct.unpack_from(">I", data, position)
        position += 12 + length


def _jpeg_segments(data: bytes) -> Iterator[int]:
    """Position of every segment, and of every stray byte between them, up to the first scan."""
    position = 2
    while position + 4 <= len(data):
        yield position
        first, marker, length = struct.unpack_from(">BBH", data, position)
        if first != 0xFF or marker in (0x00, 0xFF):
            position += 1
        elif marker == _START_OF_SCAN:
            return
        else:
            position += 2 if marker in _WITHOUT_LENGTH else 2 + length


_WALKS: dict[str, Callable[[bytes], Iterator[int]]] = {
    "PNG": _png_chunks,
    "JPEG": _jpeg_segments,
}
