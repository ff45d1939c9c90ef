"""The header of a JPEG XL codestream: size, depth and colours (ISO/IEC 18181-1, annex D).

Decoders expose neither the bit depth nor the colour space of their output, so both are read here.
"""

from dataclasses import dataclass
from typing import NamedTuple

from core.intake.boxes import read_boxes
from core.intake.color_spaces import (
    BT709,
    BT2020,
    D65,
    DCI,
    P3,
    SRGB,
    Chromaticity,
    ColorSpace,
    Primaries,
)

#: Bytes of the codestream that are looked at; names of extra channels are the longest part.
_HEADER_BYTES = 8192

#: Boxes looked through for the codestream; files have fewer than ten before it.
_MAX_BOXES = 1000

#: Extra channels looked through for the opacity; files have fewer than ten.
_MAX_EXTRA_CHANNELS = 32

_ALPHA, _SPOT_COLOR, _FILTER_ARRAY = 0, 2, 5

#: Width divided by height for the ratio field, as numerator and denominator.
_RATIOS = ((0, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))

_ENUM = ((0, 0), (1, 0), (2, 4), (18, 6))
_CUSTOM_XY = ((0, 19), (524_288, 19), (1_048_576, 20), (2_097_152, 21))

_WHITES: dict[int, Chromaticity] = {1: D65, 10: (1 / 3, 1 / 3), 11: DCI}
_PRIMARIES = {1: BT709, 9: BT2020, 11: P3}
_TRANSFERS = {1: "bt709", 8: "linear", 13: "srgb", 16: "pq", 17: "dci", 18: "hlg"}

_GREY, _XYB = 1, 2
_PERCEPTUAL = 0


@dataclass(frozen=True)
class Header:
    """What the first bytes of a codestream state.

    Attributes:
        width: Stored width in pixels, before any rotation.
        height: Stored height in pixels, before any rotation.
        animated: Whether frames follow one another in time.
        bits: Bits per sample.
        bits_position: Position in the codestream, in bits, of the two bits that select the depth
            of integers; None where no depth is stated.
        is_float: Whether samples are floats.
        channels: Number of channels that a decoder gives: colours and opacity.
        premultiplied: Whether colours are multiplied by the opacity.
        is_xyb: Whether the codestream states absolute colours (lossy files), which the decoder
            converts to `space` or, where there is a profile, to linear light of sRGB primaries.
        has_profile: Whether an ICC profile describes the colours.
        space: Colour space that is stated without a profile; None where it is not known here.
        is_from_pfm: Whether the samples are those of a PFM file, which holds linear light. cjxl up
            to 0.7 states sRGB with the perceptual intent for them, as no other writer does for
            floats.
    """

    width: int
    height: int
    animated: bool = False
    bits: int = 8
    bits_position: int | None = None
    is_float: bool = False
    channels: int = 3
    premultiplied: bool = False
    is_xyb: bool = True
    has_profile: bool = False
    space: ColorSpace | None = SRGB
    is_from_pfm: bool = False


def read_header(data: bytes) -> Header:
    """Header of a bare codestream or of one in its container.

    Raises:
        ValueError: The header is incomplete, or there is no codestream.
    """
    codestream = read_codestream_start(data)
    if codestream[:2] != b"\xff\x0a":
        raise ValueError("The codestream does not begin with its signature.")
    bits = _Bits(codestream)
    bits.read(16)
    width, height = _read_size(bits)
    if bits.read(1):  # everything has its default
        return Header(width, height)
    return _read_metadata(bits, width, height)


