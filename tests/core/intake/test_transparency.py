"""Transparent pixels are composited on white, to the exact level."""

import struct

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from core.intake.decode import decode_image
from core.intake.notes import (
    ALPHA_NOTE,
)
from tests.core.intake.image_files import noise, save, tiff
from tests.core.intake.made_images import on_white


@pytest.mark.parametrize("container", ["PNG", "TIFF", "WebP", "JPEG XL"])
def test_transparency_is_composited_on_white_to_the_exact_level(container: str) -> None:
    pixels = noise(31, 47, 4)
    pixels[..., 3] |= 1  # WebP may drop the colours of fully transparent pixels
    data = {
        "PNG": lambda: save(Image.fromarray(pixels), "PNG"),
        "TIFF": lambda: save(Image.fromarray(pixels), "TIFF"),
        "WebP": lambda: save(Image.fromarray(pixels), "WEBP", lossless=True, exact=True),
        "JPEG XL": lambda: imagecodecs.jpegxl_encode(pixels, lossless=True),
    }[container]()
    decoded = decode_image(data)
    np.testing.assert_array_equal(decoded.pixels, on_white(pixels))
    assert decoded.notes == (ALPHA_NOTE,)


@pytest.mark.parametrize("fmt", ["PNG", "TIFF", "WEBP", "AVIF"])
def test_the_hidden_colour_of_a_transparent_image_never_shows(fmt: str) -> None:
    data = save(Image.new("RGBA", (16, 16), (255, 0, 0, 0)), fmt)
    decoded = decode_image(data)
    assert (decoded.pixels == 255).all()
    assert decoded.notes == (ALPHA_NOTE,)


def test_an_opaque_alpha_channel_changes_nothing_and_says_nothing() -> None:
    pixels = noise(8, 8, 4)
    pixels[..., 3] = 255
    decoded = decode_image(save(Image.fromarray(pixels), "PNG"))
    np.testing.assert_array_equal(decoded.pixels, pixels[..., :3])
    assert decoded.notes == ()


def test_grey_with_alpha_is_composited_on_white() -> None:
    pixels = noise(8, 9, 2)
    decoded = decode_image(save(Image.fromarray(pixels), "PNG"))
    np.testing.assert_array_equal(decoded.pixels, on_white(pixels[..., [0, 0, 0, 1]]))


def test_premultiplied_alpha_of_a_tiff_is_undone_before_it_lands_on_white() -> None:
    pixels = np.array([[[64, 32, 0, 128], [0, 0, 0, 0]]], np.uint8)
    data = tiff(pixels, photometric="rgb", extrasamples=["assocalpha"])
    expected = on_white(np.array([[[127, 63, 0, 128], [0, 0, 0, 0]]], np.uint8))
    np.testing.assert_array_equal(decode_image(data).pixels, expected)


@pytest.mark.parametrize("fmt", ["PNG", "GIF"])
def test_the_transparent_entry_of_a_palette_becomes_white(fmt: str) -> None:
    image = Image.new("P", (3, 1))
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.putdata([0, 1, 2])
    decoded = decode_image(save(image, fmt, transparency=1))
    np.testing.assert_array_equal(decoded.pixels, [[[255, 0, 0], [255, 255, 255], [0, 0, 255]]])
    assert decoded.notes == (ALPHA_NOTE,)


def bmp(pixels: np.ndarray) -> bytes:
    """BMP of 32 bits whose header has a mask of the opacity (BITMAPV5HEADER)."""
    height, width, _ = pixels.shape
    body = pixels[::-1, :, [2, 1, 0, 3]].tobytes()
    sizes = struct.pack("<IiiHHIIiiII", 124, width, height, 1, 32, 3, len(body), 0, 0, 0, 0)
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + b"BGRs" + bytes(64)
    start = struct.pack("<2sIHHI", b"BM", 138 + len(body), 0, 0, 138)
    return start + sizes + masks + body


def test_a_bmp_is_opaque_where_all_opacities_are_zero() -> None:
    pixels = noise(9, 7, 4)
    decoded = decode_image(bmp(pixels))
    np.testing.assert_array_equal(decoded.pixels, on_white(pixels))
    assert decoded.notes == (ALPHA_NOTE,)
    pixels[..., 3] = 0
    decoded = decode_image(bmp(pixels))
    np.testing.assert_array_equal(decoded.pixels, pixels[..., :3])
    assert decoded.notes == ()


@pytest.mark.parametrize(
    "palette", [[0, 90, 0, 200, 80, 60], [0, 0, 0, 1, 1, 1]], ids=["colour", "grey"]
)
def test_a_gif_is_clear_around_its_frame(palette: list[int]) -> None:
    frame = Image.new("P", (3, 2), 1)
    frame.putpalette(palette)
    data = bytearray(save(frame, "GIF"))
    struct.pack_into("<HH", data, 6, 8, 5)  # the canvas
    struct.pack_into("<HH", data, data.index(b"\x2c\0\0\0\0\3\0\2\0") + 1, 4, 1)
    expected = np.full((5, 8, 3), 255, np.uint8)
    expected[1:3, 4:7] = palette[3:]
    decoded = decode_image(bytes(data))
    np.testing.assert_array_equal(decoded.pixels, expected)
    assert decoded.notes == (ALPHA_NOTE,)


def test_a_palette_of_partial_opacities_is_composited() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 100])
    image.putdata([0, 1])
    decoded = decode_image(save(image, "PNG", transparency=bytes([128, 51])))
    expected = on_white(np.array([[[255, 0, 0, 128], [0, 0, 100, 51]]], np.uint8))
    np.testing.assert_array_equal(decoded.pixels, expected)
