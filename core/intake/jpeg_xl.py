"""Reads JPEG XL, which Pillow cannot; its size comes from the header before anything is decoded."""

import struct
from typing import NamedTuple

import imagecodecs
import numpy as np
from numpy.typing import NDArray

#: Bytes of the codestream that the fields read here can fill at most.
_HEADER_BYTES = 64

#: Boxes looked through for the codestream; files have fewer than ten before it.
_MAX_BOXES = 1000

#: Width divided by height for the ratio field, as numerator and denominator
#: (ISO/IEC 18181-1, SizeHeader).
_RATIOS = ((0, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))


class Header(NamedTuple):
    """What the first bytes of a codestream state.

    Attributes:
        width: Stored width in pixels, before any rotation.
        height: Stored height in pixels, before any rotation.
        animated: Whether frames follow one another in time.
    """

    width: int
    height: int
    animated: bool


class _Bits:
    """Bits of a codestream, least significant first."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")
        self._left = 8 * len(data)

    def read(self, count: int) -> int:
        if count > self._left:
            raise ValueError("The header ends too early.")
        value = self._value & ((1 << count) - 1)
        self._value >>= count
        self._left -= count
        return value

    def choose(self, *choices: tuple[int, int]) -> int:
        """Number coded by a two-bit selector of (offset, extra bits)."""
        offset, extra = choices[self.read(2)]
        return offset + self.read(extra)


def read_header(data: bytes) -> Header:
    """Size and animation flag of a bare codestream or of one in its container.

    Raises:
        ValueError: The header is incomplete, or there is no codestream.
    """
    codestream = _codestream_start(data)
    if codestream[:2] != b"\xff\x0a":
        raise ValueError("The codestream does not begin with its signature.")
    bits = _Bits(codestream[2:])
    width, height = _read_size(bits)
    return Header(width, height, _read_animation_flag(bits))


def decode_frame(data: bytes) -> NDArray[np.generic]:
    """Pixels of the first frame, upright: shape (H, W) or (H, W, 2 to 4), unsigned or float.

    The decoder does not tell the colour space, so every JPEG XL file is taken as sRGB.
    """
    pixels: NDArray[np.generic] = imagecodecs.jpegxl_decode(data, index=0)
    return pixels


def _read_size(bits: _Bits) -> tuple[int, int]:
    small = bits.read(1)
    height = _read_side(bits, small)
    numerator, denominator = _RATIOS[bits.read(3)]
    width = height * numerator // denominator if numerator else _read_side(bits, small)
    return width, height


def _read_side(bits: _Bits, small: int) -> int:
    if small:
        return 8 * (1 + bits.read(5))
    return bits.choose((1, 9), (1, 13), (1, 18), (1, 30))


def _read_animation_flag(bits: _Bits) -> bool:
    all_default = bits.read(1)
    if all_default or not bits.read(1):
        return False
    bits.read(3)  # the orientation, which the decoder applies
    if bits.read(1):
        _read_size(bits)
    if bits.read(1):
        _skip_preview_size(bits)
    return bool(bits.read(1))


def _skip_preview_size(bits: _Bits) -> None:
    in_eighths = bits.read(1)
    choices = (
        ((16, 0), (32, 0), (1, 5), (33, 9))
        if in_eighths
        else ((1, 6), (65, 8), (321, 10), (1345, 12))
    )
    bits.choose(*choices)
    if not bits.read(3):
        bits.choose(*choices)


def _codestream_start(data: bytes) -> bytes:
    """First bytes of the codestream, gathered from the boxes `jxlc` or `jxlp` of a container."""
    if data.startswith(b"\xff\x0a"):
        return data[: _HEADER_BYTES + 2]
    start = b""
    offset = 0
    for _ in range(_MAX_BOXES):
        if offset + 8 > len(data) or len(start) >= _HEADER_BYTES:
            break
        length, kind = struct.unpack_from(">I4s", data, offset)
        body = offset + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, body)
            body += 8
        end = offset + length if length else len(data)
        if end < body:
            raise ValueError("A box of the container is shorter than its own header.")
        if kind == b"jxlc":
            return data[body : min(end, body + _HEADER_BYTES)]
        if kind == b"jxlp":  # four bytes of counter come before each part
            start += data[body + 4 : min(end, body + 4 + _HEADER_BYTES)]
        offset = end
    return start
