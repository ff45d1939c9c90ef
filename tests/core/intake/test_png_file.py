"""PNG: what decides the pixels is checked; all other chunks cost neither the image nor memory."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from core.intake.decode import decode_image
from core.intake.errors import ImageError
from core.intake.notes import (
    ALPHA_NOTE,
    BAD_PROFILE_NOTE,
    DEPTH_NOTE,
    FRAMES_NOTE,
    PROFILE_NOTE,
)

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
AFTER_HEADER = 33


def chunk(kind: bytes, body: bytes, *, is_damaged: bool = False) -> bytes:
    checksum = zlib.crc32(kind + body) ^ is_damaged
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


def png(*, after_header: bytes = b"", at_end: bytes = b"", pixels: np.ndarray = PIXELS) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    data = buffer.getvalue()
    return data[:AFTER_HEADER] + after_header + data[AFTER_HEADER:-12] + at_end + data[-12:]


def grey_png(levels: list[int], depth: int, transparent: int) -> bytes:
    """PNG of one row of grey samples, one of which is transparent."""
    bits = "".join(f"{level:0{depth}b}" for level in levels)
    row = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    header = struct.pack(">IIBBBBB", len(levels), 1, depth, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"tRNS", struct.pack(">H", transparent))
    body += chunk(b"IDAT", zlib.compress(b"\0" + row)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("place", ["after_header", "at_end"])
@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt", b"tIME", b"pHYs", b"bKGD", b"prVt"])
def test_a_damaged_chunk_that_decides_nothing_costs_nothing(kind: bytes, place: str) -> None:
    decoded = decode_image(png(**{place: chunk(kind, b"Comment\0hello", is_damaged=True)}))
    np.testing.assert_array_equal(decoded.pixels, PIXELS)
    assert decoded.notes == ()


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"caBX"])
def test_a_large_side_chunk_costs_nothing(kind: bytes) -> None:
    body = b"workflow\0\0" + np.random.default_rng(1).bytes(5_000_000)
    decoded = decode_image(png(after_header=chunk(kind, body)))
    np.testing.assert_array_equal(decoded.pixels, PIXELS)


@pytest.mark.parametrize("kind", [b"iCCP", b"gAMA", b"cHRM", b"cICP"])
def test_damage_in_what_describes_the_colours_is_told(kind: bytes) -> None:
    decoded = decode_image(png(after_header=chunk(kind, b"profile\0\0", is_damaged=True)))
    np.testing.assert_array_equal(decoded.pixels, PIXELS)
    assert decoded.notes == (BAD_PROFILE_NOTE,)


@pytest.mark.parametrize("kind", [b"IHDR", b"PLTE", b"IDAT"])
def test_damage_in_what_decides_the_pixels_costs_the_image(kind: bytes) -> None:
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).quantize(16).save(buffer, "PNG")
    data = bytearray(buffer.getvalue())
    data[data.index(kind) + 5] ^= 1
    with pytest.raises(ImageError, match="cannot be read"):
        decode_image(bytes(data))


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("transparent", [0, 1, -1])
def test_the_transparent_level_of_grey_is_white_at_every_depth(
    depth: int, transparent: int
) -> None:
    largest = (1 << depth) - 1
    level = largest if transparent < 0 else transparent
    levels = sorted({0, 1, largest // 2, largest})
    decoded = decode_image(grey_png(levels, depth, level))
    expected = [255 if other == level else int(other * 255 / largest + 0.5) for other in levels]
    np.testing.assert_array_equal(decoded.pixels[0, :, 0], expected)
    assert decoded.notes == ((DEPTH_NOTE,) if depth == 16 else ()) + (ALPHA_NOTE,)


def test_only_the_exact_16_bit_colour_is_transparent() -> None:
    """The high bytes alone, which Pillow compares, are equal in both pixels."""
    values = np.array([[0x1234, 0x5678, 0x9ABC], [0x12FF, 0x56FF, 0x9AFF]], ">u2")
    header = struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"tRNS", values[0].tobytes())
    body += chunk(b"IDAT", zlib.compress(b"\0" + values.tobytes())) + chunk(b"IEND", b"")
    decoded = decode_image(b"\x89PNG\r\n\x1a\n" + body)
    np.testing.assert_array_equal(decoded.pixels, [[[255, 255, 255], [19, 87, 154]]])


def test_a_profile_is_applied_to_16_bits_before_they_are_reduced(linear_profile: bytes) -> None:
    light = np.linspace(0, 655, 64).astype(">u2")
    header = struct.pack(">IIBBBBB", 64, 1, 16, 0, 0, 0, 0)
    packed = zlib.compress(b"\0" + light.tobytes())
    profile = chunk(b"iCCP", b"linear\0\0" + zlib.compress(linear_profile))
    body = chunk(b"IHDR", header) + profile + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    decoded = decode_image(b"\x89PNG\r\n\x1a\n" + body)
    share = light / 65535
    expected = 255 * np.where(share <= 0.0031308, 12.92 * share, 1.055 * share ** (1 / 2.4) - 0.055)
    assert np.abs(decoded.pixels[0, :, 0] - expected).max() <= 1.5
    assert decoded.notes == (DEPTH_NOTE, PROFILE_NOTE)


@pytest.mark.parametrize("has_default_image", [False, True])
def test_the_first_frame_of_an_animation_is_shown_and_told(has_default_image: bool) -> None:
    frames = [Image.fromarray(PIXELS), Image.fromarray(255 - PIXELS)]
    buffer = io.BytesIO()
    frames[0].save(
        buffer, "PNG", save_all=True, append_images=frames[1:], default_image=has_default_image
    )
    decoded = decode_image(buffer.getvalue())
    np.testing.assert_array_equal(decoded.pixels, PIXELS)
    assert decoded.notes == (FRAMES_NOTE,)


@pytest.mark.parametrize("depth", [8, 16])
def test_exif_turns_a_png_upright_at_every_depth(depth: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    orientation = chunk(b"eXIf", exif.tobytes()[6:])
    if depth == 8:
        data = png(after_header=orientation)
    else:
        header = struct.pack(">IIBBBBB", 30, 20, 16, 2, 0, 0, 0)
        deep = PIXELS.astype(">u2") * 257
        rows = b"".join(b"\0" + row.tobytes() for row in deep.astype(">u2"))
        data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + orientation
        data += chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    np.testing.assert_array_equal(decode_image(data).pixels, np.rot90(PIXELS, -1))
