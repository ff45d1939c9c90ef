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
    ALPHA_NOTE,
    CMYK_NOTE,
    DEPTH_NOTE,
    FRAMES_NOTE,
)
from tests.core.intake.image_files import chunk, gradient, noise, png_16, save, tiff

ORIENTATION_TAG = 0x0112

#: Levels of 16 bits and what they become: the nearest of value / 257.
LEVELS_16 = [0, 128, 129, 255, 257, 32768, 40000, 65406, 65407, 65535]
LEVELS_8 = [0, 0, 1, 1, 1, 128, 156, 254, 255, 255]


def jpeg_xl(array: np.ndarray, transfer: int = 13) -> bytes:
    """Lossless JPEG XL that declares a transfer function; 13 is that of sRGB, 8 linear light.

    imagecodecs declares linear light for all samples of more than 8 bits.
    """
    data = imagecodecs.jpegxl_encode(array, lossless=True)
    start = data.find(b"\xff\x0a")
    bits = "".join(f"{byte:08b}"[::-1] for byte in data[start : start + 20])
    white_primaries_and_linear = "1010" + "0" + "01" + f"{8 - 2:04b}"[::-1]
    assert bits.count(white_primaries_and_linear) == 1
    declared = white_primaries_and_linear[:-4] + f"{transfer - 2:04b}"[::-1]
    bits = bits.replace(white_primaries_and_linear, declared)
    head = bytes(int(bits[i : i + 8][::-1], 2) for i in range(0, len(bits), 8))
    return data[:start] + head + data[start + 20 :]


def grey(levels: list[int]) -> np.ndarray:
    """One row of grey pixels."""
    return np.repeat(np.array(levels, np.uint8)[None, :, None], 3, axis=2)


def on_white(pixels: np.ndarray) -> np.ndarray:
    """RGBA over white, rounded to the nearest, by the definition."""
    color, alpha = pixels[..., :3].astype(int), pixels[..., 3:].astype(int)
    return ((color * alpha + 255 * (255 - alpha)) / 255 + 0.5).astype(np.uint8)


@pytest.mark.parametrize(
    "data",
    [
        png_16([LEVELS_16], kind=0, channels=1),
        tiff(np.array([LEVELS_16], np.uint16), byteorder="<"),
        tiff(np.array([LEVELS_16], np.uint16), byteorder=">"),
        tiff(np.array([LEVELS_16], np.uint16), compression="zlib"),
        jpeg_xl(np.array([LEVELS_16], np.uint16)),
    ],
    ids=["PNG", "TIFF little-endian", "TIFF big-endian", "TIFF deflate", "JPEG XL"],
)
def test_16_bit_grey_is_scaled_to_the_nearest_level(data: bytes) -> None:
    decoded = decode_image(data)
    np.testing.assert_array_equal(decoded.pixels, grey(LEVELS_8))
    assert decoded.notes == (DEPTH_NOTE,)


COLOR_16 = np.array([[[0, 257, 514], [25700, 51400, 65535]]], np.uint16)
COLOR_8 = np.array([[[0, 1, 2], [100, 200, 255]]], np.uint8)


@pytest.mark.parametrize(
    "data",
    [
        png_16([COLOR_16.ravel().tolist()], kind=2, channels=3),
        tiff(COLOR_16, photometric="rgb"),
        tiff(COLOR_16, photometric="rgb", byteorder=">"),
        tiff(COLOR_16, photometric="rgb", compression="lzw"),
        jpeg_xl(COLOR_16),
    ],
    ids=["PNG", "TIFF", "TIFF big-endian", "TIFF LZW", "JPEG XL"],
)
def test_16_bit_colour_is_reduced_with_a_note(data: bytes) -> None:
    decoded = decode_image(data)
    np.testing.assert_array_equal(decoded.pixels, COLOR_8)
    assert decoded.notes == (DEPTH_NOTE,)


