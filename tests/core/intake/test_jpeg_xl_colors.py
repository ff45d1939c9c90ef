"""Depth and colours of JPEG XL; libjxl itself, through pillow-jxl-plugin, is the other reader."""

import io
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms
from pillow_jxl import Decoder

from core.intake.color_spaces import BT709, BT2020, P3, ColorSpace, convert_to_srgb
from core.intake.decode import decode_image
from core.intake.jpeg_xl_header import _Bits, _read_metadata, _read_size, read_header
from core.intake.notes import (
    ALPHA_NOTE,
    BAD_PROFILE_NOTE,
    DECLARED_NOTE,
    DEPTH_NOTE,
    PFM_NOTE,
    PROFILE_NOTE,
)

PATCHES = np.array(
    [(200, 80, 60), (70, 150, 80), (60, 90, 180), (128, 128, 128), (220, 180, 120), (30, 60, 40)],
    np.uint8,
)
IMAGE = np.repeat(np.tile(PATCHES, (32, 1, 1)), 16, axis=1)

#: With opacity, so that the encoder writes its metadata in full.
OPAQUE = np.dstack([IMAGE, np.full((32, 96), 255, np.uint8)])


def shown(pixels: np.ndarray) -> np.ndarray:
    """The centre of each patch."""
    return pixels[8, 8::16].astype(int)


def assert_close(pixels: np.ndarray, expected: np.ndarray, tolerance: int = 2) -> None:
    assert np.abs(shown(pixels) - expected).max() <= tolerance


def to_light(levels: np.ndarray) -> np.ndarray:
    """Linear light of sRGB levels."""
    signal = levels / 255
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)


def to_bits(data: bytes) -> str:
    return "".join(f"{byte:08b}"[::-1] for byte in data)


def to_bytes(bits: str) -> bytes:
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8][::-1], 2) for i in range(0, len(bits), 8))


def bare(data: bytes) -> bytes:
    """The codestream of a file of imagecodecs."""
    return data[data.find(b"\xff\x0a") :]


def choice(value: int) -> str:
    """An enumerated value as the codestream writes it."""
    if value < 2:
        return f"{value:02b}"[::-1]
    return "01" + f"{value - 2:04b}"[::-1] if value < 18 else "11" + f"{value - 18:06b}"[::-1]


def colors(
    *,
    white: int = 1,
    primaries: int = 1,
    transfer: int = 13,
    is_grey: bool = False,
    intent: int = 0,
) -> str:
    """Field of the colours: RGB or grey, white, primaries, transfer, rendering intent."""
    space = choice(1 if is_grey else 0) + choice(white) + ("" if is_grey else choice(primaries))
    return "0" + "0" + space + "0" + choice(transfer) + choice(intent)


PROFILE = "0" + "1" + choice(0)


class Parts:
    """A codestream of imagecodecs taken apart at its field of the colours."""

    def __init__(self, stream: bytes) -> None:
        reader = _Bits(stream)
        reader.read(16)
        width, height = _read_size(reader)
        assert not reader.read(1)
        header = _read_metadata(reader, width, height)
        self.bits = to_bits(stream)
        self.colors_start = next(
            start
            for start in range(17, reader.position)
            if self._ends_before_colors(start, width, height, header.is_xyb)
        )
        colors_end = reader.position
        self.rest_end = colors_end + 2 + 1  # no extensions, default transform
        assert self.bits[colors_end : self.rest_end] == "001"
        self.frames = self.bits[-(-self.rest_end // 8) * 8 :]

    def _ends_before_colors(self, start: int, width: int, height: int, is_xyb: bool) -> bool:
        """Whether everything before the colours ends here: with all-default colours it parses."""
        reader = _Bits(to_bytes(self.bits[:start] + "1" + "0" * 64))
        reader.position = 16
        _read_size(reader)
        reader.read(1)
        try:
            header = _read_metadata(reader, width, height)
        except ValueError:
            return False
        return reader.position == start + 1 and header.is_xyb == is_xyb

    def with_colors(self, field: str, profile: str = "") -> bytes:
        """The same frames with other colours."""
        head = self.bits[: self.colors_start] + field + "001" + profile
        return to_bytes(head) + to_bytes(self.frames)


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
