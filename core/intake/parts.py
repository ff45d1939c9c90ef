"""Counts the parts of a file, because decoders go through them one by one.

A file of the greatest size made of empty parts keeps Pillow busy for ten seconds and more. What
follows the image, such as the film of a motion photograph, is cut off.
"""

import re
import struct
from collections.abc import Callable, Iterator

from core.intake.errors import ImageError

#: Photographs have tens of parts.
_MAX_PARTS = 10_000

#: A large PNG comes in pieces of 8 kB, which is what libpng writes by default.
_MIN_PNG_PART_BYTES = 4_096

#: A progressive JPEG of a few hundred kilobytes can hold so many passes over the image that
#: decoding takes hours; encoders write 10 to 18. At 16 megapixels a pass takes 25 ms.
_MAX_JPEG_SCANS = 100

_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9

#: JPEG markers that stand alone: TEM, RST0 to RST7, SOI and EOI.
_WITHOUT_LENGTH = frozenset([0x01, *range(0xD0, 0xDA)])

#: A marker that ends the coded data of a scan: neither a stuffed byte, a restart nor a fill byte.
_END_OF_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")

#: A GIF of 16 megapixels that does not compress has 75,000 blocks of 255 bytes.
_MAX_GIF_BLOCKS = 150_000

#: Pillow decodes run lengths in Python, 1 to 2 million a second.
_MAX_RUN_LENGTH_BYTES = 4_000_000

_RUN_LENGTH_COMPRESSIONS = (1, 2)


def check_parts(data: bytes, name: str) -> bytes:
    """The file up to the end of its first image; a file of far too many parts is refused.

    Raises:
        ImageError: There are more parts than any image of the accepted size needs.
    """
    check = _CHECKS.get(name)
    return check(data) if check else data


def _check_png(data: bytes) -> bytes:
    most = max(_MAX_PARTS, len(data) // _MIN_PNG_PART_BYTES)
    if any(count >= most for count, _ in enumerate(_png_chunks(data))):
        raise _too_many("PNG", most)
    return data


def _check_jpeg(data: bytes) -> bytes:
    scans = 0
    for count, (marker, end) in enumerate(_jpeg_segments(data)):
        scans += marker == _START_OF_SCAN
        if scans > _MAX_JPEG_SCANS:
            raise ImageError(f"The JPEG file is refused: it has more than {_MAX_JPEG_SCANS} scans.")
        if count >= _MAX_PARTS:
            raise _too_many("JPEG", _MAX_PARTS)
        if marker == _END_OF_IMAGE:
            return data[:end]
    return data


def _check_gif(data: bytes) -> bytes:
    end = 0
    for count, (is_frame_end, position) in enumerate(_gif_blocks(data)):
        if count >= _MAX_GIF_BLOCKS:
            if end:  # what follows the first frame is not shown
                break
            raise _too_many("GIF", _MAX_GIF_BLOCKS)
        if is_frame_end and end:  # a second frame, by which an animation is known
            return data[:position]
        end = position if is_frame_end else end
    return data[:end] + b";" if end else data


def _check_bmp(data: bytes) -> bytes:
    if len(data) >= 34:
        (compression,) = struct.unpack_from("<I", data, 30)
        if compression in _RUN_LENGTH_COMPRESSIONS and len(data) > _MAX_RUN_LENGTH_BYTES:
            raise ImageError(
                f"The BMP file is refused: it has {len(data) / 1e6:.1f} MB of run lengths; "
                f"at most {_MAX_RUN_LENGTH_BYTES / 1e6:g} MB are accepted."
            )
    return data


def _too_many(name: str, most: int) -> ImageError:
    return ImageError(f"The {name} file is refused: it has more than {most:,} parts.")


def _png_chunks(data: bytes) -> Iterator[int]:
    """Position of every chunk."""
    position = 8
    while position + 12 <= len(data):
        yield position
        (length,) = struct.unpack_from(">I", data, position)
        position += 12 + length


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Marker and end of every segment, and of every stray byte between them, up to the end mark."""
    position = 2
    while position + 2 <= len(data):
        first, marker = data[position], data[position + 1]
        if first != 0xFF or marker in (0x00, 0xFF):
            end = position + 1
        elif marker in _WITHOUT_LENGTH:
            end = position + 2
        elif position + 4 <= len(data):
            end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        else:
            return
        yield marker if first == 0xFF else 0, end
        position = end
        if first == 0xFF and marker == _START_OF_SCAN:
            following = _END_OF_SCAN.search(data, end)
            position = following.start() if following else len(data)


def _gif_blocks(data: bytes) -> Iterator[tuple[bool, int]]:
    """For every block, whether it ends a frame, and where it ends."""
    if len(data) < 13:
        return
    position = 13 + _palette_bytes(data[10])
    while position < len(data):
        kind = data[position]
        if kind == 0x2C and position + 10 < len(data):
            position += 11 + _palette_bytes(data[position + 9])
        elif kind == 0x21:
            position += 2
        else:
            return
        while position < len(data) and data[position]:
            position += 1 + data[position]
            yield False, position
        if position >= len(data):  # cut short: the decoder shall see it
            return
        position += 1
        yield kind == 0x2C, position


def _palette_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


_CHECKS: dict[str, Callable[[bytes], bytes]] = {
    "PNG": _check_png,
    "JPEG": _check_jpeg,
    "GIF": _check_gif,
    "BMP": _check_bmp,
}
