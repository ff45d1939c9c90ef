"""Image files that go to and from commands."""

import numpy as np
import pytest

from core.codecs.external.interchange import read_y4m, write_y4m
from core.errors import CodecError

FRAME = b"YUV4MPEG2 W2 H1 F50:1 Ip A0:0 C444\nFRAME\n"


@pytest.mark.parametrize(
    ("colour", "samples"),
    [
        # ITU-R BT.709, items 3.2 and 3.3, over 255 levels in place of 219 and 224.
        ((0, 0, 0), (0, 128, 128)),
        ((255, 255, 255), (255, 128, 128)),
        ((100, 100, 100), (100, 128, 128)),
        ((255, 0, 0), (54, 99, 255)),
        ((0, 255, 0), (182, 30, 12)),
        ((0, 0, 255), (18, 255, 116)),
    ],
)
def test_colours_have_the_samples_of_bt709(
    colour: tuple[int, int, int], samples: tuple[int, int, int]
) -> None:
    assert write_y4m(np.full((1, 1, 3), colour, np.uint8))[-3:] == bytes(samples)


def test_grey_comes_back_exactly_and_every_colour_within_two_levels() -> None:
    grey = np.repeat(np.arange(256, dtype=np.uint8)[:, None, None], 3, axis=2)
    np.testing.assert_array_equal(read_y4m(write_y4m(grey)), grey)
    steps = np.arange(0, 256, 15)
    colours = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(-1, 18, 3).astype(np.uint8)
    assert np.abs(read_y4m(write_y4m(colours)).astype(int) - colours).max() <= 2


def test_planes_follow_one_another_from_top_to_bottom() -> None:
    read = read_y4m(FRAME + bytes([10, 20, 128, 128, 128, 128]))
    assert read.tolist() == [[[10, 10, 10], [20, 20, 20]]]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89PNG",
        FRAME,
        FRAME + bytes(5),
        FRAME + bytes(7),
        FRAME.replace(b"C444", b"C420") + bytes(6),
        FRAME.replace(b"C444", b"C444p10") + bytes(12),
        FRAME.replace(b"C444", b"") + bytes(6),
        FRAME.replace(b"W2", b"W-2") + bytes(6),
        FRAME.replace(b"W2", b"W0"),
        FRAME.replace(b"H1", b""),
    ],
)
def test_what_is_no_whole_frame_of_8_bits_and_444_is_refused(data: bytes) -> None:
    with pytest.raises(CodecError, match=r"^Expected .* received .*\.$"):
        read_y4m(data)
