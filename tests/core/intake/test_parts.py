"""What follows an image is cut off, and files of far too many parts are refused at once."""

import io
import struct
import time

import numpy as np
import pytest
from PIL import Image

from core.intake.decode import decode_image
from core.intake.errors import ImageError
from core.intake.notes import FRAMES_NOTE
from core.intake.parts import check_parts

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
FILM = b"\0\0\0\x18ftypmp42" + np.random.default_rng(1).bytes(9_000_000)


def save(fmt: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, fmt, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("is_progressive", [False, True])
@pytest.mark.parametrize("has_restarts", [False, True])
def test_a_motion_photograph_shows_its_photograph(is_progressive: bool, has_restarts: bool) -> None:
    restarts = {"restart_marker_blocks": 2} if has_restarts else {}
    data = save("JPEG", progressive=is_progressive, **restarts)
    decoded = decode_image(data + FILM)
    np.testing.assert_array_equal(decoded.pixels, decode_image(data).pixels)
    assert decoded.notes == ()


def test_a_jpeg_inside_the_metadata_of_a_jpeg_does_not_count() -> None:
    thumbnail = save("JPEG", progressive=True)
    segment = b"Exif\0\0" + thumbnail * 20
    data = save("JPEG")
    marked = data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:]
    assert segment.count(b"\xff\xda") > 100
    np.testing.assert_array_equal(decode_image(marked).pixels, decode_image(data).pixels)


def run_length_bmp(body: bytes, side: int = 1000) -> bytes:
    palette = b"".join(bytes([level, level, level, 0]) for level in range(256))
    start = 14 + 40 + len(palette)
    info = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, len(body), 0, 0, 256, 256)
    head = b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start)
    return head + info + palette + body


def test_run_lengths_of_a_usual_bmp_are_read() -> None:
    row = bytes([100, 7, 100, 9]) * 5 + b"\0\0"
    decoded = decode_image(run_length_bmp(row * 1000 + b"\0\1"))
    np.testing.assert_array_equal(decoded.pixels[0, :200, 0], [7] * 100 + [9] * 100)


@pytest.mark.parametrize("run", [b"\1\7", b"\0\2\0\0", b"\0\3abc\0", b"\0\0"])
def test_a_bmp_of_endless_run_lengths_is_refused_at_once(run: bytes) -> None:
    data = run_length_bmp(run * (18_000_000 // len(run)))
    started = time.process_time()
    with pytest.raises(ImageError, match=r"18\.0 MB of run lengths; at most 4 MB are accepted"):
        decode_image(data)
    assert time.process_time() - started < 0.5


def test_a_bmp_of_five_and_six_bits_does_not_claim_more_than_eight() -> None:
    levels = np.arange(32 * 32, dtype=np.uint16).reshape(32, 32) * 61
    masks = struct.pack("<III", 0xF800, 0x07E0, 0x001F)
    info = struct.pack("<IiiHHIIiiII", 40, 32, -32, 1, 16, 3, levels.nbytes, 0, 0, 0, 0)
    start = 14 + len(info) + len(masks)
    head = b"BM" + struct.pack("<IHHI", start + levels.nbytes, 0, 0, start)
    decoded = decode_image(head + info + masks + levels.tobytes())
    red, green, blue = levels >> 11, levels >> 5 & 63, levels & 31
    exact = np.stack([red * 255 / 31, green * 255 / 63, blue * 255 / 31], axis=-1)
    assert np.abs(decoded.pixels - exact).max() <= 1
    assert decoded.notes == ()


def gif_parts() -> tuple[bytes, bytes]:
    """Header and body of a GIF, without its end mark."""
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).quantize(16).save(buffer, "GIF")
    data = buffer.getvalue()
    start = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    return data[:start], data[start:-1]


COMMENT = b"\x21\xfe" + b"\1a" * 9_000_000 + b"\0"


def test_a_gif_of_endless_small_blocks_is_refused_at_once() -> None:
    head, body = gif_parts()
    started = time.process_time()
    with pytest.raises(ImageError, match="more than 150,000 parts"):
        decode_image(head + COMMENT + body + b";")
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize("rest", [COMMENT + b";", COMMENT, b"junk", b"", b"\x21", b","])
def test_what_follows_the_only_frame_of_a_gif_costs_nothing(rest: bytes) -> None:
    head, body = gif_parts()
    started = time.process_time()
    decoded = decode_image(head + body + rest)
    assert time.process_time() - started < 0.5
    np.testing.assert_array_equal(decoded.pixels, decode_image(head + body + b";").pixels)
    assert decoded.notes == ()


def test_a_gif_of_countless_frames_shows_its_first() -> None:
    head, body = gif_parts()
    started = time.process_time()
    decoded = decode_image(head + body * (18_000_000 // len(body)) + b";")
    assert time.process_time() - started < 0.5
    np.testing.assert_array_equal(decoded.pixels, decode_image(head + body + b";").pixels)
    assert decoded.notes == (FRAMES_NOTE,)


def test_a_deep_png_in_the_pieces_that_libpng_writes_is_accepted_however_many() -> None:
    piece = struct.pack(">I", 8192) + b"IDAT" + bytes(8192 + 4)
    data = save("PNG")[:33] + 10_500 * piece
    assert check_parts(data, "PNG") == data
    empty = struct.pack(">I", 0) + b"IDAT" + bytes(4)
    with pytest.raises(ImageError, match=r"more than 21,\d+ parts"):
        check_parts(data + 20_000 * empty, "PNG")
