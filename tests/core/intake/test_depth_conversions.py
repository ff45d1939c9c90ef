"""Deep integers and floats are reduced to 8 bits, to the exact level."""

import struct

import imagecodecs
import numpy as np
import pytest

from core.intake.decode import decode_image
from core.intake.errors import ImageError
from core.intake.notes import (
    ALPHA_NOTE,
    DEPTH_NOTE,
)
from tests.core.intake.image_files import chunk, png_16, tiff
from tests.core.intake.made_images import grey, jpeg_xl

#: Levels of 16 bits and what they become: the nearest of value / 257.
LEVELS_16 = [0, 128, 129, 255, 257, 32768, 40000, 65406, 65407, 65535]


LEVELS_8 = [0, 0, 1, 1, 1, 128, 156, 254, 255, 255]


@pytest.mark.parametrize(
    "data",
    [
        png_16([LEVELS_16], kind=0, channels=1),
        tiff(np.array([LEVELS_16], np.uint16), byteorder="<"),
        tiff(np.array([LEVELS_16], np.uint16), byteorder=">"),
        tiff(np.array([LEVELS_16], np.uint16), compression="zlib"),
        jpeg_xl(np.array([LEVELS_16], np.uint16)),
    ],
    ids=["PNG", "TIFF little-endian", "TIFF big-endian", "TIFF deflate", "JPEG XL"],
)
def test_16_bit_grey_is_scaled_to_the_nearest_level(data: bytes) -> None:
    decoded = decode_image(data)
    np.testing.assert_array_equal(decoded.pixels, grey(LEVELS_8))
    assert decoded.notes == (DEPTH_NOTE,)


COLOR_16 = np.array([[[0, 257, 514], [25700, 51400, 65535]]], np.uint16)


COLOR_8 = np.array([[[0, 1, 2], [100, 200, 255]]], np.uint8)


@pytest.mark.parametrize(
    "data",
    [
        png_16([COLOR_16.ravel().tolist()], kind=2, channels=3),
        tiff(COLOR_16, photometric="rgb"),
        tiff(COLOR_16, photometric="rgb", byteorder=">"),
        tiff(COLOR_16, photometric="rgb", compression="lzw"),
        jpeg_xl(COLOR_16),
    ],
    ids=["PNG", "TIFF", "TIFF big-endian", "TIFF LZW", "JPEG XL"],
)
def test_16_bit_colour_is_reduced_with_a_note(data: bytes) -> None:
    decoded = decode_image(data)
    np.testing.assert_array_equal(decoded.pixels, COLOR_8)
    assert decoded.notes == (DEPTH_NOTE,)


@pytest.mark.parametrize("container", ["PNG", "TIFF", "JPEG XL"])
def test_16_bit_colour_with_alpha_is_reduced_and_shown_on_white(container: str) -> None:
    samples = np.array([[[257, 514, 771, 65535], [65535, 0, 0, 0]]], np.uint16)
    data = {
        "PNG": lambda: png_16([samples.ravel().tolist()], kind=6, channels=4),
        "TIFF": lambda: tiff(samples, photometric="rgb", extrasamples=["unassalpha"]),
        "JPEG XL": lambda: jpeg_xl(samples),
    }[container]()
    decoded = decode_image(data)
    np.testing.assert_array_equal(decoded.pixels, [[[1, 2, 3], [255, 255, 255]]])
    assert decoded.notes == (DEPTH_NOTE, ALPHA_NOTE)


def test_16_bit_grey_with_alpha_is_reduced_and_shown_on_white() -> None:
    decoded = decode_image(png_16([[25700, 65535, 25700, 0]], kind=4, channels=2))
    np.testing.assert_array_equal(decoded.pixels, grey([100, 255]))
    assert decoded.notes == (DEPTH_NOTE, ALPHA_NOTE)


def test_the_transparent_level_of_a_16_bit_grey_png_becomes_white() -> None:
    extra = chunk(b"tRNS", struct.pack(">H", 25700))
    decoded = decode_image(png_16([[25700, 25701, 0]], kind=0, channels=1, extra=extra))
    np.testing.assert_array_equal(decoded.pixels, grey([255, 100, 0]))
    assert decoded.notes == (DEPTH_NOTE, ALPHA_NOTE)


def test_the_transparent_colour_of_a_16_bit_png_becomes_white() -> None:
    extra = chunk(b"tRNS", struct.pack(">HHH", 0x1234, 0x5678, 0x9ABC))
    values = [0x1234, 0x5678, 0x9ABC, 25700, 0, 0]
    decoded = decode_image(png_16([values], kind=2, channels=3, extra=extra))
    np.testing.assert_array_equal(decoded.pixels, [[[255, 255, 255], [100, 0, 0]]])
    assert decoded.notes == (DEPTH_NOTE, ALPHA_NOTE)


def test_12_bit_grey_is_scaled_by_its_own_white() -> None:
    packed = bytes([0x00, 0x08, 0x00, 0xFF, 0xF0, 0x00])  # 0, 2048, 4095, 0
    tags = [(256, 4), (257, 1), (258, 12), (259, 1), (262, 1), (273, 8), (277, 1), (278, 1)]
    tags.append((279, len(packed)))
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    head = b"II*\0" + struct.pack("<I", 8 + len(packed)) + packed
    data = head + struct.pack("<H", len(tags)) + directory + bytes(4)
    decoded = decode_image(data)
    np.testing.assert_array_equal(decoded.pixels, grey([0, 128, 255, 0]))
    assert decoded.notes == (DEPTH_NOTE,)


@pytest.mark.parametrize(
    ("values", "dtype", "note"),
    [
        ([-1.0, 0.0, 1.0, 3.0], np.float32, "Values from -1 to 3 were rescaled to 0 to 255."),
        ([-1000, 0, 1000, 3000], np.int32, "Values from -1000 to 3000 were rescaled to 0 to 255."),
    ],
)
def test_numbers_without_a_scale_are_stretched_from_least_to_greatest_with_a_note(
    values: list[float], dtype: type, note: str
) -> None:
    decoded = decode_image(tiff(np.array([values], dtype), photometric="minisblack"))
    np.testing.assert_array_equal(decoded.pixels, grey([0, 64, 128, 255]))
    assert decoded.notes == (note,)


def test_a_constant_float_image_is_black() -> None:
    data = tiff(np.full((2, 3), 0.7, np.float32), photometric="minisblack")
    np.testing.assert_array_equal(decode_image(data).pixels, np.zeros((2, 3, 3)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("container", ["TIFF", "JPEG XL"])
def test_samples_that_are_no_finite_numbers_are_refused(bad: float, container: str) -> None:
    samples = np.array([[0.0, 0.5, bad, 1.0]], np.float32)
    data = (
        tiff(samples, photometric="minisblack")
        if container == "TIFF"
        else imagecodecs.jpegxl_encode(samples, lossless=True)
    )
    with pytest.raises(ImageError, match="not finite numbers"):
        decode_image(data)


def test_a_float_jpeg_xl_keeps_its_nominal_range() -> None:
    samples = np.array([[0.0, 0.25, 1.0, 1.5]], np.float32)
    decoded = decode_image(jpeg_xl(samples))
    np.testing.assert_array_equal(decoded.pixels, grey([0, 64, 255, 255]))
    assert decoded.notes == (DEPTH_NOTE,)
