"""TIFF in every layout: the pixels are those that tifffile was given."""

import struct

import numpy as np
import pytest

from core.intake.decode import decode_image
from core.intake.notes import DEPTH_NOTE, FRAMES_NOTE, PROFILE_NOTE
from tests.core.intake.image_files import tiff
from tests.core.intake.tiff_pixels import COLORS, DEEP, DEEP_GREY, GREY, planes


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("compression", [None, "lzw", "zlib"])
@pytest.mark.parametrize(
    "parts", [{}, {"rowsperstrip": 7}, {"tile": (16, 32)}], ids=["whole", "strips", "tiles"]
)
@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("deep", [False, True])
def test_every_layout_of_colour_shows_the_same_pixels(
    order: str, big: bool, compression: str | None, parts: dict, planar: bool, deep: bool
) -> None:
    array = DEEP if deep else COLORS
    data = tiff(
        planes(array) if planar else array,
        photometric="rgb",
        planarconfig="separate" if planar else "contig",
        byteorder=order,
        bigtiff=big,
        compression=compression,
        predictor=compression is not None,
        **parts,
    )
    decoded = decode_image(data)
    np.testing.assert_array_equal(decoded.pixels, COLORS)
    assert decoded.notes == ((DEPTH_NOTE,) if deep else ())


