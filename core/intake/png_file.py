"""PNG files: reads the chunks that decide what is shown and leaves the others out.

Text and private chunks neither cost memory nor, when they are damaged, the image.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from core.intake.color_spaces import BT709, SRGB, ColorSpace, Primaries, from_code_points
from core.intake.colors import to_srgb
from core.intake.errors import Limits
from core.intake.notes import (
    BAD_PROFILE_NOTE,
    FRAMES_NOTE,
    LARGE_PROFILE_NOTE,
    UNKNOWN_SPACE_NOTE,
    Converted,
    with_notes,
)
from core.intake.orientation import read_orientation, turn_upright
from core.intake.profiles import MAX_PROFILE_BYTES
from core.intake.samples import Samples, samples_to_srgb

_SIGNATURE = b"\x89PNG\r\n\x1a\n"

#: Chunks without which the pixels cannot be made; damage in them is damage of the image.
_CRITICAL = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")

#: Chunks about colours and orientation, left out where they are damaged.
_DESCRIPTIVE = (b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"eXIf", b"acTL", b"fcTL")

#: Without primaries, many programs state this gamma (times 100,000) when they mean sRGB.
_USUAL_GAMMA = 45455


class _Chunk(NamedTuple):
    kind: bytes
    body: bytes
    raw: bytes


@dataclass(frozen=True)
class PngFile:
    """The chunks of a PNG file that decide what is shown.

    Attributes:
        critical: The file without all other chunks.
        described: Body of the first undamaged chunk of each kind that describes the image.
        damaged: Kinds of descriptive chunks that are damaged.
        transparent: Body of the chunk `tRNS`.
        animated: Whether there are several frames.
    """

    critical: bytes
    described: dict[bytes, bytes]
    damaged: frozenset[bytes] = frozenset()
    transparent: bytes | None = None
    animated: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        width, height = struct.unpack_from(">II", self.critical, 16)
        return width, height

    @property
    def depth(self) -> int:
        """Bits per sample."""
        return self.critical[24]

    @property
    def is_grey(self) -> bool:
        """Whether the samples are grey without opacity."""
        return self.critical[25] == 0


def decode_png(data: bytes, limits: Limits) -> Converted:
    """First frame, upright, in 8-bit sRGB on white.

    Raises:
        ImageError: The image is too large.
        Exception: A chunk that the pixels need is damaged or missing.
    """
    file = read_png(data)
    limits.check_size(*file.size)
    colors = _find_colors(file)
    decode = _decode_16_bit if file.depth == 16 else _decode_8_bit
    converted = decode(file, colors)
    turned = turn_upright(converted.image, _orientation(file))
    return with_notes(
        Converted(turned, converted.notes),
        before=(FRAMES_NOTE,) if file.animated else (),
        after=colors.notes,
    )


def read_png(data: bytes) -> PngFile:
    """The chunks that decide what is shown; those after the last complete one stay as they are.

    Raises:
        ValueError: The file does not begin with a complete header.
    """
    critical = [_SIGNATURE]
    described: dict[bytes, bytes] = {}
    damaged: set[bytes] = set()
    frames_before_data = False
    transparent = None
    for kind, body, raw in _chunks(data):
        if kind in _CRITICAL or not kind:
            critical.append(raw)
            transparent = body if kind == b"tRNS" else transparent
        elif kind in _DESCRIPTIVE and kind not in described:
            if zlib.crc32(kind + body) == int.from_bytes(raw[-4:], "big"):
                described[kind] = body
                frames_before_data |= kind == b"fcTL" and not _has_data(critical)
            else:
                damaged.add(kind)
    if len(critical) < 2 or critical[1][4:8] != b"IHDR" or len(critical[1]) != 25:
        raise ValueError("The header is missing.")
    frames = int.from_bytes(described.get(b"acTL", b"")[:4], "big")
    animated = frames > 1 or (frames == 1 and not frames_before_data)
    return PngFile(b"".join(critical), described, frozenset(damaged), transparent, animated)


def _has_data(critical: list[bytes]) -> bool:
    return any(chunk[4:8] == b"IDAT" for chunk in critical[1:])


def _chunks(data: bytes) -> Iterator[_Chunk]:
    """Every chunk up to the end mark; what is incomplete comes last and has no kind."""
    position = len(_SIGNATURE)
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if end > len(data):
            break
        yield _Chunk(kind, data[position + 8 : end - 4], data[position:end])
        position = end
        if kind == b"IEND":
            return
    yield _Chunk(b"", b"", data[position:])


class _Colors(NamedTuple):
    profile: bytes | None = None
    space: ColorSpace | None = None
    notes: tuple[str, ...] = ()


def _find_colors(file: PngFile) -> _Colors:
    """What the colours mean, by the priorities of the third edition of PNG, section 13.12."""
    chunks = file.described
    broken = (BAD_PROFILE_NOTE,) if file.damaged & {b"cICP", b"iCCP", b"cHRM", b"gAMA"} else ()
    if len(chunks.get(b"cICP", b"")) == 4:
        primaries, transfer = chunks[b"cICP"][:2]
        space = from_code_points(primaries, transfer, is_video_for_televisions=True)
        return _Colors(space=space, notes=() if space else (UNKNOWN_SPACE_NOTE,))
    if b"iCCP" in chunks:
        return _unpack_profile(chunks[b"iCCP"])
    if b"sRGB" in chunks:
        return _Colors(space=SRGB)
    if len(chunks.get(b"gAMA", b"")) != 4:
        return _Colors(notes=broken)
    gamma = int.from_bytes(chunks[b"gAMA"], "big")
    if not gamma:
        return _Colors(notes=(BAD_PROFILE_NOTE,))
    if len(chunks.get(b"cHRM", b"")) == 32:
        return _Colors(space=_measured_space(gamma, chunks[b"cHRM"]), notes=broken)
    space = SRGB if gamma == _USUAL_GAMMA else ColorSpace(BT709, "gamma", 100_000 / gamma)
    return _Colors(space=space, notes=broken)


def _unpack_profile(body: bytes) -> _Colors:
    _, _, packed = body.partition(b"\0")
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(packed[1:], MAX_PROFILE_BYTES + 1)
    except zlib.error:
        return _Colors(notes=(BAD_PROFILE_NOTE,))
    if len(profile) > MAX_PROFILE_BYTES:
        return _Colors(notes=(LARGE_PROFILE_NOTE,))
    return _Colors(profile=profile)


def _measured_space(gamma: int, chromaticities: bytes) -> ColorSpace | None:
    values = [value / 100_000 for value in struct.unpack(">8I", chromaticities)]
    white, red, green, blue = zip(values[::2], values[1::2], strict=True)
    return ColorSpace(Primaries(red, green, blue, white), "gamma", 100_000 / gamma)


def _orientation(file: PngFile) -> int:
    bare = Image.new("L", (1, 1))
    bare.info["exif"] = file.described.get(b"eXIf")
    return read_orientation(bare)


def _decode_8_bit(file: PngFile, colors: _Colors) -> Converted:
    image = PngImagePlugin.PngImageFile(io.BytesIO(file.critical))
    image.load()
    if file.is_grey and isinstance(image.info.get("transparency"), int):
        largest = (1 << file.depth) - 1  # Pillow spreads the samples over 0..255, not this level
        image.info["transparency"] = (image.info["transparency"] & largest) * (255 // largest)
    if colors.profile:
        image.info["icc_profile"] = colors.profile
    return to_srgb(image, space=colors.space)


def _decode_16_bit(file: PngFile, colors: _Colors) -> Converted:
    """Image whose 16 bits Pillow would cut to 8 before the transparent colour is looked for."""
    values: NDArray[np.uint16] = imagecodecs.png_decode(_without_transparency(file.critical))
    values = values[..., None] if values.ndim == 2 else values
    if file.transparent and len(file.transparent) == 2 * values.shape[2]:
        level = np.frombuffer(file.transparent, ">u2")
        opaque = np.where((values == level).all(axis=-1, keepdims=True), 0, 65535)
        values = np.concatenate([values, opaque.astype(np.uint16)], axis=-1)
    return samples_to_srgb(Samples(values, 65535, colors.profile, colors.space))


def _without_transparency(data: bytes) -> bytes:
    kept = [chunk.raw for chunk in _chunks(data) if chunk.kind != b"tRNS"]
    return _SIGNATURE + b"".join(kept)
