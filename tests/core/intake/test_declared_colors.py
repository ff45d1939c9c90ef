"""Colours that a file declares without an ICC profile are those that are shown.

The expected levels come from LittleCMS, given a profile of the same primaries and curve.
"""

import io
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms

from core.intake.color_spaces import (
    BT709,
    BT2020,
    P3,
    SRGB,
    ColorSpace,
    Primaries,
    convert_to_srgb,
    from_code_points,
    matches_srgb,
)
from core.intake.decode import decode_image
from core.intake.notes import ALPHA_NOTE, DECLARED_NOTE, DEPTH_NOTE, UNKNOWN_SPACE_NOTE
from tests.core.intake.image_files import chunk

PATCHES = np.array(
    [(200, 80, 60), (70, 150, 80), (60, 90, 180), (128, 128, 128), (220, 180, 120), (30, 60, 40)],
    np.uint8,
)
#: Patches of 16 x 32 pixels side by side.
IMAGE = np.repeat(np.tile(PATCHES, (32, 1, 1)), 16, axis=1)


def shown(pixels: np.ndarray) -> np.ndarray:
    """The centre of each patch."""
    return pixels[8, 8::16].astype(int)


def curve_profile(primaries: Primaries, levels: np.ndarray) -> bytes:
    """ICC profile (version 2) of D65 primaries whose curve is a table of light on 0..1."""
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in primaries[:3]]).T
    white = np.array([0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290])
    to_xyz = columns * np.linalg.solve(columns, white)
    cone = np.array(
        [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
    )
    d50 = np.array([0.9642, 1, 0.8249])
    adapted = np.linalg.inv(cone) @ np.diag((cone @ d50) / (cone @ white)) @ cone @ to_xyz

    def xyz(values: np.ndarray) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in values)

    table = np.rint(65535 * levels).astype(">u2")
    curve = b"curv\0\0\0\0" + struct.pack(">I", len(table)) + table.tobytes()
    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(79)
    parts = [(b"desc", text), (b"cprt", b"text\0\0\0\0free\0\0\0\0"), (b"wtpt", xyz(d50))]
    names = (b"rXYZ", b"gXYZ", b"bXYZ")
    parts += [(name, xyz(column)) for name, column in zip(names, adapted.T, strict=True)]
    parts += [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")]
    start, directory, body = 132 + 12 * len(parts), struct.pack(">I", len(parts)), b""
    for name, content in parts:
        content += bytes(-len(content) % 4)
        directory += name + struct.pack(">II", start + len(body), len(content))
        body += content
    head = struct.pack(">I4sI", start + len(body), b"lcms", 0x02100000) + b"mntrRGB XYZ "
    head += bytes(12) + b"acsp" + bytes(28) + xyz(d50)[8:]
    return head.ljust(128, b"\0") + directory + body


SIGNAL = np.linspace(0, 1, 4096)
CURVES: dict[str, np.ndarray] = {
    "srgb": np.where(SIGNAL <= 0.04045, SIGNAL / 12.92, ((SIGNAL + 0.055) / 1.055) ** 2.4),
    "linear": SIGNAL,
    "gamma 1.8": SIGNAL**1.8,
    "gamma 2.2": SIGNAL**2.2,
    "gamma 2.4": SIGNAL**2.4,
    "gamma 2.8": SIGNAL**2.8,
    "bt709": np.where(SIGNAL < 0.081, SIGNAL / 4.5, ((SIGNAL + 0.099) / 1.099) ** (1 / 0.45)),
}


def by_littlecms(primaries: Primaries, curve: str, samples: np.ndarray = IMAGE) -> np.ndarray:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(curve_profile(primaries, CURVES[curve])))
    converted = ImageCms.profileToProfile(
        Image.fromarray(samples), profile, ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    assert converted is not None
    return shown(np.asarray(converted))


def assert_close(pixels: np.ndarray, expected: np.ndarray, tolerance: int = 2) -> None:
    assert np.abs(shown(pixels) - expected).max() <= tolerance


CODE_POINTS = [
    (1, 8, BT709, "linear"),
    (1, 4, BT709, "gamma 2.2"),
    (1, 5, BT709, "gamma 2.8"),
    (12, 13, P3, "srgb"),
    (12, 8, P3, "linear"),
    (9, 13, BT2020, "srgb"),
    (9, 8, BT2020, "linear"),
]


def avif(primaries: int, transfer: int, **options: object) -> bytes:
    """AVIF whose box `colr` states these code points."""
    buffer = io.BytesIO()
    Image.fromarray(IMAGE).save(buffer, "AVIF", quality=100, subsampling="4:4:4", **options)
    data = bytearray(buffer.getvalue())
    position = data.index(b"nclx")
    struct.pack_into(">HH", data, position + 4, primaries, transfer)
    return bytes(data)


def png(*chunks: bytes, image: Image.Image | None = None) -> bytes:
    buffer = io.BytesIO()
    (image or Image.fromarray(IMAGE)).save(buffer, "PNG")
    data = buffer.getvalue()
    return data[:33] + b"".join(chunks) + data[33:]


def png_16(*chunks: bytes) -> bytes:
    data = imagecodecs.png_encode(IMAGE.astype(np.uint16) * 257)
    return data[:33] + b"".join(chunks) + data[33:]


def cicp(primaries: int, transfer: int) -> bytes:
    return chunk(b"cICP", bytes([primaries, transfer, 0, 1]))


def gamma(value: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(value * 100_000)))


