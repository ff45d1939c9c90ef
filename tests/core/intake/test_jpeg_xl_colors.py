"""Depth and colours of JPEG XL; libjxl itself, through pillow-jxl-plugin, is the other reader."""

import io
import shutil
import subprocess
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms
from pillow_jxl import Decoder

from core.intake.color_spaces import BT709, BT2020, P3, ColorSpace, convert_to_srgb
from core.intake.decode import decode_image
from core.intake.jpeg_xl_header import read_header
from core.intake.notes import (
    ALPHA_NOTE,
    DECLARED_NOTE,
    DEPTH_NOTE,
    PFM_NOTE,
)
from tests.core.intake.jpeg_xl_files import (
    IMAGE,
    OPAQUE,
    PATCHES,
    Parts,
    assert_close,
    bare,
    colors,
    shown,
)


def to_light(levels: np.ndarray) -> np.ndarray:
    """Linear light of sRGB levels."""
    signal = levels / 255
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)


def declare(array: np.ndarray, field: str, **options: object) -> bytes:
    """JPEG XL of these samples that declares these colours."""
    return Parts(bare(imagecodecs.jpegxl_encode(array, **options))).with_colors(field)


def libjxl_profile(data: bytes) -> ImageCms.ImageCmsProfile:
    _, _, _, profile, _ = Decoder(num_threads=1)(data)
    return ImageCms.ImageCmsProfile(io.BytesIO(profile))


@pytest.mark.parametrize("bits", [9, 10, 11, 12, 14, 16])
@pytest.mark.parametrize("kind", ["grey", "colour", "opacity"])
def test_every_depth_of_integers_is_scaled_by_its_own_white(bits: int, kind: str) -> None:
    white = (1 << bits) - 1
    samples = np.rint(IMAGE / 255 * white).astype(np.uint16)
    if kind == "grey":
        samples = samples[..., 0]
    if kind == "opacity":
        samples = np.dstack([samples, np.full(samples.shape[:2], white, np.uint16)])
        samples[:, :16, 3] = 0
    stream = bare(imagecodecs.jpegxl_encode(samples, lossless=True, bitspersample=bits))
    data = Parts(stream).with_colors(colors(is_grey=kind == "grey"))
    assert read_header(data).bits == bits
    decoded = decode_image(data)
    expected = PATCHES.astype(int)
    if kind == "grey":
        expected = np.repeat(expected[:, :1], 3, axis=1)
    if kind == "opacity":
        expected = np.vstack([[255, 255, 255], expected[1:]])
    assert_close(decoded.pixels, expected, 1 if bits < 12 else 0)
    assert decoded.notes == (DEPTH_NOTE,) + ((ALPHA_NOTE,) if kind == "opacity" else ())


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.uint16])
@pytest.mark.parametrize("is_lossless", [True, False])
def test_linear_light_is_shown_in_srgb(dtype: type, is_lossless: bool) -> None:
    light = to_light(IMAGE)
    samples = (light * 65535).astype(dtype) if dtype == np.uint16 else light.astype(dtype)
    options = {"lossless": True} if is_lossless else {"distance": 0.1}
    data = bytes(imagecodecs.jpegxl_encode(samples, **options))
    assert "Lin" in libjxl_profile(data).profile.profile_description
    decoded = decode_image(data)
    assert_close(decoded.pixels, PATCHES.astype(int), 1 if is_lossless else 4)
    assert decoded.notes == (DEPTH_NOTE, DECLARED_NOTE)