@pytest.mark.parametrize("container", ["PNG", "TIFF", "JPEG XL"])
def test_16_bit_colour_with_alpha_is_reduced_and_shown_on_white(container: str) -> None:
    samples = np.array([[[257, 514, 771, 65535], [65535, 0, 0, 0]]], np.uint16)
    data = {
        "PNG": lambda: png_16([samples.ravel().tolist()], kind=6, channels=4),
        "TIFF": lambda: tiff(samples, photometric="rgb", extrasamples=["unassalpha"]),
        "JPEG XL": lambda: jpeg_xl(samples),
    }[container]()
    decoded = decode_image(data)
    np.testing.assert_array_equal(decoded.pixels, [[[1, 2, 3], [255, 255, 255]]])
    assert decoded.notes == (DEPTH_NOTE, ALPHA_NOTE)


def test_16_bit_grey_with_alpha_is_reduced_and_shown_on_white() -> None:
    decoded = decode_image(png_16([[25700, 65535, 25700, 0]], kind=4, channels=2))
    np.testing.assert_array_equal(decoded.pixels, grey([100, 255]))
    assert decoded.notes == (DEPTH_NOTE, ALPHA_NOTE)


def test_the_transparent_level_of_a_16_bit_grey_png_becomes_white() -> None:
    extra = chunk(b"tRNS", struct.pack(">H", 25700))
    decoded = decode_image(png_16([[25700, 25701, 0]], kind=0, channels=1, extra=extra))
    np.testing.assert_array_equal(decoded.pixels, grey([255, 100, 0]))
    assert decoded.notes == (DEPTH_NOTE, ALPHA_NOTE)


def test_the_transparent_colour_of_a_16_bit_png_becomes_white() -> None:
    extra = chunk(b"tRNS", struct.pack(">HHH", 0x1234, 0x5678, 0x9ABC))
    values = [0x1234, 0x5678, 0x9ABC, 25700, 0, 0]
    decoded = decode_image(png_16([values], kind=2, channels=3, extra=extra))
    np.testing.assert_array_equal(decoded.pixels, [[[255, 255, 255], [100, 0, 0]]])
    assert decoded.notes == (DEPTH_NOTE, ALPHA_NOTE)


def test_12_bit_grey_is_scaled_by_its_own_white() -> None:
    packed = bytes([0x00, 0x08, 0x00, 0xFF, 0xF0, 0x00])  # 0, 2048, 4095, 0
    tags = [(256, 4), (257, 1), (258, 12), (259, 1), (262, 1), (273, 8), (277, 1), (278, 1)]
    tags.append((279, len(packed)))
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    head = b"II*\0" + struct.pack("<I", 8 + len(packed)) + packed
    data = head + struct.pack("<H", len(tags)) + directory + bytes(4)
    decoded = decode_image(data)
    np.testing.assert_array_equal(decoded.pixels, grey([0, 128, 255, 0]))
    assert decoded.notes == (DEPTH_NOTE,)


@pytest.mark.parametrize(
    ("values", "dtype", "note"),
    [
        ([-1.0, 0.0, 1.0, 3.0], np.float32, "Values from -1 to 3 were rescaled to 0 to 255."),
        ([-1000, 0, 1000, 3000], np.int32, "Values from -1000 to 3000 were rescaled to 0 to 255."),
    ],
)
def test_numbers_without_a_scale_are_stretched_from_least_to_greatest_with_a_note(
    values: list[float], dtype: type, note: str
) -> None:
    decoded = decode_image(tiff(np.array([values], dtype), photometric="minisblack"))
    np.testing.assert_array_equal(decoded.pixels, grey([0, 64, 128, 255]))
    assert decoded.notes == (note,)


