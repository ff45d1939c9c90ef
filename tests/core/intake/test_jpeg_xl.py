"""The header of JPEG XL states the size that its decoder then gives."""

import imagecodecs
import numpy as np
import pytest

from core.intake.decode import decode_image
from core.intake.jpeg_xl_header import read_header

#: One size for each of the seven ratios, the short form in eighths, and every length of side.
SIZES = [
    *[(160, 160), (120, 100), (400, 300), (150, 100), (320, 180), (125, 100), (200, 100)],
    *[(8, 8), (256, 248), (1, 1), (97, 131), (513, 7), (9000, 3), (3, 9000), (270_000, 2)],
]


@pytest.mark.parametrize("container", [False, True])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_header_states_the_size(width: int, height: int, container: bool) -> None:
    image = np.zeros((height, width), np.uint8)
    data = imagecodecs.jpegxl_encode(image, lossless=True, effort=1, usecontainer=container)
    header = read_header(data)
    assert (header.width, header.height, header.animated) == (width, height, False)


def test_the_header_tells_an_animation() -> None:
    frames = np.zeros((3, 20, 30, 3), np.uint8)
    assert read_header(imagecodecs.jpegxl_encode(frames)).animated


def test_a_codestream_in_several_boxes_is_put_together() -> None:
    image = np.arange(97 * 131, dtype=np.uint8).reshape(97, 131)
    whole = imagecodecs.jpegxl_encode(image, lossless=True, usecontainer=True)
    stream = imagecodecs.jpegxl_encode(image, lossless=True, usecontainer=False)
    parts = [stream[:3], stream[3:4], stream[4:]]
    data = whole[:32]
    for number, part in enumerate(parts):
        counter = number | (0x80000000 if number == len(parts) - 1 else 0)
        data += (12 + len(part)).to_bytes(4, "big") + b"jxlp" + counter.to_bytes(4, "big") + part
    header = read_header(data)
    assert (header.width, header.height) == (131, 97)
    np.testing.assert_array_equal(decode_image(data).pixels[..., 0], image)


@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 5])
def test_an_incomplete_header_is_refused(length: int) -> None:
    data = imagecodecs.jpegxl_encode(np.zeros((97, 131), np.uint8))[:length]
    with pytest.raises(ValueError, match=r"header|signature"):
        read_header(data)


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_rotated_jpeg_xl_comes_out_upright(orientation: int) -> None:
    image = np.arange(20 * 30, dtype=np.uint8).reshape(20, 30)
    turned = {3: np.rot90(image, 2), 6: np.rot90(image, -1), 8: np.rot90(image)}[orientation]
    data = with_orientation(imagecodecs.jpegxl_encode(image, lossless=True), orientation)
    header = read_header(data)
    assert (header.width, header.height, header.animated) == (30, 20, False)
    np.testing.assert_array_equal(decode_image(data).pixels[..., 0], turned)


def with_orientation(stream: bytes, orientation: int) -> bytes:
    """The codestream of 30 x 20 pixels with the field that its encoder left out.

    The extra fields go in behind the size; the bits behind them move up to the next whole byte,
    where the frame begins. Where that is the encoder does not say, so every place is tried.
    """
    bits = "".join(f"{byte:08b}"[::-1] for byte in stream)
    size_end = 16 + 1 + 2 + 9 + 3  # form, selector, height, ratio 3:2
    assert bits[size_end : size_end + 2] == "00"
    extra = "01" + f"{orientation - 1:03b}"[::-1] + "000"
    for end in range(size_end + 5, 200):
        head = bits[:size_end] + extra + bits[size_end + 2 : end - 3]
        head += "1" + bits[end - 3 : end]  # default tone mapping; no extensions, default transform
        head += "0" * (-len(head) % 8)
        candidate = bytes(int(head[i : i + 8][::-1], 2) for i in range(0, len(head), 8))
        candidate += stream[-(-end // 8) :]
        try:
            imagecodecs.jpegxl_decode(candidate, index=0)
        except (RuntimeError, ValueError):
            continue
        return candidate
    raise AssertionError("no place for the orientation was found")
