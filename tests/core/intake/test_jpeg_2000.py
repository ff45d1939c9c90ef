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


def with_colors(specification: bytes, data: bytes = encoded()) -> bytes:
    """The file, a flat one by default, whose header has another specification of colours."""
    start = data.index(b"jp2h") - 4
    (length,) = struct.unpack_from(">I", data, start)
    body = data[start + 8 : start + length].replace(
        ENUMERATED, struct.pack(">I4s", 8 + len(specification), b"colr") + specification
    )
    header = struct.pack(">I4s", 8 + len(body), b"jp2h") + body
    return data[:start] + header + data[start + length :]


def lossless(samples: np.ndarray, bits: int, **options: object) -> bytes:
    samples = np.ascontiguousarray(samples.squeeze())
    return bytes(imagecodecs.jpeg2k_encode(samples, level=0, bitspersample=bits, **options))


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


@pytest.mark.parametrize("container", ["jp2", "j2k"])
@pytest.mark.parametrize("bits", [1, 2, 4, 7, 8, 9, 10, 12, 14, 16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_black_and_white_are_exact_at_every_depth(channels: int, bits: int, container: str) -> None:
    samples = np.zeros((32, 32, channels), np.uint8 if bits <= 8 else np.uint16)
    samples[:16] = (1 << bits) - 1
    if channels in (2, 4):  # opaque above, transparent black below
        samples[8:16, :, :-1] = 0
    image = decode_image(lossless(samples, bits, codecformat=container))
    np.testing.assert_array_equal(image.pixels[0], 255)
    np.testing.assert_array_equal(image.pixels[15], 0 if channels in (2, 4) else 255)
    np.testing.assert_array_equal(image.pixels[-1], 255 if channels in (2, 4) else 0)
    opacity = (ALPHA_NOTE,) if channels in (2, 4) else ()
    assert image.notes == ((DEPTH_NOTE,) if bits > 8 else ()) + opacity


@pytest.mark.parametrize("bits", [4, 12, 16])
@pytest.mark.parametrize("channels", [2, 4])
def test_partly_transparent_samples_of_any_depth_are_shown_on_white(
    channels: int, bits: int
) -> None:
    white = (1 << bits) - 1
    samples = np.zeros((32, 32, channels), np.uint8 if bits <= 8 else np.uint16)
    samples[..., -1] = white // 3
    image = decode_image(lossless(samples, bits))
    np.testing.assert_allclose(image.pixels[5, 5], 255 - 255 * (white // 3) / white, atol=1)


def test_negative_samples_of_16_bits_are_shifted() -> None:
    levels = np.repeat(np.array([[-32768, 0, 32767]], np.int16), 8, axis=1)
    image = decode_image(imagecodecs.jpeg2k_encode(np.repeat(levels, 16, axis=0), level=0))
    np.testing.assert_array_equal(image.pixels[3, ::8], [[0] * 3, [128] * 3, [255] * 3])


@pytest.mark.parametrize("bits", [12, 16])
def test_deep_samples_have_the_colours_of_the_profile(bits: int, linear_profile: bytes) -> None:
    samples = np.round(FLAT.astype(np.float64) * ((1 << bits) - 1) / 255).astype(np.uint16)
    deep = lossless(samples, bits)
    image = decode_image(with_colors(b"\2\0\0" + linear_profile, deep))
    expected = 255 * (1.055 * (np.array(COLOR) / 255) ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(image.pixels[5, 5], expected, atol=1)
    assert image.notes == (DEPTH_NOTE, PROFILE_NOTE)


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
