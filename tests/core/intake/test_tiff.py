"""TIFF in every layout: the pixels are those that tifffile was given."""

import io
import struct

import numpy as np
import pytest
import tifffile

from core.intake.decode import decode_image
from core.intake.errors import ImageError
from core.intake.notes import ALPHA_NOTE, DEPTH_NOTE, FRAMES_NOTE, PROFILE_NOTE
from tests.core.intake.image_files import tiff

HEIGHT, WIDTH = 48, 64
Y, X = np.mgrid[0:HEIGHT, 0:WIDTH]
COLORS = np.stack([4 * X, 5 * Y, 2 * X + 2 * Y], axis=-1).clip(0, 255).astype(np.uint8)
GREY = COLORS[..., 0]
DEEP = COLORS.astype(np.uint16) * 257
DEEP_GREY = GREY.astype(np.uint16) * 257


def planes(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(array, -1, 0))


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


OPACITY = np.linspace(0, 255, WIDTH).astype(np.uint8)[None, :, None].repeat(HEIGHT, 0)


def on_white(colors: np.ndarray) -> np.ndarray:
    """Colours over white with the opacity, by the definition."""
    opacity = OPACITY.astype(int)
    return ((colors.astype(int) * opacity + 255 * (255 - opacity)) / 255 + 0.5).astype(np.uint8)


