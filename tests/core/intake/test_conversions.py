"""What the intake makes of unusual but sound images, to the exact pixel."""

import inspect
import io
import struct

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageFile

from core.intake.decode import decode_image
from core.intake.errors import ImageError
from core.intake.notes import (
    CMYK_NOTE,
    FRAMES_NOTE,
)
from tests.core.intake.image_files import gradient, noise, save

ORIENTATION_TAG = 0x0112


@pytest.mark.parametrize("fmt", ["PNG", "BMP", "TIFF", "GIF"])
def test_a_palette_image_shows_its_colours(fmt: str) -> None:
    image = gradient().quantize(32)
    decoded = decode_image(save(image, fmt))
    np.testing.assert_array_equal(decoded.pixels, np.asarray(image.convert("RGB")))
    assert decoded.notes == ()


@pytest.mark.parametrize("fmt", ["PNG", "TIFF", "BMP", "GIF"])
@pytest.mark.parametrize("mode", ["1", "L"])
def test_grey_and_black_and_white_become_three_equal_channels(fmt: str, mode: str) -> None:
    image = gradient().convert(mode)
    expected = np.repeat(np.asarray(image.convert("L"))[..., None], 3, axis=2)
    np.testing.assert_array_equal(decode_image(save(image, fmt)).pixels, expected)


@pytest.mark.parametrize("fmt", ["JPEG", "TIFF"])
def test_cmyk_without_a_profile_is_converted_with_a_note(fmt: str) -> None:
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    decoded = decode_image(save(image, fmt, **({"quality": 100} if fmt == "JPEG" else {})))
    assert np.abs(decoded.pixels.astype(int) - [255, 0, 0]).max() <= 2
    assert decoded.notes == (CMYK_NOTE,)


def test_cmyk_pixels_of_a_tiff_are_exact() -> None:
    pixels = noise(7, 9, 4)
    expected = np.asarray(Image.fromarray(pixels, "CMYK").convert("RGB"))
    data = save(Image.fromarray(pixels, "CMYK"), "TIFF")
    np.testing.assert_array_equal(decode_image(data).pixels, expected)
    keep = 255 - pixels.astype(int)
    ideal = keep[..., :3] * keep[..., 3:] / 255
    assert np.abs(expected - ideal).max() <= 1


def test_ycck_jpeg_is_not_inverted() -> None:
    data = imagecodecs.jpeg8_encode(
        np.full((16, 16, 4), [255, 0, 0, 255], np.uint8),
        level=100,
        colorspace="CMYK",
        outcolorspace="YCCK",
    )
    decoded = decode_image(data)
    expected = Image.open(io.BytesIO(data)).convert("RGB")
    np.testing.assert_array_equal(decoded.pixels, np.asarray(expected))
    assert decoded.notes == (CMYK_NOTE,)


def test_lab_tiff_shows_its_colours() -> None:
    neutral = Image.new("LAB", (4, 4), (128, 128, 128))
    pixels = decode_image(save(neutral, "TIFF")).pixels
    assert np.abs(pixels.astype(int) - 119).max() <= 2  # L* = 50.2 in sRGB


def test_ycbcr_tiff_shows_its_colours() -> None:
    image = gradient().convert("YCbCr")
    data = save(image, "TIFF")
    np.testing.assert_array_equal(decode_image(data).pixels, np.asarray(image.convert("RGB")))


TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("fmt", ["PNG", "TIFF", "JPEG", "WEBP"])
def test_a_rotated_photograph_comes_out_upright(fmt: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    image = gradient(24, 16)
    options = {"lossless": True} if fmt == "WEBP" else {}
    expected = Image.fromarray(decode_image(save(image, fmt, **options)).pixels)
    expected = expected.transpose(TURNS[orientation])
    decoded = decode_image(save(image, fmt, exif=exif, **options))
    np.testing.assert_array_equal(decoded.pixels, np.asarray(expected))


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\x63\0\0\0\0\0\0",
        b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\2\0\0\0\4abc\0\0\0\0\0",
        b"Exif\0\0MM\0*\xff\xff\xff\xff",
        b"Exif\0\0nonsense",
    ],
    ids=["orientation 99", "orientation as text", "directory outside", "no TIFF header"],
)
@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_senseless_orientation_is_ignored(exif: bytes) -> None:
    image = gradient(24, 16)
    decoded = decode_image(save(image, "JPEG", exif=exif))
    np.testing.assert_array_equal(decoded.pixels, decode_image(save(image, "JPEG")).pixels)


@pytest.mark.parametrize("fmt", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_of_many_frames_the_first_is_shown_with_a_note(fmt: str) -> None:
    frames = [Image.new("RGB", (16, 16), color) for color in ("red", "green", "blue")]
    data = save(frames[0], fmt, save_all=True, append_images=frames[1:])
    decoded = decode_image(data)
    assert np.abs(decoded.pixels.astype(int) - [255, 0, 0]).max() <= 3
    assert decoded.notes == (FRAMES_NOTE,)


def test_the_first_frame_of_an_animated_jpeg_xl_is_shown_with_a_note() -> None:
    frames = np.stack([noise(20, 30), np.zeros((20, 30, 3), np.uint8)])
    decoded = decode_image(imagecodecs.jpegxl_encode(frames, lossless=True))
    np.testing.assert_array_equal(decoded.pixels, frames[0])
    assert decoded.notes == (FRAMES_NOTE,)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 5000), (5000, 1), (97, 131)])
@pytest.mark.parametrize("fmt", ["PNG", "JPEG", "WEBP", "AVIF", "TIFF", "BMP", "GIF"])
def test_odd_sizes_come_out_as_they_are(fmt: str, width: int, height: int) -> None:
    options = {"speed": 10} if fmt == "AVIF" else {}
    decoded = decode_image(save(gradient(width, height), fmt, **options))
    assert decoded.pixels.shape == (height, width, 3)


def test_a_gif_frame_beyond_the_canvas_is_shown_whole() -> None:
    data = bytearray(save(gradient(), "GIF"))
    struct.pack_into("<HH", data, 6, 3, 2)
    assert decode_image(bytes(data)).pixels.shape == (48, 64, 3)


def test_the_intake_never_sees_a_file_name_and_never_goes_through_the_frames(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert list(inspect.signature(decode_image).parameters) == ["data", "limits"]
    frames = [Image.new("L", (8, 8), level) for level in range(200)]
    data = save(frames[0], "GIF", save_all=True, append_images=frames[1:])
    seen: list[int] = []
    seek = ImageFile.ImageFile._seek_check
    monkeypatch.setattr(
        ImageFile.ImageFile,
        "_seek_check",
        lambda self, frame: (seen.append(frame), seek(self, frame))[1],
    )
    decode_image(data)
    assert max(seen, default=0) <= 1  # looking whether there is a second frame, no further


def test_decoding_leaves_the_settings_of_pillow_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    with pytest.raises(ImageError, match="too large"):
        decode_image(save(Image.new("L", (5000, 4000)), "PNG"))
    decode_image(save(gradient(), "PNG"))
    assert Image.MAX_IMAGE_PIXELS is None
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
