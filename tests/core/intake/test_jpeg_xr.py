"""JPEG XR: what our codec and others write of 8-bit RGB and grey is read, the rest is named."""

import struct

import imagecodecs
import numpy as np
import pytest

from core.intake.decode import decode_image
from core.intake.errors import ImageError
from core.intake.jpeg_xr_header import HEIGHT, ICC_PROFILE, WIDTH
from core.intake.notes import PROFILE_NOTE
from tests.core.intake.image_files import gradient

PIXELS = np.asarray(gradient())
LEVEL = 0.95
#: Identifier of 24-bit RGB; that of BGR differs in its last byte.
RGB = bytes.fromhex("24c3dd6f034efe4bb1853d77768dc90d")


def encoded(pixels: np.ndarray = PIXELS) -> bytes:
    return bytes(imagecodecs.jpegxr_encode(np.ascontiguousarray(pixels), level=LEVEL))


def with_tag(data: bytes, replaced: int, *, tag: int, count: int, value: int) -> bytes:
    """The file with another tag in the place of one."""
    (table,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, table)
    changed = bytearray(data)
    for position in range(table + 2, table + 2 + 12 * entries, 12):
        if struct.unpack_from("<H", data, position) == (replaced,):
            struct.pack_into("<HHII", changed, position, tag, 4, count, value)
    return bytes(changed)


@pytest.mark.parametrize("pixels", [PIXELS, PIXELS[..., 0]], ids=["RGB", "grey"])
def test_an_image_is_read_as_it_was_written(pixels: np.ndarray) -> None:
    image = decode_image(encoded(pixels))
    expected = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
    assert np.abs(image.pixels.astype(int) - expected).max() <= 6
    assert (image.format, image.notes) == ("JPEG XR", ())


def test_an_image_of_the_order_that_windows_writes_has_the_same_colours() -> None:
    data = encoded()
    windows = data.replace(RGB, RGB[:-1] + b"\x0c", 1)
    assert windows != data
    np.testing.assert_array_equal(decode_image(windows).pixels, decode_image(data).pixels)


def test_colours_are_those_of_the_profile(linear_profile: bytes) -> None:
    flat = np.full((32, 32, 3), (200, 80, 60), np.uint8)
    data = encoded(flat)
    resolution = 0xBC82
    data = with_tag(data, resolution, tag=ICC_PROFILE, count=len(linear_profile), value=len(data))
    image = decode_image(data + linear_profile)
    expected = 255 * (1.055 * (np.array([200, 80, 60]) / 255) ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(image.pixels[5, 5], expected, atol=3)
    assert image.notes == (PROFILE_NOTE,)


@pytest.mark.parametrize(
    "pixels",
    [np.dstack([PIXELS, PIXELS[..., 0]]), PIXELS.astype(np.uint16), PIXELS.astype(np.float32)],
    ids=["opacity", "16 bits", "float"],
)
def test_other_samples_are_refused_by_name(pixels: np.ndarray) -> None:
    with pytest.raises(ImageError, match="only those of 8-bit RGB or grey samples"):
        decode_image(encoded(pixels))


def test_a_size_is_refused_by_the_table_of_tags() -> None:
    data = with_tag(encoded(), WIDTH, tag=WIDTH, count=1, value=30_000)
    data = with_tag(data, HEIGHT, tag=HEIGHT, count=1, value=30_000)
    with pytest.raises(ImageError, match="received 30000 x 30000 pixels"):
        decode_image(data)


def test_a_file_that_is_cut_off_is_refused() -> None:
    with pytest.raises(ImageError, match="damaged, incomplete or of an unusual kind"):
        decode_image(encoded()[:-5])