def chromaticities(primaries: Primaries) -> bytes:
    values = [value for xy in (primaries.white, *primaries[:3]) for value in xy]
    return chunk(b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in values)))


@pytest.mark.parametrize(("primaries", "transfer", "space", "curve"), CODE_POINTS)
@pytest.mark.parametrize("container", ["AVIF", "PNG", "PNG of 16 bits"])
def test_code_points_are_honoured(
    primaries: int, transfer: int, space: Primaries, curve: str, container: str
) -> None:
    data = {
        "AVIF": lambda: avif(primaries, transfer),
        "PNG": lambda: png(cicp(primaries, transfer)),
        "PNG of 16 bits": lambda: png_16(cicp(primaries, transfer)),
    }[container]()
    decoded = decode_image(data)
    stored = imagecodecs.avif_decode(data) if container == "AVIF" else IMAGE
    assert np.abs(stored.astype(int) - IMAGE).max() <= 1
    assert_close(decoded.pixels, by_littlecms(space, curve, stored))
    assert decoded.notes[-1] == DECLARED_NOTE


@pytest.mark.parametrize("transfer", [1, 2, 6, 13, 14, 15])
def test_avif_that_browsers_show_as_srgb_is_left_alone(transfer: int) -> None:
    decoded = decode_image(avif(1, transfer))
    assert_close(decoded.pixels, PATCHES.astype(int), 1)
    assert decoded.notes == ()


@pytest.mark.parametrize("transfer", [2, 13])
def test_png_that_browsers_show_as_srgb_is_exact(transfer: int) -> None:
    decoded = decode_image(png(cicp(1, transfer)))
    np.testing.assert_array_equal(decoded.pixels, IMAGE)
    assert decoded.notes == ()


@pytest.mark.parametrize("transfer", [1, 6, 14, 15])
def test_png_with_the_camera_curve_of_video_is_shown_as_on_a_television(transfer: int) -> None:
    """Chromium 156 shows (197, 70, 49) for the first patch."""
    decoded = decode_image(png(cicp(1, transfer)))
    assert_close(decoded.pixels, by_littlecms(BT709, "gamma 2.4"))
    assert shown(decoded.pixels)[0].tolist() == [197, 70, 49]


@pytest.mark.parametrize("make", [lambda t: avif(9, t), lambda t: png(cicp(9, t))])
@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_high_dynamic_range_is_tone_mapped_and_named(
    make: Callable[[int], bytes], transfer: int, name: str
) -> None:
    decoded = decode_image(make(transfer))
    [note] = decoded.notes
    assert f"High dynamic range ({name})" in note
    bright = shown(decoded.pixels)
    # Hues stay (red, green, blue, grey), and nothing is as flat as the signal shown as it is.
    assert (bright[0].argmax(), bright[1].argmax(), bright[2].argmax()) == (0, 1, 2)
    assert np.ptp(bright[3]) == 0
    assert np.ptp(bright[0]) > np.ptp(PATCHES[0].astype(int)) + 50


