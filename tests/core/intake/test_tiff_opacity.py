"""Opacity and further channels of TIFF."""

import numpy as np
import pytest

from core.intake.decode import decode_image
from core.intake.notes import ALPHA_NOTE, DEPTH_NOTE
from tests.core.intake.image_files import tiff
from tests.core.intake.tiff_pixels import COLORS, DEEP, DEEP_GREY, GREY, HEIGHT, WIDTH, X, planes

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


def test_further_channels_that_are_no_opacity_are_left_out() -> None:
    array = np.dstack([DEEP, DEEP_GREY])
    data = tiff(array, photometric="rgb", extrasamples=["unspecified"])
    np.testing.assert_array_equal(decode_image(data).pixels, COLORS)


def test_a_palette_of_16_bit_indices_shows_its_colours() -> None:
    colormap = np.zeros((3, 65536), np.uint16)
    colormap[:, :256] = np.arange(256, dtype=np.uint16)[::-1] * 257
    data = tiff(GREY.astype(np.uint16), photometric="palette", colormap=colormap)
    np.testing.assert_array_equal(decode_image(data).pixels[..., 0], 255 - GREY)
