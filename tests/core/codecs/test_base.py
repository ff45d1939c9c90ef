"""The dial, and how a codec spells its knobs."""

import numpy as np
import pytest

from core.codecs.base import Dial, check_decoded
from core.codecs.jpeg import Jpeg
from core.codecs.jpeg_optimized import JpegOptimized
from core.codecs.jpeg_xl import JpegXl, JpegXlCodec
from core.codecs.pillow import PillowCodec
from core.codecs.png import Png
from core.errors import CodecError

QUALITY = Dial(name="quality", lowest=1, highest=95, step=1, default=75)
DISTANCE = Dial(name="distance", lowest=0.05, highest=25, step=0.05, default=1, rising=False)


def test_positions_are_ordered_from_the_smallest_file_to_the_largest() -> None:
    assert QUALITY.positions()[[0, -1]].tolist() == [1, 95]
    assert DISTANCE.positions()[[0, -1]].tolist() == [25, 0.05]
    assert len(QUALITY.positions()) == 95
    assert len(DISTANCE.positions()) == 500


@pytest.mark.parametrize("dial", [QUALITY, DISTANCE], ids=lambda dial: dial.name)
def test_every_position_lies_on_the_dial(dial: Dial) -> None:
    assert [dial.check(value) for value in dial.positions()] == dial.positions().tolist()


def test_rounding_errors_of_a_value_are_removed() -> None:
    assert DISTANCE.check(0.1 + 0.2) == 0.3


def test_the_setting_names_the_dial_and_the_knobs_that_differ_from_the_codec() -> None:
    assert Jpeg(75).setting == "quality=75"
    assert Jpeg(75, progressive=True).setting == "quality=75, progressive=True"
    assert JpegOptimized(75).setting == "quality=75"
    assert JpegXl(distance=0.05).setting == "distance=0.05"
    assert JpegXl(effort=9, distance=4.0).setting == "distance=4, effort=9"


def test_the_setting_without_a_dial_says_lossless() -> None:
    assert Png().setting == "lossless"
    assert Png(compress_level=9).setting == "compress_level=9"


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.uint16)],
    ids=["grey", "alpha", "16-bit"],
)
def test_decoded_pixels_that_are_not_8_bit_rgb_are_refused(pixels: np.ndarray) -> None:
    with pytest.raises(CodecError, match=r"Expected an 8-bit RGB PNG file; received uint"):
        check_decoded(pixels, "PNG")


@pytest.mark.parametrize("base", [PillowCodec, JpegXlCodec])
def test_a_format_that_does_not_say_how_it_is_written_cannot_be_made(base: type) -> None:
    with pytest.raises(TypeError, match=r"abstract method '?options"):
        base()