@pytest.mark.parametrize(("transfer", "grey"), [("pq", 0.58), ("hlg", 0.75)])
def test_diffuse_white_of_high_dynamic_range_stays_bright_and_its_peak_is_white(
    transfer: str, grey: float
) -> None:
    """BT.2408 puts diffuse white, 203 cd/m2, at 58 % of PQ and 75 % of HLG."""
    peak = 0.752 if transfer == "pq" else 1.0  # 1000 cd/m2
    signal = np.array([[[grey] * 3, [peak] * 3, [0.0] * 3]], np.float32)
    space = ColorSpace(BT2020, transfer)
    [[white, brightest, black]] = convert_to_srgb(signal, space, white_level=1)
    assert 180 <= white.min() <= white.max() <= 200
    assert brightest.min() >= 253
    assert black.max() == 0


@pytest.mark.parametrize(("primaries", "transfer"), [(3, 13), (1, 9), (99, 13), (1, 200)])
def test_code_points_that_are_not_supported_are_named(primaries: int, transfer: int) -> None:
    for data in (avif(primaries, transfer), png(cicp(primaries, transfer))):
        decoded = decode_image(data)
        assert_close(decoded.pixels, PATCHES.astype(int), 1)
        assert decoded.notes == (UNKNOWN_SPACE_NOTE,)


def test_avif_of_ten_and_twelve_bits_tells_its_depth() -> None:
    for bits in (10, 12):
        wide = IMAGE.astype(np.uint16) * ((1 << bits) - 1) // 255
        data = bytes(imagecodecs.avif_encode(wide, bitspersample=bits, level=100))
        decoded = decode_image(data)
        assert DEPTH_NOTE in decoded.notes


