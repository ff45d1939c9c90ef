"""JPEG 2000: right colours at every depth, or a note."""

import struct
from collections.abc import Callable

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from core.intake.decode import decode_image
from core.intake.errors import ImageError
from core.intake.notes import ALPHA_NOTE, DEPTH_NOTE, PROFILE_NOTE, UNKNOWN_SPACE_NOTE
from tests.core.intake.image_files import gradient, save

COLOR = (200, 80, 60)
FLAT = np.full((40, 50, 3), COLOR, np.uint8)
#: The box in which Pillow states sRGB.
ENUMERATED = struct.pack(">I4sBBBI", 15, b"colr", 1, 0, 0, 16)


def encoded(image: np.ndarray = FLAT, **options: object) -> bytes:
    return save(Image.fromarray(image), "JPEG2000", **options)


def with_colors(specification: bytes) -> bytes:
    """The flat file whose header has another specification of colours."""
    data = encoded()
    start = data.index(b"jp2h") - 4
    (length,) = struct.unpack_from(">I", data, start)
    body = data[start + 8 : start + length].replace(
        ENUMERATED, struct.pack(">I4s", 8 + len(specification), b"colr") + specification
    )
    header = struct.pack(">I4s", 8 + len(body), b"jp2h") + body
    return data[:start] + header + data[start + length :]


@pytest.mark.parametrize("options", [{}, {"no_jp2": True}], ids=["boxes", "codestream alone"])
def test_a_lossless_file_comes_back_to_the_bit(options: dict[str, bool]) -> None:
    image = decode_image(save(gradient(), "JPEG2000", **options))
    np.testing.assert_array_equal(image.pixels, np.asarray(gradient()))
    assert (image.format, image.notes) == ("JPEG 2000", ())


@pytest.mark.parametrize("bits", [9, 12, 16])
@pytest.mark.parametrize("is_grey", [False, True], ids=["colour", "grey"])
def test_more_than_8_bits_are_reduced_with_a_note(bits: int, is_grey: bool) -> None:
    values = np.round(FLAT.astype(np.float64) * ((1 << bits) - 1) / 255).astype(np.uint16)
    values = np.ascontiguousarray(values[..., 0]) if is_grey else values
    image = decode_image(imagecodecs.jpeg2k_encode(values, level=0, bitspersample=bits))
    np.testing.assert_allclose(image.pixels[5, 5], (200, 200, 200) if is_grey else COLOR, atol=2)
    assert image.notes == (DEPTH_NOTE,)


@pytest.mark.parametrize("channels", [2, 4])
def test_transparent_parts_are_shown_on_white(channels: int) -> None:
    opacity = np.full((40, 50, 1), 128, np.uint8)
    image = decode_image(encoded(np.concatenate([FLAT[..., : channels - 1], opacity], axis=2)))
    expected = 255 - (255 - np.array(COLOR if channels == 4 else COLOR[:1] * 3)) * 128 / 255
    np.testing.assert_allclose(image.pixels[5, 5], expected, atol=1)
    assert image.notes == (ALPHA_NOTE,)


@pytest.mark.parametrize("method", [2, 3], ids=["restricted", "any"])
def test_colours_are_those_of_the_profile(method: int, linear_profile: bytes) -> None:
    image = decode_image(with_colors(bytes([method, 0, 0]) + linear_profile))
    # Linear samples as sRGB by the definition of its curve.
    light = np.array(COLOR) / 255
    expected = 255 * (1.055 * light ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(image.pixels[5, 5], expected, atol=2)
    assert image.notes == (PROFILE_NOTE,)


def test_a_colour_space_that_is_not_converted_is_noted() -> None:
    image = decode_image(with_colors(struct.pack(">BBBI", 1, 0, 0, 14)))
    assert image.notes == (UNKNOWN_SPACE_NOTE,)


@pytest.mark.parametrize(
    "cut",
    [
        lambda data: data[: data.index(b"\xff\x93") + 2],
        lambda data: data[: len(data) // 2],
        lambda data: data[:-2],
    ],
    ids=["after its headers", "in the middle", "before its end mark"],
)
def test_a_file_that_is_cut_off_is_refused(cut: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ImageError, match="damaged, incomplete or of an unusual kind"):
        decode_image(cut(save(gradient(), "JPEG2000")))