#: Samples of 8 bits, how they are labelled, and what they show.
MORE_CHANNELS = {
    "RGB and opacity": ([COLORS, OPACITY], "rgb", ["unassalpha"], on_white(COLORS)),
    "RGB and another": ([COLORS, OPACITY], "rgb", ["unspecified"], COLORS),
    "RGB and two": (
        [COLORS, OPACITY, OPACITY],
        "rgb",
        ["unassalpha", "unspecified"],
        on_white(COLORS),
    ),
    "grey and opacity": (
        [GREY[..., None], OPACITY],
        "minisblack",
        ["unassalpha"],
        on_white(COLORS[..., [0, 0, 0]]),
    ),
    "grey and another": (
        [GREY[..., None], OPACITY],
        "minisblack",
        ["unspecified"],
        COLORS[..., [0, 0, 0]],
    ),
    "inverted grey and opacity": (
        [255 - GREY[..., None], OPACITY],
        "miniswhite",
        ["unassalpha"],
        on_white(COLORS[..., [0, 0, 0]]),
    ),
}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("compression", [None, "lzw", "packbits"])
@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("case", MORE_CHANNELS)
def test_further_channels_of_8_bits_are_what_their_labels_say(
    case: str, planar: bool, compression: str | None, big: bool, order: str
) -> None:
    parts, photometric, extra, expected = MORE_CHANNELS[case]
    array = np.dstack(parts)
    data = tiff(
        planes(array) if planar else array,
        photometric=photometric,
        extrasamples=extra,
        planarconfig="separate" if planar else "contig",
        compression=compression,
        bigtiff=big,
        byteorder=order,
        rowsperstrip=7,
    )
    assert np.abs(decode_image(data).pixels.astype(int) - expected).max() <= 1


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


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("kind", ["unassalpha", "assocalpha"])
def test_opacity_of_16_bits_lands_on_white(planar: bool, kind: str) -> None:
    alpha = np.where(X < WIDTH // 2, 65535, 0).astype(np.uint16)
    array = np.dstack([DEEP, alpha])
    array[alpha == 0, :3] = 0 if kind == "assocalpha" else 30000
    data = tiff(
        planes(array) if planar else array,
        photometric="rgb",
        planarconfig="separate" if planar else "contig",
        extrasamples=[kind],
    )
    decoded = decode_image(data)
    np.testing.assert_array_equal(decoded.pixels[:, : WIDTH // 2], COLORS[:, : WIDTH // 2])
    assert (decoded.pixels[:, WIDTH // 2 :] == 255).all()
    assert decoded.notes == (DEPTH_NOTE, ALPHA_NOTE)


def test_half_opacity_that_colours_were_multiplied_by_is_undone() -> None:
    array = np.array([[[16384, 8192, 0, 32768]]], np.uint16)
    data = tiff(array, photometric="rgb", extrasamples=["assocalpha"])
    opacity = 32768 / 65535
    expected = [255 * (c / 65535 / opacity * opacity + 1 - opacity) for c in (16384, 8192, 0)]
    assert np.abs(decode_image(data).pixels[0, 0] - expected).max() <= 1


@pytest.mark.parametrize("kind", ["unassalpha", "assocalpha"])
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int16])
def test_opacity_of_floats_and_signed_integers_lands_on_white(dtype: type, kind: str) -> None:
    largest = 1 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
    opacity = np.where(X < WIDTH // 2, 1.0, 0.0)[..., None]
    colors = COLORS / 255 * (opacity if kind == "assocalpha" else 1)
    array = (np.dstack([colors, opacity]) * largest).astype(dtype)
    decoded = decode_image(tiff(array, photometric="rgb", extrasamples=[kind]))
    shown = decoded.pixels[:, : WIDTH // 2].astype(int)
    scale = 255 / (COLORS[:, : WIDTH // 2] if kind == "assocalpha" else COLORS).max()
    assert np.abs(shown - COLORS[:, : WIDTH // 2] * scale).max() <= 1
    assert (decoded.pixels[:, WIDTH // 2 :] == 255).all()
    assert decoded.notes[-1] == ALPHA_NOTE


def test_floats_of_linear_light_keep_their_dark_levels(linear_profile: bytes) -> None:
    light = np.linspace(0, 1, 512, dtype=np.float32) ** 3
    array = np.repeat(np.tile(light, (4, 1))[..., None], 3, axis=2)
    decoded = decode_image(tiff(array, photometric="rgb", iccprofile=linear_profile))
    expected = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert np.abs(decoded.pixels[0, :, 0] - expected).max() <= 1.5


def test_further_channels_that_are_no_opacity_are_left_out() -> None:
    array = np.dstack([DEEP, DEEP_GREY])
    data = tiff(array, photometric="rgb", extrasamples=["unspecified"])
    np.testing.assert_array_equal(decode_image(data).pixels, COLORS)


def test_a_palette_of_16_bit_indices_shows_its_colours() -> None:
    colormap = np.zeros((3, 65536), np.uint16)
    colormap[:, :256] = np.arange(256, dtype=np.uint16)[::-1] * 257
    data = tiff(GREY.astype(np.uint16), photometric="palette", colormap=colormap)
    np.testing.assert_array_equal(decode_image(data).pixels[..., 0], 255 - GREY)


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


def test_layouts_that_are_not_supported_are_refused_by_name() -> None:
    lab = tiff(DEEP, photometric="cielab")
    with pytest.raises(ImageError, match="the layout CIELAB with samples of 16 bits"):
        decode_image(lab)
    volume = tiff(
        np.zeros((4, 32, 32), np.uint16),
        volumetric=True,
        tile=(2, 16, 16),
        photometric="minisblack",
    )
    with pytest.raises(ImageError, match="is not supported"):
        decode_image(volume)
    with pytest.raises(ImageError, match="is not supported"):
        decode_image(tiff(np.zeros((4, 4), np.complex64), photometric="minisblack"))
    two_of_three = bytearray(tiff(np.dstack([DEEP_GREY, DEEP_GREY]), photometric="minisblack"))
    with tifffile.TiffFile(io.BytesIO(two_of_three)) as file:
        offset = file.pages[0].tags["PhotometricInterpretation"].valueoffset
    struct.pack_into("<H", two_of_three, offset, 2)
    with pytest.raises(ImageError, match=r"the layout RGB .* is not supported"):
        decode_image(bytes(two_of_three))


def test_samples_that_take_too_much_memory_are_refused_by_the_header() -> None:
    single = tiff(np.zeros((4000, 4000), np.float32), compression="zlib", photometric="minisblack")
    assert decode_image(single).pixels.shape == (4000, 4000, 3)
    doubled = tiff(np.zeros((4000, 2100, 3), np.float64), compression="zlib", photometric="rgb")
    with pytest.raises(ImageError, match="samples of 64 bits take 202 MB; at most 128 MB"):
        decode_image(doubled)


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9, -1])
@pytest.mark.parametrize("compression", [None, "lzw", "zlib"])
def test_a_truncated_deep_file_is_refused_or_whole(kept: float, compression: str | None) -> None:
    data = tiff(DEEP, photometric="rgb", compression=compression, rowsperstrip=7)
    length = int(kept * len(data)) if kept > 0 else int(kept)
    try:
        decoded = decode_image(data[:length])
    except ImageError:
        return
    np.testing.assert_array_equal(decoded.pixels, COLORS)


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_an_image_that_lacks_some_of_its_strips_is_refused(compression: str | None) -> None:
    data = bytearray(tiff(DEEP, photometric="rgb", compression=compression, rowsperstrip=7))
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        tags = file.pages[0].tags
        for name in ("StripOffsets", "StripByteCounts"):
            struct.pack_into("<I", data, tags[name].offset + 4, 3)
    with pytest.raises(ImageError, match="cannot be read"):
        decode_image(bytes(data))