def srgb_of_light(light: np.ndarray) -> np.ndarray:
    """Levels of sRGB by IEC 61966-2-1."""
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("bits", [10, 12])
def test_the_depth_of_avif_is_reduced_after_its_colours_are_converted(bits: int) -> None:
    """At 8 bits, the darkest levels of linear light lie 13 levels of sRGB apart."""
    largest = (1 << bits) - 1
    ramp = np.linspace(0, largest // 16, 64).astype(np.uint16)
    wide = np.repeat(np.tile(ramp, (48, 1))[..., None], 3, axis=2)
    data = bytearray(imagecodecs.avif_encode(wide, bitspersample=bits, level=100))
    struct.pack_into(">HH", data, data.index(b"nclx") + 4, 1, 8)
    decoded = decode_image(bytes(data))
    stored = imagecodecs.avif_decode(bytes(data))
    np.testing.assert_allclose(decoded.pixels, srgb_of_light(stored / largest), atol=1)
    assert len(np.unique(decoded.pixels)) > 40
    assert decoded.notes == (DEPTH_NOTE, DECLARED_NOTE)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_deep_avif_is_shown_as_the_same_image_of_8_bits_is(channels: int) -> None:
    """Grey or colours, opaque or not."""
    chosen = {1: [0], 2: [0, 3], 3: [0, 1, 2], 4: [0, 1, 2, 3]}[channels]
    samples = np.dstack([IMAGE, IMAGE[..., :1]])[..., chosen]
    wide = np.ascontiguousarray(samples * (1023 / 255)).astype(np.uint16).squeeze()
    decoded = decode_image(bytes(imagecodecs.avif_encode(wide, bitspersample=10, level=100)))
    expected = IMAGE.astype(float) if channels > 2 else np.repeat(IMAGE[..., :1], 3, axis=2)
    if channels % 2 == 0:
        opacity = IMAGE[..., :1] / 255
        expected = expected * opacity + 255 * (1 - opacity)
    np.testing.assert_allclose(decoded.pixels, expected, atol=2)
    assert decoded.notes == (DEPTH_NOTE, *((ALPHA_NOTE,) if channels % 2 == 0 else ()))


@pytest.mark.skipif(shutil.which("avifenc") is None, reason="there is no avifenc")
@pytest.mark.parametrize(
    ("turn", "turned"),
    [
        (("--irot", "1"), np.rot90(IMAGE)),
        (("--irot", "2"), np.rot90(IMAGE, 2)),
        (("--irot", "3"), np.rot90(IMAGE, 3)),
        (("--imir", "0"), IMAGE[::-1]),
        (("--imir", "1"), IMAGE[:, ::-1]),
    ],
)
def test_a_deep_avif_comes_out_upright(
    turn: tuple[str, str], turned: np.ndarray, tmp_path: Path
) -> None:
    source, target = tmp_path / "image.png", tmp_path / "image.avif"
    Image.fromarray(IMAGE).save(source)
    options = ["--depth", "10", "--yuv", "444", "--min", "0", "--max", "0", *turn]
    subprocess.run(["avifenc", *options, source, target], check=True, capture_output=True)
    decoded = decode_image(target.read_bytes())
    np.testing.assert_allclose(decoded.pixels, turned.astype(int), atol=2)
    assert decoded.notes == (DEPTH_NOTE,)


@pytest.mark.parametrize(
    ("primaries", "exponent"), [(P3, 2.2), (BT2020, 2.2), (BT709, 1.8), (BT709, 1.0)]
)
def test_gamma_and_primaries_of_a_png_are_honoured(primaries: Primaries, exponent: float) -> None:
    curve = "linear" if exponent == 1 else f"gamma {exponent:g}"
    for make in (png, png_16):
        decoded = decode_image(make(gamma(1 / exponent), chromaticities(primaries)))
        assert_close(decoded.pixels, by_littlecms(primaries, curve))
        assert decoded.notes[-1] == DECLARED_NOTE


def test_the_white_of_a_png_is_shown_as_white() -> None:
    warm = BT709._replace(white=(0.3457, 0.3585))
    white = Image.new("RGB", (96, 32), "white")
    pixels = decode_image(png(gamma(1 / 2.2), chromaticities(warm), image=white)).pixels
    assert pixels.min() >= 254


def test_a_png_that_says_srgb_is_exact_whatever_its_gamma_says() -> None:
    data = png(chunk(b"sRGB", b"\0"), gamma(1.0), chromaticities(BT2020))
    decoded = decode_image(data)
    np.testing.assert_array_equal(decoded.pixels, IMAGE)
    assert decoded.notes == ()


def test_code_points_of_a_png_come_before_all_else() -> None:
    data = png(chunk(b"sRGB", b"\0"), gamma(1.0), chromaticities(BT2020), cicp(12, 13))
    assert_close(decode_image(data).pixels, by_littlecms(P3, "srgb"))


def test_the_usual_gamma_without_primaries_means_srgb() -> None:
    decoded = decode_image(png(gamma(0.45455)))
    np.testing.assert_array_equal(decoded.pixels, IMAGE)
    assert decoded.notes == ()


@pytest.mark.parametrize(("value", "curve"), [(1.0, "linear"), (1 / 1.8, "gamma 1.8")])
def test_another_gamma_without_primaries_is_honoured(value: float, curve: str) -> None:
    decoded = decode_image(png(gamma(value)))
    assert_close(decoded.pixels, by_littlecms(BT709, curve))
    assert decoded.notes == (DECLARED_NOTE,)


@pytest.mark.parametrize("mode", ["L", "P"])
def test_grey_and_palettes_follow_the_declared_curve(mode: str) -> None:
    image = Image.fromarray(IMAGE).convert("L" if mode == "L" else "RGB")
    image = image.quantize(16) if mode == "P" else image
    decoded = decode_image(png(cicp(1, 8), image=image))
    source = np.asarray(image.convert("RGB"))
    expected = convert_to_srgb(source, ColorSpace(BT709, "linear"), white_level=255)
    np.testing.assert_array_equal(decoded.pixels, expected)
    assert decoded.notes == (DECLARED_NOTE,)


#: What Chromium 156 shows for the patches in a PNG with these code points (chunk `cICP`).
CHROMIUM = {
    (12, 13): [(216, 69, 50), (19, 152, 71), (50, 91, 186), (128, 128, 128), (228, 178, 110)],
    (9, 13): [(244, 37, 50), (0, 157, 68), (0, 92, 187), (128, 128, 128), (244, 175, 108)],
    (1, 8): [(229, 152, 133), (143, 202, 152), (133, 160, 219), (188, 188, 188), (239, 219, 183)],
    (1, 4): [(201, 79, 57), (68, 151, 79), (57, 90, 181), (129, 129, 129), (221, 181, 121)],
    (1, 5): [(189, 56, 36), (46, 131, 56), (36, 66, 165), (106, 106, 106), (212, 165, 98)],
    (1, 17): [(200, 65, 44), (55, 143, 65), (44, 76, 177), (118, 118, 118), (224, 177, 109)],
    (4, 13): [(234, 72, 48), (0, 148, 75), (0, 101, 185), (128, 128, 128), (239, 175, 112)],
    (6, 13): [(195, 84, 59), (77, 148, 80), (65, 92, 180), (128, 128, 128), (217, 180, 119)],
    (10, 13): [(255, 0, 76), (0, 194, 49), (0, 116, 189), (128, 128, 128), (255, 120, 113)],
    (11, 13): [(212, 69, 51), (42, 152, 71), (53, 90, 186), (128, 128, 128), (226, 178, 110)],
}


@pytest.mark.parametrize("code_points", CHROMIUM)
def test_a_png_looks_as_in_a_browser(code_points: tuple[int, int]) -> None:
    pixels = shown(decode_image(png(cicp(*code_points))).pixels)[:5]
    assert np.abs(pixels - CHROMIUM[code_points]).max() <= 1


#: What Chromium 156 shows for the patches, and for a grey ramp, of PNG in BT.2020 with PQ and HLG.
HDR = {
    16: [(255, 0, 0), (0, 204, 0), (0, 40, 254), (132, 132, 132), (255, 106, 0), (0, 28, 7)],
    18: [(230, 0, 37), (0, 125, 54), (0, 68, 151), (99, 99, 99), (254, 142, 79), (0, 40, 21)],
}
RAMPS = {
    16: {40: 9, 70: 36, 100: 76, 120: 114, 140: 163, 155: 204, 165: 221, 175: 235, 190: 253},
    18: {20: 5, 60: 39, 100: 75, 150: 122, 180: 166, 195: 194, 205: 208, 225: 229, 255: 255},
}


@pytest.mark.parametrize("transfer", HDR)
def test_high_dynamic_range_looks_as_in_a_browser(transfer: int) -> None:
    decoded = decode_image(png(cicp(9, transfer)))
    assert np.abs(shown(decoded.pixels) - HDR[transfer]).max() <= 2
    avif_shown = shown(decode_image(avif(9, transfer)).pixels)
    assert np.abs(avif_shown - HDR[transfer]).max() <= 6  # AVIF rounds the samples


@pytest.mark.parametrize("transfer", RAMPS)
def test_greys_of_high_dynamic_range_look_as_in_a_browser(transfer: int) -> None:
    ramp = np.array([list(RAMPS[transfer])], np.uint8)
    image = Image.fromarray(np.repeat(ramp[..., None], 3, axis=2))
    pixels = decode_image(png(cicp(9, transfer), image=image)).pixels[0, :, 1]
    assert np.abs(pixels.astype(int) - list(RAMPS[transfer].values())).max() <= 2


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize(("primaries", "transfer", "space", "curve"), CODE_POINTS)
def test_every_depth_is_converted_alike(
    dtype: type, primaries: int, transfer: int, space: Primaries, curve: str
) -> None:
    white = {np.uint8: 255, np.uint16: 65535, np.float32: 1}[dtype]
    samples = (IMAGE.astype(np.float64) / 255 * white).astype(dtype)
    declared = from_code_points(primaries, transfer)
    assert declared is not None
    assert_close(convert_to_srgb(samples, declared, white_level=white), by_littlecms(space, curve))


def test_the_camera_curve_of_video_is_inverted_where_a_file_means_it() -> None:
    pixels = convert_to_srgb(IMAGE, ColorSpace(BT709, "bt709"), white_level=255)
    assert_close(pixels, by_littlecms(BT709, "bt709"))


def test_the_conversion_from_srgb_changes_nothing() -> None:
    levels = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    np.testing.assert_array_equal(convert_to_srgb(levels, SRGB, white_level=255), levels)
    assert matches_srgb(SRGB)
    assert not matches_srgb(ColorSpace(P3, "srgb"))
