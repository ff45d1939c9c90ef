"""High dynamic range (PQ, HLG) of AVIF and PNG is mapped as a browser does it."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from core.intake.color_spaces import (
    BT2020,
    ColorSpace,
    convert_to_srgb,
)
from core.intake.decode import decode_image
from tests.core.intake.declared_colors import PATCHES, avif, cicp, png, shown


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
