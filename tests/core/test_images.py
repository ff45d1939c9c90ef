"""What the array helpers and the intake promise for good images."""

import io

import imagecodecs
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pil

from core.images import check_image, crop, pad_to_multiple
from core.intake.decode import decode_image
from core.intake.errors import ImageError, Limits
from core.png import encode_png

ORIENTATION_TAG = 0x0112

#: What Pillow calls the turn that makes an image of each EXIF orientation upright.
TURNS = {
    2: Pil.Transpose.FLIP_LEFT_RIGHT,
    3: Pil.Transpose.ROTATE_180,
    4: Pil.Transpose.FLIP_TOP_BOTTOM,
    5: Pil.Transpose.TRANSPOSE,
    6: Pil.Transpose.ROTATE_270,
    7: Pil.Transpose.TRANSVERSE,
    8: Pil.Transpose.ROTATE_90,
}


def noise(height: int, width: int, channels: int = 3, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def save(image: Pil.Image, fmt: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, fmt, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("array", "received"),
    [
        ([[1]], "list"),
        (np.zeros((2, 2, 3)), "float64 of shape"),
        (np.zeros((2, 2), np.uint8), r"\(2, 2\)"),
        (np.zeros((2, 2, 4), np.uint8), r"\(2, 2, 4\)"),
        (np.zeros((0, 2, 3), np.uint8), r"\(0, 2, 3\)"),
    ],
)
def test_what_is_no_image_is_refused_with_what_was_received(array: object, received: str) -> None:
    with pytest.raises(ValueError, match=received):
        check_image(array)


def test_an_image_passes_the_check_unchanged() -> None:
    image = noise(2, 3)
    assert check_image(image) is image


def test_png_keeps_every_pixel() -> None:
    image = noise(37, 53)
    np.testing.assert_array_equal(decode_image(encode_png(image)).pixels, image)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (16, 16), (17, 31), (97, 131)])
def test_padding_repeats_the_last_row_and_column_and_cropping_undoes_it(
    height: int, width: int
) -> None:
    image = noise(height, width)
    padded = pad_to_multiple(image, 16)
    assert padded.shape[0] % 16 == padded.shape[1] % 16 == 0
    assert padded.shape[0] - height < 16
    assert padded.shape[1] - width < 16
    np.testing.assert_array_equal(padded[-1, -1], image[-1, -1])
    np.testing.assert_array_equal(crop(padded, height=height, width=width), image)


def test_padding_and_cropping_name_the_number_that_they_refuse() -> None:
    with pytest.raises(ValueError, match="received 0"):
        pad_to_multiple(noise(2, 2), 0)
    with pytest.raises(ValueError, match="within 3 x 2 pixels; received 4 x 2"):
        crop(noise(2, 3), height=2, width=4)


@pytest.mark.parametrize(
    ("fmt", "name", "options"),
    [
        ("PNG", "PNG", {}),
        ("BMP", "BMP", {}),
        ("TIFF", "TIFF", {}),
        ("TIFF", "TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", "TIFF", {"compression": "tiff_deflate"}),
        ("WEBP", "WebP", {"lossless": True}),
    ],
)
def test_a_lossless_file_gives_exactly_its_pixels_without_a_note(
    fmt: str, name: str, options: dict[str, object]
) -> None:
    image = noise(29, 43)
    decoded = decode_image(save(Pil.fromarray(image), fmt, **options))
    assert (decoded.format, decoded.notes) == (name, ())
    np.testing.assert_array_equal(decoded.pixels, image)


@pytest.mark.parametrize("container", [False, True])
def test_a_lossless_jpeg_xl_gives_exactly_its_pixels(container: bool) -> None:
    image = noise(29, 43)
    data = imagecodecs.jpegxl_encode(image, lossless=True, usecontainer=container)
    decoded = decode_image(data)
    assert (decoded.format, decoded.notes) == ("JPEG XL", ())
    np.testing.assert_array_equal(decoded.pixels, image)


@pytest.mark.parametrize("fmt", ["JPEG", "WEBP", "AVIF", "GIF"])
def test_a_lossy_file_gives_what_pillow_decodes(fmt: str) -> None:
    data = save(Pil.linear_gradient("L").resize((43, 29)).convert("RGB"), fmt)
    expected = np.asarray(Pil.open(io.BytesIO(data)).convert("RGB"))
    np.testing.assert_array_equal(decode_image(data).pixels, expected)


def test_pixels_belong_to_the_caller() -> None:
    decoded = decode_image(encode_png(noise(4, 4)))
    decoded.pixels[0, 0] = 7
    assert decoded.pixels.flags.c_contiguous


def test_the_limits_are_the_callers_choice() -> None:
    data = encode_png(noise(10, 10))
    assert decode_image(data, limits=Limits(max_pixels=100)).pixels.shape == (10, 10, 3)
    with pytest.raises(ImageError, match="received 10 x 10 pixels"):
        decode_image(data, limits=Limits(max_pixels=99))
    with pytest.raises(ImageError, match="MB are accepted"):
        decode_image(data, limits=Limits(max_bytes=len(data) - 1))


def random_image(mode: str, width: int, height: int, seed: int) -> Pil.Image:
    """Image of any mode with random samples."""
    random = np.random.default_rng(seed)
    if mode == "F":
        return Pil.fromarray(random.normal(size=(height, width)).astype(np.float32))
    if mode == "I":
        return Pil.fromarray(random.integers(-9999, 9999, (height, width), dtype=np.int32))
    if mode == "I;16":
        return Pil.fromarray(random.integers(0, 65536, (height, width), dtype=np.uint16))
    if mode == "P":
        return Pil.fromarray(noise(height, width, seed=seed)).quantize(16)
    bands = len(Pil.new(mode, (1, 1)).getbands())
    samples = noise(height, width, 4, seed=seed)[..., :bands].tobytes()
    if mode == "1":
        return Pil.frombytes("L", (width, height), samples).convert("1")
    return Pil.frombytes(mode, (width, height), samples)


MODES_AND_FORMATS = [
    *[(mode, "TIFF") for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "LAB", "YCbCr")],
    *[(mode, "TIFF") for mode in ("I;16", "I", "F")],
    *[(mode, "PNG") for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")],
    *[(mode, "JPEG") for mode in ("L", "RGB", "CMYK")],
    *[(mode, "WEBP") for mode in ("RGB", "RGBA")],
    *[(mode, "AVIF") for mode in ("RGB", "RGBA")],
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    mode_and_format=st.sampled_from(MODES_AND_FORMATS),
    width=st.integers(1, 40),
    height=st.integers(1, 40),
    orientation=st.integers(1, 8),
    seed=st.integers(0, 1000),
)
def test_any_mode_and_size_becomes_an_upright_uint8_rgb_image(
    mode_and_format: tuple[str, str], width: int, height: int, orientation: int, seed: int
) -> None:
    mode, fmt = mode_and_format
    image = random_image(mode, width, height, seed)
    options = {"quality": 90, "speed": 10, "max_threads": 1} if fmt == "AVIF" else {}
    exif = Pil.Exif()
    exif[ORIENTATION_TAG] = orientation
    turned = check_image(decode_image(save(image, fmt, exif=exif, **options)).pixels)
    stored = check_image(decode_image(save(image, fmt, **options)).pixels)
    assert stored.shape == (height, width, 3)
    expected = Pil.fromarray(stored)
    if orientation in TURNS:
        expected = expected.transpose(TURNS[orientation])
    np.testing.assert_array_equal(turned, np.asarray(expected))
