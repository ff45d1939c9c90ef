"""Colour profiles: what the intake makes of those that it can use, and of those that it cannot."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.intake.decode import decode_image
from core.intake.notes import (
    ALPHA_NOTE,
    BAD_PROFILE_NOTE,
    LARGE_PROFILE_NOTE,
    PROFILE_NOTE,
)
from tests.core.intake.image_files import gradient, noise, save


def matrix_profile(red: tuple[float, float], green: tuple[float, float]) -> bytes:
    """RGB profile of gamma 2.2 with two of the primaries (x, y) chosen, in PCS coordinates."""
    blue, white = (0.1559, 0.0661), (0.3457, 0.3585)
    primaries = np.array([[x / y, 1, (1 - x - y) / y] for x, y in (red, green, blue)]).T
    target = np.array([white[0] / white[1], 1, (1 - sum(white)) / white[1]])
    columns = primaries * np.linalg.solve(primaries, target)

    def number(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    xyz = [b"XYZ \0\0\0\0" + b"".join(map(number, vector)) for vector in (*columns.T, target)]
    curve = b"curv\0\0\0\0" + struct.pack(">IHH", 1, round(2.2 * 256), 0)
    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(79)
    entries = [(b"desc", text), (b"cprt", b"text\0\0\0\0free\0\0\0\0")]
    entries += zip((b"rXYZ", b"gXYZ", b"bXYZ", b"wtpt"), xyz, strict=True)
    entries += [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")]
    table, body = struct.pack(">I", len(entries)), b""
    for name, content in entries:
        content += bytes(-len(content) % 4)
        table += name + struct.pack(">II", 132 + 12 * len(entries) + len(body), len(content))
        body += content
    head = struct.pack(
        ">I4sI4s4s4s",
        132 + 12 * len(entries) + len(body),
        b"lcms",
        0x02100000,
        b"mntr",
        b"RGB ",
        b"XYZ ",
    )
    head += bytes(12) + b"acsp" + bytes(28)
    head += b"".join(map(number, (0.9642, 1.0, 0.8249)))
    return head.ljust(128, b"\0") + table + body


WIDE = matrix_profile((0.68, 0.32), (0.265, 0.69))
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("fmt", ["PNG", "TIFF", "JPEG", "WEBP", "AVIF"])
def test_a_wide_colour_space_is_converted_to_srgb(fmt: str) -> None:
    options = {} if fmt in ("PNG", "TIFF") else {"quality": 95}
    image = Image.new("RGB", (16, 16), (90, 160, 90))
    plain = decode_image(save(image, fmt, **options)).pixels.astype(int)
    decoded = decode_image(save(image, fmt, icc_profile=WIDE, **options))
    red, green, _ = (decoded.pixels.astype(int) - plain).reshape(-1, 3).mean(axis=0)
    assert red < -10 < 0 < green  # the same numbers mean a stronger green in the wider space
    assert decoded.notes == (PROFILE_NOTE,)


def test_the_conversion_is_that_of_little_cms() -> None:
    image = gradient()
    expected = ImageCms.profileToProfile(
        image, ImageCms.ImageCmsProfile(io.BytesIO(WIDE)), ImageCms.createProfile("sRGB")
    )
    decoded = decode_image(save(image, "PNG", icc_profile=WIDE))
    np.testing.assert_array_equal(decoded.pixels, np.asarray(expected))


def test_an_srgb_profile_leaves_the_pixels_exact() -> None:
    pixels = noise(31, 47)
    decoded = decode_image(save(Image.fromarray(pixels), "PNG", icc_profile=SRGB))
    np.testing.assert_array_equal(decoded.pixels, pixels)
    assert decoded.notes == ()


def test_a_profile_is_applied_before_transparency_lands_on_white() -> None:
    image = Image.new("RGBA", (4, 4), (255, 255, 255, 0))
    decoded = decode_image(save(image, "PNG", icc_profile=WIDE))
    assert (decoded.pixels == 255).all()
    assert decoded.notes == (PROFILE_NOTE, ALPHA_NOTE)


def test_palette_and_grey_images_take_their_rgb_profile() -> None:
    for image in (gradient().quantize(16), gradient().convert("L")):
        decoded = decode_image(save(image, "PNG", icc_profile=WIDE))
        assert decoded.notes == (PROFILE_NOTE,)


@pytest.mark.parametrize(
    ("profile", "note"),
    [
        (b"not a profile at all", BAD_PROFILE_NOTE),
        (SRGB[:300], BAD_PROFILE_NOTE),
        (SRGB.replace(b"RGB XYZ ", b"CMYKXYZ "), BAD_PROFILE_NOTE),
        (SRGB + bytes(1_000_000), LARGE_PROFILE_NOTE),
    ],
    ids=["text", "truncated", "of another space", "over 1 MB"],
)
def test_a_profile_that_cannot_be_used_costs_a_note_but_not_the_image(
    profile: bytes, note: str
) -> None:
    pixels = noise(9, 9)
    decoded = decode_image(save(Image.fromarray(pixels), "TIFF", icc_profile=profile))
    np.testing.assert_array_equal(decoded.pixels, pixels)
    assert decoded.notes == (note,)
