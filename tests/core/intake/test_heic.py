"""HEIC through the optional package; where it is missing, the refusal names it."""

import io
import struct
import sys

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.intake.color_spaces import BT709, P3, ColorSpace, convert_to_srgb
from core.intake.decode import decode_image
from core.intake.errors import ImageError, Limits
from core.intake.headers import read_pixel_count
from core.intake.notes import DECLARED_NOTE, DEPTH_NOTE, PROFILE_NOTE

pillow_heif = pytest.importorskip("pillow_heif")

PATCHES = np.array(
    [(200, 80, 60), (70, 150, 80), (60, 90, 180), (128, 128, 128), (220, 180, 120), (30, 60, 40)],
    np.uint8,
)
IMAGE = np.repeat(np.tile(PATCHES, (64, 1, 1)), 16, axis=1)


def heic(image: np.ndarray = IMAGE, **options: object) -> bytes:
    buffer = io.BytesIO()
    file = pillow_heif.from_pillow(Image.fromarray(image))
    file.save(buffer, quality=-1, matrix_coefficients=0, chroma=444, **options)
    return buffer.getvalue()


def shown(pixels: np.ndarray) -> np.ndarray:
    """The centre of each patch."""
    return pixels[8, 8::16].astype(int)


def test_a_photograph_of_a_phone_shows_its_pixels() -> None:
    decoded = decode_image(heic())
    np.testing.assert_array_equal(decoded.pixels, IMAGE)
    assert (decoded.format, decoded.notes) == ("HEIC", ())


def test_a_container_that_names_heic_second_is_recognised() -> None:
    data = bytearray(heic())
    assert data[8:12] in (b"heic", b"heix")
    assert data[16:20] == b"mif1"
    data[16:20] = data[8:12]
    data[8:12] = b"mif1"
    np.testing.assert_array_equal(decode_image(bytes(data)).pixels, IMAGE)


@pytest.mark.parametrize("brand", [b"heic", b"mif1"])
def test_the_package_is_named_where_it_is_missing(
    brand: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytearray(heic())
    data[8:12] = brand
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ImageError, match=r"HEIC photograph, which is read where .* pillow-heif"):
        decode_image(bytes(data))


@pytest.mark.parametrize(
    ("primaries", "transfer", "space"),
    [(12, 13, ColorSpace(P3, "srgb")), (1, 8, ColorSpace(BT709, "linear"))],
)
def test_declared_colours_are_honoured(primaries: int, transfer: int, space: ColorSpace) -> None:
    data = bytearray(heic())
    struct.pack_into(">HH", data, data.index(b"nclx") + 4, primaries, transfer)
    decoded = decode_image(bytes(data))
    expected = shown(convert_to_srgb(IMAGE, space, white_level=255))
    assert np.abs(shown(decoded.pixels) - expected).max() <= 2
    assert decoded.notes == (DECLARED_NOTE,)


def test_a_profile_is_applied(linear_profile: bytes) -> None:
    image = Image.fromarray(IMAGE)
    image.info["icc_profile"] = linear_profile
    buffer = io.BytesIO()
    pillow_heif.from_pillow(image).save(buffer, quality=-1, matrix_coefficients=0, chroma=444)
    decoded = decode_image(buffer.getvalue())
    profile = ImageCms.ImageCmsProfile(io.BytesIO(linear_profile))
    expected = ImageCms.profileToProfile(
        Image.fromarray(IMAGE), profile, ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    assert np.abs(shown(decoded.pixels) - shown(np.asarray(expected))).max() <= 2
    assert decoded.notes == (PROFILE_NOTE,)


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_turned_photograph_comes_out_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = {3: np.rot90(IMAGE, 2), 6: np.rot90(IMAGE, -1), 8: np.rot90(IMAGE)}[orientation]
    np.testing.assert_array_equal(decode_image(heic(exif=exif.tobytes())).pixels, turned)


def test_ten_bits_are_told() -> None:
    deep = (IMAGE.astype(np.uint16) << 8) | IMAGE
    file = pillow_heif.from_bytes(mode="RGB;16", size=(96, 64), data=deep.tobytes())
    buffer = io.BytesIO()
    file.save(buffer, quality=100)
    assert decode_image(buffer.getvalue()).notes == (DEPTH_NOTE,)


def test_the_depth_is_reduced_after_the_colours_are_converted() -> None:
    """At 8 bits, the darkest levels of linear light lie 13 levels of sRGB apart."""
    ramp = np.linspace(0, 4095, 96).astype(np.uint16)
    deep = np.ascontiguousarray(np.repeat(np.tile(ramp, (64, 1))[..., None], 3, axis=2))
    file = pillow_heif.from_bytes(mode="RGB;16", size=(96, 64), data=deep.tobytes())
    buffer = io.BytesIO()
    file.save(buffer, quality=-1, chroma=444, matrix_coefficients=0)
    data = bytearray(buffer.getvalue())
    struct.pack_into(">HH", data, data.index(b"nclx") + 4, 1, 8)
    decoded = decode_image(bytes(data))
    # 10 bits are stored.
    light = np.floor(ramp / 64) / 1023
    expected = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(decoded.pixels[32, :, 0], 255 * expected, atol=2)
    assert len(np.unique(decoded.pixels)) > 40
    assert decoded.notes == (DEPTH_NOTE, DECLARED_NOTE)


def test_a_photograph_too_large_is_refused_by_its_header() -> None:
    data = heic()
    assert read_pixel_count(data) == 96 * 64
    wide = bytearray(data)
    struct.pack_into(">II", wide, data.index(b"ispe") + 8, 9000, 9000)
    with pytest.raises(ImageError, match="received 9000 x 9000 pixels"):
        decode_image(bytes(wide))
    with pytest.raises(ImageError, match="received 96 x 64 pixels"):
        decode_image(data, limits=Limits(max_pixels=6000))


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, -1])
def test_a_truncated_photograph_is_refused_or_whole(kept: float) -> None:
    data = heic()
    length = int(kept * len(data)) if kept > 0 else int(kept)
    try:
        decoded = decode_image(data[:length])
    except ImageError:
        return
    np.testing.assert_array_equal(decoded.pixels, IMAGE)