class _Bits:
    """Bits of a codestream, least significant first."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")
        self._end = 8 * len(data)
        self.position = 0

    def read(self, count: int) -> int:
        if self.position + count > self._end:
            raise ValueError("The header ends too early.")
        value = self._value >> self.position & ((1 << count) - 1)
        self.position += count
        return value

    def choose(self, *choices: tuple[int, int]) -> int:
        """Number coded by a two-bit selector of (offset, extra bits)."""
        offset, extra = choices[self.read(2)]
        return offset + self.read(extra)


def _read_metadata(bits: _Bits, width: int, height: int) -> Header:
    animated = _read_extra_fields(bits) if bits.read(1) else False
    is_float, depth, position = _read_depth(bits)
    bits.read(1)  # whether 16-bit buffers suffice
    alphas = _read_extra_channels(bits)
    is_xyb = bool(bits.read(1))
    color_channels, has_profile, space, intent = _read_colors(bits)
    is_from_pfm = is_float and space == SRGB and intent == _PERCEPTUAL
    return Header(
        width=width,
        height=height,
        animated=animated,
        bits=depth,
        bits_position=None if is_float else position,
        is_float=is_float,
        channels=color_channels + bool(alphas),
        premultiplied=alphas[:1] == [True],
        is_xyb=is_xyb,
        has_profile=has_profile,
        space=ColorSpace(BT709, "linear") if is_from_pfm else space,
        is_from_pfm=is_from_pfm,
    )


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


def _read_extra_fields(bits: _Bits) -> bool:
    """Whether the image is animated; orientation and preview are passed over."""
    bits.read(3)  # the orientation, which the decoder applies
    if bits.read(1):
        _read_size(bits)
    if bits.read(1):
        _skip_preview_size(bits)
    if not bits.read(1):
        return False
    bits.choose((100, 0), (1000, 0), (1, 10), (1, 30))
    bits.choose((1, 0), (1001, 0), (1, 8), (1, 10))
    bits.choose((0, 0), (0, 3), (0, 16), (0, 32))
    bits.read(1)
    return True


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


def _read_depth(bits: _Bits) -> tuple[bool, int, int]:
    """Whether samples are floats, their bits, and the position of the selector of the bits."""
    is_float = bool(bits.read(1))
    position = bits.position
    if not is_float:
        return False, bits.choose((8, 0), (10, 0), (12, 0), (1, 6)), position
    depth = bits.choose((32, 0), (16, 0), (24, 0), (1, 6))
    bits.read(4)
    return True, depth, position


def _read_extra_channels(bits: _Bits) -> list[bool]:
    """For each opacity channel, whether colours are multiplied by it."""
    count = bits.choose((0, 0), (1, 0), (2, 4), (1, 12))
    if count > _MAX_EXTRA_CHANNELS:
        raise ValueError(f"There are {count} extra channels.")
    kinds = [_read_extra_channel(bits) for _ in range(count)]
    return [premultiplied for kind, premultiplied in kinds if kind == _ALPHA]


def _read_extra_channel(bits: _Bits) -> tuple[int, bool]:
    if bits.read(1):
        return _ALPHA, False
    kind = bits.choose(*_ENUM)
    _read_depth(bits)
    bits.choose((0, 0), (3, 0), (4, 0), (1, 3))
    bits.read(8 * bits.choose((0, 0), (0, 4), (16, 5), (48, 10)))
    premultiplied = kind == _ALPHA and bool(bits.read(1))
    if kind == _SPOT_COLOR:
        bits.read(4 * 16)
    if kind == _FILTER_ARRAY:
        bits.choose((1, 0), (0, 2), (3, 4), (19, 8))
    return kind, premultiplied


class _Colors(NamedTuple):
    """Number of colour channels, whether there is a profile, and space and intent without one."""

    channels: int
    has_profile: bool
    space: ColorSpace | None
    intent: int | None = None


def _read_colors(bits: _Bits) -> _Colors:
    if bits.read(1):
        return _Colors(3, False, SRGB)
    has_profile = bool(bits.read(1))
    kind = bits.choose(*_ENUM)
    channels = 1 if kind == _GREY else 3
    if has_profile or kind > _GREY:
        return _Colors(channels, has_profile, None)
    white = _read_white(bits)
    primaries = BT709 if kind == _GREY else _read_primaries(bits)
    transfer, exponent = _read_transfer(bits)
    if white is None or primaries is None or transfer is None:
        return _Colors(channels, False, None)
    space = ColorSpace(primaries._replace(white=white), transfer, exponent)
    return _Colors(channels, False, space, bits.choose(*_ENUM))


def _read_white(bits: _Bits) -> Chromaticity | None:
    kind = bits.choose(*_ENUM)
    return _read_chromaticity(bits) if kind == 2 else _WHITES.get(kind)


def _read_primaries(bits: _Bits) -> Primaries | None:
    kind = bits.choose(*_ENUM)
    if kind == 2:
        red, green, blue = (_read_chromaticity(bits) for _ in range(3))
        return Primaries(red, green, blue)
    return _PRIMARIES.get(kind)


def _read_chromaticity(bits: _Bits) -> Chromaticity:
    x, y = (bits.choose(*_CUSTOM_XY) for _ in range(2))
    return _unpack_signed(x) / 1e6, _unpack_signed(y) / 1e6


def _unpack_signed(value: int) -> int:
    return -(value >> 1) - 1 if value & 1 else value >> 1


def _read_transfer(bits: _Bits) -> tuple[str | None, float]:
    if bits.read(1):
        encoding_exponent = bits.read(24) / 1e7
        return ("gamma", 1 / encoding_exponent) if encoding_exponent else (None, 1.0)
    return _TRANSFERS.get(bits.choose(*_ENUM)), 1.0


def read_codestream_start(data: bytes) -> bytes:
    """First bytes of the codestream, gathered from the boxes `jxlc` or `jxlp` of a container.

    Raises:
        ValueError: A box is shorter than its own header.
    """
    if data.startswith(b"\xff\x0a"):
        return data[:_HEADER_BYTES]
    start = b""
    for kind, body, end in read_boxes(data, limit=_MAX_BOXES):
        if len(start) >= _HEADER_BYTES:
            break
        if kind == b"jxlc":
            return data[body : min(end, body + _HEADER_BYTES)]
        if kind == b"jxlp":  # four bytes of counter come before each part
            start += data[body + 4 : min(end, body + 4 + _HEADER_BYTES)]
    return start
