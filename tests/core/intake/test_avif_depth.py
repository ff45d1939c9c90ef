"""AVIF of ten and twelve bits."""

import shutil
import struct
import subprocess
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from core.intake.decode import decode_image
from core.intake.notes import ALPHA_NOTE, DECLARED_NOTE, DEPTH_NOTE
from tests.core.intake.declared_colors import IMAGE


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
