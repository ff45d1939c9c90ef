"""The container of a `.bnk` file: a header of a few bytes, a check, and one range-coded payload.

| bytes    | field                                                                              |
|----------|------------------------------------------------------------------------------------|
| 1        | magic 0xB5                                                                         |
| 1        | version (high nibble 1), flags (low nibble; bit 0: explicit size follows, others 0)|
| 2        | model id: first two bytes of the model's sha256                                    |
| 1        | quality                                                                            |
| 0 or 2-6 | width - 1 and height - 1 as minimal LEB128 numbers, only with flag bit 0           |
| 4        | crc32 over model sha256, header, payload and decoded symbols, little-endian        |
| rest     | payload                                                                            |

The check covers the decoded symbols, so that it also finds an entropy decoder that lost its way
on undamaged bytes. It detects accidents; a file that was edited on purpose can carry a check that
holds.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.entropy.errors import (
    CorruptStream,
    LimitExceeded,
    NotThisFormat,
    TruncatedStream,
    UnsupportedVersion,
)

MAGIC = 0xB5
VERSION = 1
#: Width and height that need no bytes.
IMPLIED_SIZE = 160
MAX_PIXELS = 16_000_000

_FLAG_EXPLICIT_SIZE = 1
_FIXED_BYTES = 5
_CHECK_BYTES = 4
#: Of an image whose size is implied, the check included.
MIN_HEADER_BYTES = _FIXED_BYTES + _CHECK_BYTES
_MAX_VARINT_BYTES = 3
#: Most columns or rows that a header can state.
MAX_SIDE = 1 << 7 * _MAX_VARINT_BYTES


@dataclass(frozen=True)
class Header:
    """What a decoder knows before it decodes the payload.

    Attributes:
        model_id: First two bytes of the sha256 that names the model.
        quality: Position of the model's dial, 0..255.
        width: Columns of the image.
        height: Rows of the image.
    """

    model_id: bytes
    quality: int
    width: int
    height: int

    def to_bytes(self) -> bytes:
        """The header's bytes, without the check."""
        is_implied = self.width == self.height == IMPLIED_SIZE
        flags = 0 if is_implied else _FLAG_EXPLICIT_SIZE
        size = b"" if is_implied else _varint(self.width - 1) + _varint(self.height - 1)
        return bytes([MAGIC, VERSION << 4 | flags]) + self.model_id + bytes([self.quality]) + size


@dataclass(frozen=True)
class Bitstream:
    """A bitstream taken apart.

    Attributes:
        header: The header.
        check: The crc32 that the stream carries.
        payload: The range-coded bytes.
    """

    header: Header
    check: int
    payload: bytes

    def verify(self, *, model_digest: bytes, symbols: Iterable[NDArray[np.int16]]) -> None:
        """Checks that the symbols are those that were written.

        Raises:
            CorruptStream: They are not, or the bytes were changed.
        """
        if self.check != _check(model_digest, self.header, self.payload, symbols):
            raise CorruptStream("The check does not hold: the file was damaged.")


def pack(
    header: Header,
    payload: bytes,
    *,
    model_digest: bytes,
    symbols: Iterable[NDArray[np.int16]],
) -> bytes:
    """Bytes of a whole bitstream.

    Args:
        header: The header.
        payload: The range-coded bytes.
        model_digest: sha256 that names the model, 32 bytes.
        symbols: The symbols in the order in which they were coded, int16.
    """
    check = _check(model_digest, header, payload, symbols)
    return header.to_bytes() + check.to_bytes(_CHECK_BYTES, "little") + payload


def unpack(data: bytes, *, max_pixels: int = MAX_PIXELS) -> Bitstream:
    """Parts of a bitstream, the header checked and the payload not yet decoded.

    Raises:
        NotThisFormat: The first byte is not that of a bitstream.
        UnsupportedVersion: Another version, or a flag without meaning.
        TruncatedStream: The bytes end within the header.
        CorruptStream: The size is not written as an encoder writes it.
        LimitExceeded: More than `max_pixels` pixels.

    Example:
        >>> header = Header(model_id=bytes(2), quality=60, width=160, height=160)
        >>> data = pack(header, b"payload", model_digest=bytes(32), symbols=[])
        >>> len(data) - len(b"payload")
        9
        >>> unpack(data).header == header
        True
    """
    if data[:1] != bytes([MAGIC]):
        raise NotThisFormat(f"A bitstream starts with byte {MAGIC:#x}; received {data[:1].hex()}.")
    if len(data) < MIN_HEADER_BYTES:
        raise TruncatedStream(
            f"A bitstream has at least {MIN_HEADER_BYTES} bytes; received {len(data)}."
        )
    version, flags = data[1] >> 4, data[1] & 0xF
    if version != VERSION or flags & ~_FLAG_EXPLICIT_SIZE:
        raise UnsupportedVersion(
            f"This program reads version {VERSION}; received version {version}, flags {flags}."
        )
    width, height, end = _read_size(data) if flags else (IMPLIED_SIZE, IMPLIED_SIZE, _FIXED_BYTES)
    if width * height > max_pixels:
        raise LimitExceeded(f"At most {max_pixels:,} pixels are read; received {width}x{height}.")
    if len(data) < end + _CHECK_BYTES:
        raise TruncatedStream("The bitstream ends within its header.")
    check = int.from_bytes(data[end : end + _CHECK_BYTES], "little")
    return Bitstream(Header(data[2:4], data[4], width, height), check, data[end + _CHECK_BYTES :])


def size_bytes(data: bytes) -> int:
    """Bytes in which the size of a bitstream's image is written; none where it is implied.

    Raises:
        BitstreamError: As in `unpack`.
    """
    return len(unpack(data).header.to_bytes()) - _FIXED_BYTES


def _read_size(data: bytes) -> tuple[int, int, int]:
    width, end = _read_varint(data, _FIXED_BYTES)
    height, end = _read_varint(data, end)
    if width + 1 == height + 1 == IMPLIED_SIZE:
        raise CorruptStream("The size is written although it is the implied one.")
    return width + 1, height + 1, end


def _varint(number: int) -> bytes:
    """Number in base 128, least significant digit first, high bit set on all but the last."""
    digits = []
    while number >= 0x80:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*digits, number])


def _read_varint(data: bytes, start: int) -> tuple[int, int]:
    number = 0
    for index in range(_MAX_VARINT_BYTES):
        if start + index >= len(data):
            raise TruncatedStream("The bitstream ends within its size.")
        digit = data[start + index]
        number |= (digit & 0x7F) << 7 * index
        if digit < 0x80:
            if index and digit == 0:
                raise CorruptStream("The size is not written in its shortest form.")
            return number, start + index + 1
    raise CorruptStream("The size takes more bytes than any size needs.")


def _check(
    model_digest: bytes, header: Header, payload: bytes, symbols: Iterable[NDArray[np.int16]]
) -> int:
    check = zlib.crc32(header.to_bytes(), zlib.crc32(model_digest))
    check = zlib.crc32(payload, check)
    for group in symbols:
        check = zlib.crc32(np.ascontiguousarray(group, dtype="<i2").data, check)
    return check