def test_a_constant_float_image_is_black() -> None:
    data = tiff(np.full((2, 3), 0.7, np.float32), photometric="minisblack")
    np.testing.assert_array_equal(decode_image(data).pixels, np.zeros((2, 3, 3)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("container", ["TIFF", "JPEG XL"])
def test_samples_that_are_no_finite_numbers_are_refused(bad: float, container: str) -> None:
    samples = np.array([[0.0, 0.5, bad, 1.0]], np.float32)
    data = (
        tiff(samples, photometric="minisblack")
        if container == "TIFF"
        else imagecodecs.jpegxl_encode(samples, lossless=True)
    )
    with pytest.raises(ImageError, match="not finite numbers"):
        decode_image(data)


def test_a_float_jpeg_xl_keeps_its_nominal_range() -> None:
    samples = np.array([[0.0, 0.25, 1.0, 1.5]], np.float32)
    decoded = decode_image(jpeg_xl(samples))
    np.testing.assert_array_equal(decoded.pixels, grey([0, 64, 255, 255]))
    assert decoded.notes == (DEPTH_NOTE,)


@pytest.mark.parametrize("container", ["PNG", "TIFF", "WebP", "JPEG XL"])
def test_transparency_is_composited_on_white_to_the_exact_level(container: str) -> None:
    pixels = noise(31, 47, 4)
    pixels[..., 3] |= 1  # WebP may drop the colours of fully transparent pixels
    data = {
        "PNG": lambda: save(Image.fromarray(pixels), "PNG"),
        "TIFF": lambda: save(Image.fromarray(pixels), "TIFF"),
        "WebP": lambda: save(Image.fromarray(pixels), "WEBP", lossless=True, exact=True),
        "JPEG XL": lambda: imagecodecs.jpegxl_encode(pixels, lossless=True),
    }[container]()
    decoded = decode_image(data)
    np.testing.assert_array_equal(decoded.pixels, on_white(pixels))
    assert decoded.notes == (ALPHA_NOTE,)


@pytest.mark.parametrize("fmt", ["PNG", "TIFF", "WEBP", "AVIF"])
def test_the_hidden_colour_of_a_transparent_image_never_shows(fmt: str) -> None:
    data = save(Image.new("RGBA", (16, 16), (255, 0, 0, 0)), fmt)
    decoded = decode_image(data)
    assert (decoded.pixels == 255).all()
    assert decoded.notes == (ALPHA_NOTE,)


def test_an_opaque_alpha_channel_changes_nothing_and_says_nothing() -> None:
    pixels = noise(8, 8, 4)
    pixels[..., 3] = 255
    decoded = decode_image(save(Image.fromarray(pixels), "PNG"))
    np.testing.assert_array_equal(decoded.pixels, pixels[..., :3])
    assert decoded.notes == ()


def test_grey_with_alpha_is_composited_on_white() -> None:
    pixels = noise(8, 9, 2)
    decoded = decode_image(save(Image.fromarray(pixels), "PNG"))
    np.testing.assert_array_equal(decoded.pixels, on_white(pixels[..., [0, 0, 0, 1]]))


def test_premultiplied_alpha_of_a_tiff_is_undone_before_it_lands_on_white() -> None:
    pixels = np.array([[[64, 32, 0, 128], [0, 0, 0, 0]]], np.uint8)
    data = tiff(pixels, photometric="rgb", extrasamples=["assocalpha"])
    expected = on_white(np.array([[[127, 63, 0, 128], [0, 0, 0, 0]]], np.uint8))
    np.testing.assert_array_equal(decode_image(data).pixels, expected)


@pytest.mark.parametrize("fmt", ["PNG", "GIF"])
def test_the_transparent_entry_of_a_palette_becomes_white(fmt: str) -> None:
    image = Image.new("P", (3, 1))
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.putdata([0, 1, 2])
    decoded = decode_image(save(image, fmt, transparency=1))
    np.testing.assert_array_equal(decoded.pixels, [[[255, 0, 0], [255, 255, 255], [0, 0, 255]]])
    assert decoded.notes == (ALPHA_NOTE,)


def test_a_palette_of_partial_opacities_is_composited() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 100])
    image.putdata([0, 1])
    decoded = decode_image(save(image, "PNG", transparency=bytes([128, 51])))
    expected = on_white(np.array([[[255, 0, 0, 128], [0, 0, 100, 51]]], np.uint8))
    np.testing.assert_array_equal(decoded.pixels, expected)


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
