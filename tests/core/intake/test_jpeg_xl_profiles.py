"""ICC profiles of JPEG XL, in repacked JPEG and lossy files."""

import io
from collections.abc import Iterator

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from core.intake.decode import decode_image
from core.intake.jpeg_xl_header import read_header
from core.intake.notes import (
    BAD_PROFILE_NOTE,
    PROFILE_NOTE,
)
from tests.core.intake.jpeg_xl_files import (
    IMAGE,
    OPAQUE,
    PATCHES,
    Parts,
    assert_close,
    bare,
    choice,
    shown,
    to_bits,
)

PROFILE = "0" + "1" + choice(0)


def jpeg_with(profile: bytes) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(IMAGE).save(buffer, "JPEG", quality=98, subsampling=0, icc_profile=profile)
    return buffer.getvalue()


def test_the_profile_of_a_repacked_jpeg_is_applied(linear_profile: bytes) -> None:
    jpeg = jpeg_with(linear_profile)
    decoded = decode_image(bytes(imagecodecs.jpegxl_encode_jpeg(jpeg)))
    direct = decode_image(jpeg)
    assert_close(decoded.pixels, shown(direct.pixels), 4)
    assert_close(decoded.pixels, np.rint(255 * from_light(PATCHES / 255)).astype(int), 4)
    assert decoded.notes == direct.notes == (PROFILE_NOTE,)


def from_light(light: np.ndarray) -> np.ndarray:
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def test_a_profile_that_no_installed_reader_tells_is_named(
    linear_profile: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pillow_jxl", None)
    decoded = decode_image(bytes(imagecodecs.jpegxl_encode_jpeg(jpeg_with(linear_profile))))
    assert decoded.notes == (BAD_PROFILE_NOTE,)


def profiles_of(stream: bytes) -> Iterator[str]:
    """Bits that may be the profile of a codestream, which follows its metadata."""
    parts = Parts(stream)
    bits = to_bits(stream)
    for end in range(parts.rest_end + 8, min(len(bits), 4000)):
        yield bits[parts.rest_end : end]


@pytest.fixture(scope="module")
def lossy_with_profile(linear_profile: bytes) -> bytes:
    """Lossy JPEG XL of absolute colours with a profile, put together from two files.

    No encoder at hand writes one. The frames are those of a lossy file, the profile is that of a
    repacked JPEG; where it ends, neither says, so every place is tried until libjxl accepts it.
    """
    parts = Parts(bare(imagecodecs.jpegxl_encode(OPAQUE, distance=0.1)))
    repacked = bare(bytes(imagecodecs.jpegxl_encode_jpeg(jpeg_with(linear_profile))))
    for profile in profiles_of(repacked):
        data = parts.with_colors(PROFILE, profile)
        try:
            imagecodecs.jpegxl_decode(data)
        except (RuntimeError, ValueError):
            continue
        return data
    raise AssertionError("No end of the profile was found.")


def test_absolute_colours_that_a_profile_describes_are_shown(lossy_with_profile: bytes) -> None:
    header = read_header(lossy_with_profile)
    assert (header.is_xyb, header.has_profile) == (True, True)
    decoded = decode_image(lossy_with_profile)
    assert_close(decoded.pixels, PATCHES.astype(int), 4)
    assert decoded.notes == (PROFILE_NOTE,)


def test_dark_levels_of_absolute_colours_survive_linear_light(lossy_with_profile: bytes) -> None:
    """8 bits of linear light would show no level between 0 and 13."""
    ramp = np.repeat(np.tile(np.arange(0, 96, dtype=np.uint8)[None, :], (32, 1))[..., None], 3, 2)
    opaque = np.dstack([ramp, np.full((32, 96), 255, np.uint8)])
    donor = Parts(lossy_with_profile)
    parts = Parts(bare(imagecodecs.jpegxl_encode(opaque, distance=0.05)))
    repacked_profile = donor.bits[donor.rest_end :]
    for end in range(8, 4000):
        data = parts.with_colors(PROFILE, repacked_profile[:end])
        try:
            imagecodecs.jpegxl_decode(data)
        except (RuntimeError, ValueError):
            continue
        break
    levels = decode_image(data).pixels[16, :, 0]
    assert len(np.unique(levels[:32])) >= 24
    assert np.abs(levels.astype(int) - np.arange(96)).max() <= 3