@pytest.mark.parametrize("compression", [None, "lzw", "zlib"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_white_is_zero_is_not_shown_inverted(dtype: type, compression: str | None) -> None:
    white = np.iinfo(dtype).max
    array = (white - GREY.astype(np.uint64) * (white // 255)).astype(dtype)
    data = tiff(array, photometric="miniswhite", compression=compression)
    np.testing.assert_array_equal(decode_image(data).pixels[..., 0], GREY)


def test_floats_whose_white_is_zero_are_not_shown_inverted() -> None:
    data = tiff(1 - (GREY / 255).astype(np.float32), photometric="miniswhite")
    decoded = decode_image(data)
    stretched = np.rint(255 * (GREY.astype(float) / GREY.max()))
    assert np.abs(decoded.pixels[..., 0] - stretched).max() <= 1
    assert "were rescaled" in decoded.notes[0]


@pytest.mark.parametrize("kind", ["grey", "colour"])
@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.float16, np.float32, np.float64])
def test_signed_integers_and_floats_are_stretched_with_a_note(dtype: type, kind: str) -> None:
    source = GREY if kind == "grey" else COLORS
    array = (source.astype(int) // 2 - 60).astype(dtype)
    data = tiff(array, photometric="minisblack" if kind == "grey" else "rgb")
    decoded = decode_image(data)
    values = array.astype(float)
    expected = np.floor(255 * (values - values.min()) / np.ptp(values) + 0.5)
    expected = expected[..., None] if kind == "grey" else expected
    assert np.abs(decoded.pixels - expected).max() <= 1
    assert decoded.notes == (
        f"Values from {values.min():g} to {values.max():g} were rescaled to 0 to 255.",
    )


@pytest.mark.parametrize("dtype", [np.uint32, np.uint64])
def test_wide_unsigned_integers_use_their_whole_range(dtype: type) -> None:
    array = GREY.astype(dtype) * dtype(np.iinfo(dtype).max // 255)
    decoded = decode_image(tiff(array, photometric="minisblack"))
    np.testing.assert_array_equal(decoded.pixels[..., 0], GREY)
    assert decoded.notes == (DEPTH_NOTE,)


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_grey_of_packed_bits_is_scaled_by_its_own_white(bits: int) -> None:
    levels = [0, (1 << bits) // 2, (1 << bits) - 1]
    packed = "".join(f"{level:0{bits}b}" for level in levels)
    body = int(packed.ljust(-(-len(packed) // 8) * 8, "0"), 2).to_bytes(-(-len(packed) // 8), "big")
    tags = [(256, 3), (257, 1), (258, bits), (259, 1), (262, 1), (273, 8), (277, 1), (278, 1)]
    tags.append((279, len(body)))
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    head = b"II*\0" + struct.pack("<I", 8 + len(body)) + body
    decoded = decode_image(head + struct.pack("<H", len(tags)) + directory + bytes(4))
    np.testing.assert_array_equal(decoded.pixels[0, :, 0], [0, 128, 255])
    assert decoded.notes == (DEPTH_NOTE,)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_black_and_white_is_not_shown_inverted(photometric: str, big: bool, order: str) -> None:
    is_set = GREY > 100
    data = tiff(is_set, photometric=photometric, bigtiff=big, byteorder=order)
    is_white = is_set if photometric == "minisblack" else ~is_set
    np.testing.assert_array_equal(decode_image(data).pixels[..., 0], is_white * np.uint8(255))


@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("white_is_zero", [False, True])
def test_grey_of_few_bits_uses_the_whole_range(bits: int, white_is_zero: bool) -> None:
    white = (1 << bits) - 1
    levels = [0, 1, white // 2, white]
    stored = [white - level for level in levels] if white_is_zero else levels
    packed = "".join(f"{level:0{bits}b}" for level in stored).ljust(16, "0")
    body = int(packed[: -(-4 * bits // 8) * 8], 2).to_bytes(-(-4 * bits // 8), "big")
    tags = [(256, 4), (257, 1), (258, bits), (259, 1), (262, int(not white_is_zero)), (273, 8)]
    tags += [(277, 1), (278, 1), (279, len(body))]
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    padding = bytes(len(body) % 2)
    head = b"II*\0" + struct.pack("<I", 8 + len(body) + len(padding)) + body + padding
    decoded = decode_image(head + struct.pack("<H", len(tags)) + directory + bytes(4))
    np.testing.assert_array_equal(decoded.pixels[0, :, 0], [lv * 255 // white for lv in levels])


def test_floats_of_linear_light_keep_their_dark_levels(linear_profile: bytes) -> None:
    light = np.linspace(0, 1, 512, dtype=np.float32) ** 3
    array = np.repeat(np.tile(light, (4, 1))[..., None], 3, axis=2)
    decoded = decode_image(tiff(array, photometric="rgb", iccprofile=linear_profile))
    expected = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert np.abs(decoded.pixels[0, :, 0] - expected).max() <= 1.5


def test_cmyk_of_16_bits_is_the_cmyk_of_8_bits() -> None:
    inks = np.dstack([COLORS, GREY // 2])
    deep = decode_image(tiff(inks.astype(np.uint16) * 257, photometric="separated"))
    flat = decode_image(tiff(inks, photometric="separated"))
    np.testing.assert_array_equal(deep.pixels, flat.pixels)
    assert deep.notes == (DEPTH_NOTE, *flat.notes)


def test_only_the_first_of_several_deep_pages_is_shown() -> None:
    pages = np.stack([DEEP_GREY, DEEP_GREY[::-1]])
    decoded = decode_image(tiff(pages, photometric="minisblack"))
    np.testing.assert_array_equal(decoded.pixels[..., 0], GREY)
    assert decoded.notes == (FRAMES_NOTE, DEPTH_NOTE)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_deep_images_are_turned_upright_like_flat_ones(orientation: int) -> None:
    tag = (274, 3, 1, orientation, True)
    deep = decode_image(tiff(DEEP, photometric="rgb", extratags=[tag]))
    flat = decode_image(tiff(COLORS, photometric="rgb", extratags=[tag]))
    np.testing.assert_array_equal(deep.pixels, flat.pixels)


def test_a_profile_is_applied_to_16_bits_before_they_are_reduced(linear_profile: bytes) -> None:
    """8 bits of linear light have no level between 0 and 13 of sRGB."""
    light = np.linspace(0, 655, 64).astype(np.uint16)
    array = np.repeat(np.tile(light, (4, 1))[..., None], 3, axis=2)
    decoded = decode_image(tiff(array, photometric="rgb", iccprofile=linear_profile))
    share = light / 65535
    expected = 255 * np.where(share <= 0.0031308, 12.92 * share, 1.055 * share ** (1 / 2.4) - 0.055)
    assert np.abs(decoded.pixels[0, :, 0] - expected).max() <= 1.5
    assert decoded.notes == (DEPTH_NOTE, PROFILE_NOTE)