@pytest.mark.skipif(shutil.which("cjxl") is None, reason="there is no cjxl")
@pytest.mark.parametrize("distance", ["0", "0.1"])
@pytest.mark.parametrize("channels", [3, 1])
def test_linear_light_of_a_pfm_is_shown_in_srgb_whatever_the_encoder_states(
    channels: int, distance: str, tmp_path: Path
) -> None:
    """PFM holds linear light, and cjxl 0.7 states sRGB for it."""
    source, target = tmp_path / "image.pfm", tmp_path / "image.jxl"
    light = to_light(IMAGE).astype("<f4")[..., :channels]
    head = f"{'PF' if channels == 3 else 'Pf'}\n{IMAGE.shape[1]} {IMAGE.shape[0]}\n-1.0\n"
    source.write_bytes(head.encode() + light[::-1].tobytes())
    subprocess.run(["cjxl", source, target, "-d", distance], check=True, capture_output=True)
    decoded = decode_image(target.read_bytes())
    expected = PATCHES.astype(int)[:, :channels].repeat(3 // channels, axis=1)
    assert_close(decoded.pixels, expected, 2 if distance == "0" else 4)
    assert decoded.notes in ((DEPTH_NOTE, PFM_NOTE), (DEPTH_NOTE, DECLARED_NOTE))


@pytest.mark.parametrize("intent", [1, 2, 3])
def test_floats_in_srgb_are_shown_as_they_are(intent: int) -> None:
    samples = (IMAGE / 255).astype(np.float32)
    stream = bare(imagecodecs.jpegxl_encode(samples, lossless=True))
    decoded = decode_image(Parts(stream).with_colors(colors(intent=intent)))
    assert_close(decoded.pixels, PATCHES.astype(int), 1)
    assert decoded.notes == (DEPTH_NOTE,)


#: Enumerated values of white, primaries and transfer, and what they stand for.
SPACES = [
    (1, 11, 13, ColorSpace(P3, "srgb")),
    (1, 9, 13, ColorSpace(BT2020, "srgb")),
    (1, 1, 8, ColorSpace(BT709, "linear")),
    (1, 11, 8, ColorSpace(P3, "linear")),
    (1, 1, 1, ColorSpace(BT709, "bt709")),
    (1, 1, 17, ColorSpace(BT709, "dci")),
    (11, 11, 17, ColorSpace(P3._replace(white=(0.314, 0.351)), "dci")),
]


@pytest.mark.parametrize(("white", "primaries", "transfer", "space"), SPACES)
def test_enumerated_colours_are_honoured(
    white: int, primaries: int, transfer: int, space: ColorSpace
) -> None:
    field = colors(white=white, primaries=primaries, transfer=transfer)
    data = declare(IMAGE, field, lossless=True)
    np.testing.assert_array_equal(imagecodecs.jpegxl_decode(data), IMAGE)
    decoded = decode_image(data)
    assert_close(decoded.pixels, shown(convert_to_srgb(IMAGE, space, white_level=255)), 0)
    assert decoded.notes == (DECLARED_NOTE,)
    if transfer != 17:  # libjxl's own profile, applied by LittleCMS, agrees
        by_profile = ImageCms.profileToProfile(
            Image.fromarray(IMAGE),
            libjxl_profile(data),
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
        )
        assert_close(decoded.pixels, shown(np.asarray(by_profile)), 2)


@pytest.mark.parametrize(("primaries", "transfer"), [(11, 13), (9, 13), (1, 8), (11, 8)])
def test_lossy_files_keep_the_colours_that_were_encoded_whatever_they_are_stored_in(
    primaries: int, transfer: int
) -> None:
    """A lossy codestream states absolute colours, which the decoder gives in the declared space."""
    parts = Parts(bare(imagecodecs.jpegxl_encode(OPAQUE, distance=0.1)))
    data = parts.with_colors(colors(primaries=primaries, transfer=transfer))
    assert read_header(data).is_xyb
    decoded = decode_image(data)
    assert_close(decoded.pixels, PATCHES.astype(int), 4)


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_high_dynamic_range_is_tone_mapped_and_named(transfer: int, name: str) -> None:
    data = declare(IMAGE, colors(primaries=9, transfer=transfer), lossless=True)
    decoded = decode_image(data)
    [note] = decoded.notes
    assert f"High dynamic range ({name})" in note
    assert np.ptp(shown(decoded.pixels)[0]) > np.ptp(PATCHES[0].astype(int)) + 50
