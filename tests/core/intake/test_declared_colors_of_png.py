"""Gamma, primaries and code points of PNG."""

import numpy as np
import pytest
from PIL import Image

from core.intake.color_spaces import (
    BT709,
    BT2020,
    P3,
    ColorSpace,
    Primaries,
    convert_to_srgb,
)
from core.intake.decode import decode_image
from core.intake.notes import DECLARED_NOTE
from tests.core.intake.declared_colors import (
    IMAGE,
    assert_close,
    by_littlecms,
    chromaticities,
    cicp,
    gamma,
    png,
    png_16,
    shown,
)
from tests.core.intake.image_files import chunk


@pytest.mark.parametrize("transfer", [2, 13])
def test_png_that_browsers_show_as_srgb_is_exact(transfer: int) -> None:
    decoded = decode_image(png(cicp(1, transfer)))
    np.testing.assert_array_equal(decoded.pixels, IMAGE)
    assert decoded.notes == ()


@pytest.mark.parametrize("transfer", [1, 6, 14, 15])
def test_png_with_the_camera_curve_of_video_is_shown_as_on_a_television(transfer: int) -> None:
    """Chromium 156 shows (197, 70, 49) for the first patch."""
    decoded = decode_image(png(cicp(1, transfer)))
    assert_close(decoded.pixels, by_littlecms(BT709, "gamma 2.4"))
    assert shown(decoded.pixels)[0].tolist() == [197, 70, 49]


@pytest.mark.parametrize(
    ("primaries", "exponent"), [(P3, 2.2), (BT2020, 2.2), (BT709, 1.8), (BT709, 1.0)]
)
def test_gamma_and_primaries_of_a_png_are_honoured(primaries: Primaries, exponent: float) -> None:
    curve = "linear" if exponent == 1 else f"gamma {exponent:g}"
    for make in (png, png_16):
        decoded = decode_image(make(gamma(1 / exponent), chromaticities(primaries)))
        assert_close(decoded.pixels, by_littlecms(primaries, curve))
        assert decoded.notes[-1] == DECLARED_NOTE


def test_the_white_of_a_png_is_shown_as_white() -> None:
    warm = BT709._replace(white=(0.3457, 0.3585))
    white = Image.new("RGB", (96, 32), "white")
    pixels = decode_image(png(gamma(1 / 2.2), chromaticities(warm), image=white)).pixels
    assert pixels.min() >= 254


def test_a_png_that_says_srgb_is_exact_whatever_its_gamma_says() -> None:
    data = png(chunk(b"sRGB", b"\0"), gamma(1.0), chromaticities(BT2020))
    decoded = decode_image(data)
    np.testing.assert_array_equal(decoded.pixels, IMAGE)
    assert decoded.notes == ()


def test_code_points_of_a_png_come_before_all_else() -> None:
    data = png(chunk(b"sRGB", b"\0"), gamma(1.0), chromaticities(BT2020), cicp(12, 13))
    assert_close(decode_image(data).pixels, by_littlecms(P3, "srgb"))


def test_the_usual_gamma_without_primaries_means_srgb() -> None:
    decoded = decode_image(png(gamma(0.45455)))
    np.testing.assert_array_equal(decoded.pixels, IMAGE)
    assert decoded.notes == ()


@pytest.mark.parametrize(("value", "curve"), [(1.0, "linear"), (1 / 1.8, "gamma 1.8")])
def test_another_gamma_without_primaries_is_honoured(value: float, curve: str) -> None:
    decoded = decode_image(png(gamma(value)))
    assert_close(decoded.pixels, by_littlecms(BT709, curve))
    assert decoded.notes == (DECLARED_NOTE,)


@pytest.mark.parametrize("mode", ["L", "P"])
def test_grey_and_palettes_follow_the_declared_curve(mode: str) -> None:
    image = Image.fromarray(IMAGE).convert("L" if mode == "L" else "RGB")
    image = image.quantize(16) if mode == "P" else image
    decoded = decode_image(png(cicp(1, 8), image=image))
    source = np.asarray(image.convert("RGB"))
    expected = convert_to_srgb(source, ColorSpace(BT709, "linear"), white_level=255)
    np.testing.assert_array_equal(decoded.pixels, expected)
    assert decoded.notes == (DECLARED_NOTE,)


#: What Chromium 156 shows for the patches in a PNG with these code points (chunk `cICP`).
CHROMIUM = {
    (12, 13): [(216, 69, 50), (19, 152, 71), (50, 91, 186), (128, 128, 128), (228, 178, 110)],
    (9, 13): [(244, 37, 50), (0, 157, 68), (0, 92, 187), (128, 128, 128), (244, 175, 108)],
    (1, 8): [(229, 152, 133), (143, 202, 152), (133, 160, 219), (188, 188, 188), (239, 219, 183)],
    (1, 4): [(201, 79, 57), (68, 151, 79), (57, 90, 181), (129, 129, 129), (221, 181, 121)],
    (1, 5): [(189, 56, 36), (46, 131, 56), (36, 66, 165), (106, 106, 106), (212, 165, 98)],
    (1, 17): [(200, 65, 44), (55, 143, 65), (44, 76, 177), (118, 118, 118), (224, 177, 109)],
    (4, 13): [(234, 72, 48), (0, 148, 75), (0, 101, 185), (128, 128, 128), (239, 175, 112)],
    (6, 13): [(195, 84, 59), (77, 148, 80), (65, 92, 180), (128, 128, 128), (217, 180, 119)],
    (10, 13): [(255, 0, 76), (0, 194, 49), (0, 116, 189), (128, 128, 128), (255, 120, 113)],
    (11, 13): [(212, 69, 51), (42, 152, 71), (53, 90, 186), (128, 128, 128), (226, 178, 110)],
}


@pytest.mark.parametrize("code_points", CHROMIUM)
def test_a_png_looks_as_in_a_browser(code_points: tuple[int, int]) -> None:
    pixels = shown(decode_image(png(cicp(*code_points))).pixels)[:5]
    assert np.abs(pixels - CHROMIUM[code_points]).max() <= 1
