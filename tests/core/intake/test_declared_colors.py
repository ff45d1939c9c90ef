"""Colours that a file declares without an ICC profile are those that are shown.

The expected levels come from LittleCMS, given a profile of the same primaries and curve.
"""

import imagecodecs
import numpy as np
import pytest

from core.intake.color_spaces import (
    BT709,
    P3,
    SRGB,
    ColorSpace,
    Primaries,
    convert_to_srgb,
    from_code_points,
    matches_srgb,
)
from core.intake.decode import decode_image
from core.intake.notes import DECLARED_NOTE, UNKNOWN_SPACE_NOTE
from tests.core.intake.declared_colors import (
    CODE_POINTS,
    IMAGE,
    PATCHES,
    assert_close,
    avif,
    by_littlecms,
    cicp,
    png,
    png_16,
)


@pytest.mark.parametrize(("primaries", "transfer", "space", "curve"), CODE_POINTS)
@pytest.mark.parametrize("container", ["AVIF", "PNG", "PNG of 16 bits"])
def test_code_points_are_honoured(
    primaries: int, transfer: int, space: Primaries, curve: str, container: str
) -> None:
    data = {
        "AVIF": lambda: avif(primaries, transfer),
        "PNG": lambda: png(cicp(primaries, transfer)),
        "PNG of 16 bits": lambda: png_16(cicp(primaries, transfer)),
    }[container]()
    decoded = decode_image(data)
    stored = imagecodecs.avif_decode(data) if container == "AVIF" else IMAGE
    assert np.abs(stored.astype(int) - IMAGE).max() <= 1
    assert_close(decoded.pixels, by_littlecms(space, curve, stored))
    assert decoded.notes[-1] == DECLARED_NOTE


@pytest.mark.parametrize("transfer", [1, 2, 6, 13, 14, 15])
def test_avif_that_browsers_show_as_srgb_is_left_alone(transfer: int) -> None:
    decoded = decode_image(avif(1, transfer))
    assert_close(decoded.pixels, PATCHES.astype(int), 1)
    assert decoded.notes == ()


@pytest.mark.parametrize(("primaries", "transfer"), [(3, 13), (1, 9), (99, 13), (1, 200)])
def test_code_points_that_are_not_supported_are_named(primaries: int, transfer: int) -> None:
    for data in (avif(primaries, transfer), png(cicp(primaries, transfer))):
        decoded = decode_image(data)
        assert_close(decoded.pixels, PATCHES.astype(int), 1)
        assert decoded.notes == (UNKNOWN_SPACE_NOTE,)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize(("primaries", "transfer", "space", "curve"), CODE_POINTS)
def test_every_depth_is_converted_alike(
    dtype: type, primaries: int, transfer: int, space: Primaries, curve: str
) -> None:
    white = {np.uint8: 255, np.uint16: 65535, np.float32: 1}[dtype]
    samples = (IMAGE.astype(np.float64) / 255 * white).astype(dtype)
    declared = from_code_points(primaries, transfer)
    assert declared is not None
    assert_close(convert_to_srgb(samples, declared, white_level=white), by_littlecms(space, curve))


def test_the_camera_curve_of_video_is_inverted_where_a_file_means_it() -> None:
    pixels = convert_to_srgb(IMAGE, ColorSpace(BT709, "bt709"), white_level=255)
    assert_close(pixels, by_littlecms(BT709, "bt709"))


def test_the_conversion_from_srgb_changes_nothing() -> None:
    levels = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    np.testing.assert_array_equal(convert_to_srgb(levels, SRGB, white_level=255), levels)
    assert matches_srgb(SRGB)
    assert not matches_srgb(ColorSpace(P3, "srgb"))
